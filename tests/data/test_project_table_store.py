"""Tables of projects in the store: one transaction, nothing twice, nothing forgotten that a table does not speak of."""

from pathlib import Path
from typing import Any

import polars as pl
import pytest
from made_jobs import bring_in, brought_in, frame, job, plain_store, project
from made_jobs import decided as decisions
from polars.testing import assert_frame_equal

from data import batches, hierarchy, projects, refusals
from data.check import findings
from data.errors import AccessError, InputError
from data.export.usage import Format, encoded
from data.ingest.project_load import ProjectAccount, ProjectOrder, TreeAccount, import_projects, import_tree
from data.lake import Lake, exists, writing
from data.settings import Settings
from data.terms import Selection
from data.usage import usage, whole_period
from tests.data.made_tables import OPERATOR, READER, written

TREE = "mps,Mathematics and Physics,\nphy,Physics,mps\nnuc,Nuclear Physics,phy\nbio,Biology,\nold,Old Place,gone\n"


def brought(settings: Settings, folder: Path, text: str, *, dry_run: bool = False, **order: Any) -> ProjectAccount:
    return import_projects(settings, ProjectOrder(path=written(folder, text), **order), OPERATOR, dry_run=dry_run)


def told(account: ProjectAccount) -> tuple[int, int, int, int]:
    assert (
        account.stored + account.changed + account.unchanged + account.joined + account.repeated + account.refusals.height == account.rows
    )
    return account.stored, account.changed, account.unchanged, account.refusals.height


def test_rows_that_can_be_read_land_in_one_transaction_with_author_and_reason(settings: Settings, tmp_path: Path) -> None:
    text = "Account,System,Category\np1,Vega,SME\np2,Vega,purple\np3,LUMI,University\n"
    account = brought(settings, tmp_path, text, reason="The call's list")
    assert told(account) == (2, 0, 0, 1)
    snapshot = Lake(settings).snapshot()
    assert (snapshot.author, snapshot.message) == ("olga", "The call's list")
    assert projects.stored(Lake(settings))["category"].to_list() == ["research", "sme"]


def test_the_same_file_twice_leaves_the_store_as_it_is(settings: Settings, tmp_path: Path) -> None:
    text = "Account,System,Category,Node hours,Start\np1,Vega,SME,5,2026-01-01\nEHPC-AIF-2025PG01-1,LUMI,,7,\n"
    brought(settings, tmp_path, text)
    before = Lake(settings).snapshot_id
    assert told(brought(settings, tmp_path, text)) == (0, 0, 2, 0)
    assert Lake(settings).snapshot_id == before


def test_a_dry_run_tells_the_same_and_makes_no_store(settings: Settings, tmp_path: Path) -> None:
    text = "Account,System\np1,Vega\np2,Nowhere\n"
    assert told(brought(settings, tmp_path, text, dry_run=True)) == (1, 0, 0, 1)
    assert not exists(settings)
    assert told(brought(settings, tmp_path, text)) == (1, 0, 0, 1)
    assert told(brought(settings, tmp_path, text, dry_run=True)) == (0, 0, 1, 1)


def test_what_a_table_does_not_say_stays_as_it_was_decided(settings: Settings, tmp_path: Path) -> None:
    brought(settings, tmp_path, "Account,System,Category,Country,Node hours\np1,Vega,SME,SI,5\n")
    assert told(brought(settings, tmp_path, "Account,System,Category,Node hours\np1,Vega,Industry,9\n")) == (0, 1, 0, 0)
    found = projects.stored(Lake(settings)).row(0, named=True)
    assert (found["category"], found["country"], found["node_hours_awarded"]) == ("sme", "SI", 9.0)


def test_a_track_fills_an_open_category_and_never_overrules_a_decided_one(settings: Settings, tmp_path: Path) -> None:
    brought(settings, tmp_path, "Account,System,Category\np1,Vega,\np2,Vega,SME\n")
    brought(settings, tmp_path, "Account,System,Track\np1,Vega,Science\np2,Vega,Science\n")
    assert projects.stored(Lake(settings))["category"].to_list() == ["research", "sme"]


def test_the_rollups_follow_a_new_category(settings: Settings, tmp_path: Path) -> None:
    lake = brought_in(settings, frame(job(1, account="p1"), job(2, account="p2")))
    brought(settings, tmp_path, "Account,System,Category\np1,Vega,start-up\n")
    lake = Lake(settings)
    period = whole_period(lake)
    assert period is not None
    assert sorted(usage(lake, Selection(period=period), "category")["category"]) == ["start_up", "unclassified"]


def test_an_account_is_taken_in_the_spelling_of_the_logs(settings: Settings, tmp_path: Path) -> None:
    brought_in(settings, frame(job(1, account="ehpc-reg-2025r01-218")))
    account = brought(settings, tmp_path, "Project ID,System,Title\nEHPC-REG-2025R01-218,Vega,A\nEHPC-REG-2025R01-219,Vega,B\n")
    assert projects.stored(Lake(settings))["account"].to_list() == ["EHPC-REG-2025R01-219", "ehpc-reg-2025r01-218"]
    assert any("other capitals" in note for note in account.notes)
    assert any("1 of 2 projects have run no job" in note for note in account.notes)


def test_a_project_decided_before_its_first_job_takes_the_spelling_of_the_log(settings: Settings, tmp_path: Path) -> None:
    brought(settings, tmp_path, "Account,System,Category\nPROJ-A,Vega,SME\nPROJ-B,LUMI,SME\nPROJ-C,Vega,SME\n")
    lake = brought_in(settings, frame(job(1, account="proj-a"), job(2, account="Proj-C"), job(3, account="proj-c")))
    lake = Lake(settings)
    assert projects.stored(lake).select("system", "account").rows() == [("lumi", "PROJ-B"), ("vega", "PROJ-C"), ("vega", "proj-a")]
    period = whole_period(lake)
    assert period is not None
    jobs = usage(lake, Selection(period=period), "category").select("category", "jobs")
    assert dict(jobs.rows()) == {"sme": 1, "unclassified": 2}


def test_the_unclassified_are_listed_largest_first_and_add_up(settings: Settings, tmp_path: Path) -> None:
    small, large = job(1, account="small"), job(2, account="large", ran_s=36_000)
    lake = brought_in(settings, frame(small, large, job(3, account="known")))
    brought(settings, tmp_path, "Account,System,Category\nknown,Vega,SME\n")
    lake = Lake(settings)
    open_ones = projects.unclassified(lake)
    assert open_ones.select("account", "node_hours_used", "core_hours_used").rows() == [("large", 20.0, 2560.0), ("small", 2.0, 256.0)]
    period = whole_period(lake)
    assert period is not None
    assert projects.listed(lake)["node_hours_used"].sum() == usage(lake, Selection(period=period), "system")["node_hours"].sum()


def test_hours_are_not_0_where_no_job_tells_its_nodes(settings: Settings) -> None:
    lake = brought_in(settings, frame(job(1, account="p1", nodes=None)))
    assert projects.unclassified(lake).select("jobs_run", "node_hours_used", "core_hours_used").row(0) == (1, None, 256.0)


def test_the_list_can_be_brought_in_again_and_changes_nothing(settings: Settings, tmp_path: Path) -> None:
    brought_in(settings, frame(job(1, account="p1"), job(2, account="EHPC-AIF-2025PG01-1")))
    text = "Account,System,Title,Category,Country,Node hours,Start,End\np1,Vega,=1+1,SME,SI,5.25,2026-01-01,2026-12-31\n"
    brought(settings, tmp_path, text)
    before = projects.listed(Lake(settings))
    again = brought(settings, tmp_path, encoded(before, Format.CSV).decode())
    assert (again.stored, again.changed, again.unchanged, again.refusals.height) == (0, 0, 2, 0)
    assert_frame_equal(projects.listed(Lake(settings)), before)


@pytest.mark.parametrize("hostile", ["'; drop table lake.projects; --", 'x"); delete from lake.jobs; --', "$account", "%s", "{system}"])
def test_hostile_texts_are_stored_as_texts(settings: Settings, tmp_path: Path, hostile: str) -> None:
    table = written(tmp_path, f"Account\tSystem\tTitle\n{hostile.replace(chr(34), chr(39))}\tVega\t{hostile.replace(chr(34), chr(39))}\n")
    import_projects(settings, ProjectOrder(path=table, reason=hostile), OPERATOR)
    found = projects.stored(Lake(settings)).row(0, named=True)
    assert found["account"] == found["title"] == hostile.replace('"', "'")


def test_a_table_of_which_no_row_can_be_believed_is_refused_whole(settings: Settings, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="line 2"):
        brought(settings, tmp_path, "Account,System\np1,Nowhere\n")


def test_a_reader_may_not_bring_in_projects(settings: Settings, tmp_path: Path) -> None:
    with pytest.raises(AccessError):
        import_projects(settings, ProjectOrder(path=written(tmp_path, "Account,System\np1,Vega\n")), READER)
    assert not exists(settings)


def test_decisions_made_elsewhere_are_seen_as_known(settings: Settings, tmp_path: Path) -> None:
    with writing(settings, author="olga", message="by hand") as writer:
        projects.save(writer, decisions(project("p1", category="sme")), author="olga")
    assert told(brought(settings, tmp_path, "Account,System,Category\np1,Vega,SME\n")) == (0, 0, 1, 0)


def test_groups_hang_on_the_tree_and_those_without_one_place_are_refused(settings: Settings, tmp_path: Path) -> None:
    tree = written(tmp_path, TREE + "two,One Thing,mps\ntwo,Another Thing,bio\n", "tree.csv")
    groups = written(tmp_path, '"g1","nuc"\n"g2","bio"\n"g3","old"\n"g4","none"\n"g5","two"\n"g1","nuc"\n"g2","phy"\n', "groups.csv")
    account = import_tree(settings, tree, groups, "vega", OPERATOR)
    assert (account.changed, account.repeated, account.refusals["line"].to_list()) == (2, 1, [3, 4, 5, 7])
    assert account.tree_refusals["line"].to_list() == [5]
    assert hierarchy.paths(Lake(settings)).rows() == [
        ("vega", "g1", "nuc", "Mathematics and Physics", "Physics", "Nuclear Physics"),
        ("vega", "g2", "bio", "Biology", None, None),
    ]
    assert import_tree(settings, tree, groups, "vega", OPERATOR).changed == 0


def test_a_tree_that_runs_in_a_circle_gives_nobody_a_place(settings: Settings, tmp_path: Path) -> None:
    tree, groups = written(tmp_path, "a,A,b\nb,B,a\n", "tree.csv"), written(tmp_path, "g,a\n", "groups.csv")
    with pytest.raises(InputError, match="no group"):
        import_tree(settings, tree, groups, "vega", OPERATOR)


def test_a_real_tree_gives_each_group_its_path_and_names_codes_with_two_meanings(settings: Settings, shared: Path) -> None:
    folder = shared / "traces" / "slurm-ccr-xdmod"
    account: TreeAccount = import_tree(settings, folder / "hierarchy.csv", folder / "group-to-hierarchy.csv", "vega", OPERATOR)
    assert (account.lines, account.changed, account.refusals.height, account.tree_refusals.height) == (43, 39, 4, 0)
    assert {note.split("'")[1] for note in account.notes} == {"ant", "asc", "its", "pos", "spr"}
    place = hierarchy.paths(Lake(settings)).filter(pl.col("account") == "calla").row(0)
    assert place == ("vega", "calla", "pch", "Mathematical and Physical Sciences", "Chemistry", "Physical Chemistry")


def test_refused_rows_are_kept_without_names_until_the_mended_table_comes(settings: Settings, tmp_path: Path) -> None:
    head = "Account,System,Category,PI,Remark\n"
    brought(settings, tmp_path, head + "p1,Vega,SME,Jane Roe,hers\np2,Vega,purple,John Doe,his\np3,Vega,SME,Ann Poe,a,b\n")
    kept = refusals.lines(Lake(settings))
    assert kept.select("line", "reason", "raw").rows() == [
        (3, "unknown category", "p2 | Vega | purple | *** | ***"),
        (4, "too many cells", "*** | *** | *** | *** *** | *** | ***"),
    ]
    assert findings(Lake(settings)) == []
    assert batches.all_batches(Lake(settings)).is_empty()
    brought(settings, tmp_path, head + "p1,Vega,SME,Jane Roe,hers\np2,Vega,SME,John Doe,his\np3,Vega,SME,Ann Poe,a\n")
    assert refusals.lines(Lake(settings)).is_empty()
    assert refusals.lines(Lake(settings), resolved_too=True)["resolved_in"].to_list() == [2, 2]


PUBLISHED = (
    "Project ID,Project Title,Principal Investigator,Organisation,Country,Access Mode,System,Partition,Awarded node hours,Domain\n"
    "EHPC-DEV-2026D07-102,Dreams of drones,Alice Example,University of Somewhere,Portugal,Development Access,Deucalion,,1500,Engineering\n"
    "EHPC-REG-2023R03-178,Glycerol,Bob Example,University of Elsewhere,Netherlands,Regular Access,Deucalion,,20000,Chemistry\n"
)


def test_the_awarded_projects_that_are_published_meet_the_accounts_that_the_centre_spells_its_own_way(
    settings: Settings, tmp_path: Path
) -> None:
    spelled = ["eehpc-dev-2026d07-102g", "eehpc-reg-2023r03-178g", "eehpc-reg-2023r03-178x"]
    brought_in(settings, frame(*(job(number, system="deucalion", account=name) for number, name in enumerate(spelled)))).close()
    account = brought(settings, tmp_path, PUBLISHED)
    assert told(account) == (2, 0, 0, 0)
    stored = projects.stored(Lake(settings)).select("account", "mode", "node_hours_awarded", "country").rows()
    assert stored == [("EHPC-REG-2023R03-178", "regular", 20_000.0, "NL"), ("eehpc-dev-2026d07-102g", "development", 1_500.0, "PT")]
    assert any("eehpc-reg-2023r03-178g, eehpc-reg-2023r03-178x could be of one project" in note for note in account.notes)


def test_an_award_decided_before_its_first_job_takes_the_spelling_of_the_log() -> None:
    with plain_store() as writer:
        projects.save(writer, decisions(project("EHPC-DEV-2026D07-102"), project("EHPC-REG-2023R03-178")), author="olga")
        bring_in(writer, 1, frame(job(1, account="eehpc-dev-2026d07-102g"), job(2, account="p2")))
        assert projects.stored(writer)["account"].to_list() == ["EHPC-REG-2023R03-178", "eehpc-dev-2026d07-102g"]
