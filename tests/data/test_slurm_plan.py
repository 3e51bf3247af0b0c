"""Quotas against a state of Slurm on paper: what changes, what is refused, what is warned of, and that an undo takes all of it back."""

import json
import shlex
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.errors import InputError
from data.export.slurm import Export, export, state_of
from data.export.slurm_asked import ASKED, asked_in
from data.export.slurm_commands import commands_of
from data.export.slurm_forms import NOT_SET, Form, Way, by_account
from data.export.slurm_names import fault_of_name
from data.export.slurm_plan import Limit, Usage, Used
from data.export.slurm_state import SHOW_RUNNING, SHOW_USAGE, StateError
from data.facts import systems
from data.terms import HourUnit

COLUMNS = ("Cluster", "Account", "User", "ParentName", "Share", "GrpTRES", "GrpTRESMins", "QOS", "QOS_RAW", "Def QOS")
ROWS = (
    ("lumi", "root", "", "", "1", "", "", "normal", "1", ""),
    ("lumi", "root", "root", "", "1", "", "", "", "", ""),
    ("lumi", "union", "", "root", "100", "", "gres/gpu=6000", "", "", ""),
    ("lumi", "project_1", "", "union", "10", "cpu=64,mem=4G", "billing=9,gres/gpu=1200", "", "", ""),
    ("lumi", "project_1", "ann", "", "1", "", "", "", "", ""),
    ("lumi", "project_2", "", "union", "parent", "", "", "normal,long", "1,2", "long"),
)
ACCOUNTS = "\n".join("|".join(row) for row in (COLUMNS, *ROWS)) + "\n"
USAGE = "Account|User|GrpTRESRaw\nunion||cpu=900,gres/gpu=720,node=60\n project_1||cpu=900,gres/gpu=720,node=60\n  project_1|ann|cpu=1\n"
CONFIG = """Configuration data as of 2026-11-23T14:00:00
AccountingStorageEnforce = associations,limits,qos
AccountingStorageTRES   = cpu,mem,energy,node,billing,gres/gpu
PriorityDecayHalfLife   = 7-00:00:00
PriorityType            = priority/multifactor
PriorityUsageResetPeriod = MONTHLY
SLURM_VERSION           = 22.05.8
"""
RUNNING = "JobIDRaw|Account|State|AllocTRES|ElapsedRaw|TimelimitRaw\n77|project_1|RUNNING|cpu=16,gres/gpu=8,node=1|600|1440\n"
WHOLE = [ACCOUNTS, USAGE, CONFIG, RUNNING]
LUMI = systems()["lumi"]
GRANT: dict[str, object] = {"account": "project_1", "unit": "gpu_hours", "hours": 100.0}


def asked(*rows: dict[str, object]) -> pl.DataFrame:
    empty = {"at_once": None, "fairshare": None, "qos": None, "hours": None}
    return pl.DataFrame([{"system": "lumi"} | empty | row for row in rows], schema=dict(ASKED))


def done(
    *rows: dict[str, object],
    texts: list[str] | None = None,
    form: Form = Form.COMMANDS,
    usage: Usage = Usage.SLURM,
    used: Used | None = None,
) -> Export:
    return export(asked(*rows), WHOLE if texts is None else texts, LUMI, form=form, usage=usage, used=used)


def new_limit(usage: Usage, used_hours: float | None = None) -> object:
    used: Used = {} if used_hours is None else {("project_1", HourUnit.GPU_HOURS): used_hours}
    return done(GRANT, usage=usage, used=used).plan.limits[0].new


def test_a_gpu_of_lumi_is_two_of_slurm() -> None:
    found = done(GRANT).diff.row(0, named=True)
    assert (found["old"], found["new"], found["tres"]) == ("1200", "12000", "gres/gpu")
    assert (found["old_hours"], found["new_hours"], found["counted_hours"], found["left_hours"]) == (10.0, 100.0, 6.0, 94.0)


def test_a_limit_leans_on_the_usage_that_was_chosen() -> None:
    assert new_limit(Usage.SLURM) == 12_000
    assert new_limit(Usage.NONE) == 720 + 12_000
    assert new_limit(Usage.LOG, used_hours=40.0) == 720 + 60 * 120
    assert new_limit(Usage.LOG, used_hours=140.0) == 720


def test_usage_that_nobody_tells_is_never_taken_for_none() -> None:
    (refusal,) = done(GRANT, texts=[ACCOUNTS], usage=Usage.NONE).refusals
    assert "hand in the output of sshare" in refusal
    (refusal,) = done(GRANT, usage=Usage.LOG).refusals
    assert "the store does not tell" in refusal
    assert done(GRANT, texts=[ACCOUNTS]).diff["left_hours"].item() is None


@pytest.mark.parametrize(
    "order", [WHOLE, ["\n".join(WHOLE)], ["\n".join(reversed(WHOLE))], ["$ sacctmgr …\r\n" + ACCOUNTS.replace("\n", "\r\n")]]
)
def test_the_state_is_read_from_pieces_and_from_one_text_in_any_order(order: list[str]) -> None:
    found = state_of(order).associations
    assert found is not None
    assert found["project_1"].at_once == {"cpu": 64, "mem": 4096}
    assert (found["project_2"].qos, found["project_2"].default_qos) == ("normal,long", "long")


def test_columns_may_stand_in_any_order() -> None:
    turned = "\n".join("|".join(reversed(row)) for row in (COLUMNS, *ROWS))
    assert state_of([turned]) == state_of([ACCOUNTS])


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("hello", "nothing of this is known"),
        (ACCOUNTS.replace("|cpu=64,mem=4G|", "|cpu=64"), "line 5 of the state"),
        (ACCOUNTS.replace("cpu=64", "cpu=x"), "'cpu=x' is no count"),
        (ACCOUNTS + ACCOUNTS, "tells the limits of accounts twice"),
        (ACCOUNTS.replace("lumi|union", "other|union"), "clusters lumi, other"),
        ('{"associations": 3}', "no list of associations"),
        ('{"associations": [', "torn JSON"),
        ("Cluster - 'lumi'\nNonsense\n", "line 2 is not one of sacctmgr's flat file"),
    ],
)
def test_a_torn_state_is_refused_with_its_place(text: str, told: str) -> None:
    with pytest.raises(StateError, match=told):
        state_of([text])


@pytest.mark.parametrize(
    ("row", "told"),
    [
        ({"hours": -1.0}, "expected a number from 0"),
        ({"hours": float("nan")}, "hours is nan"),
        ({"hours": float("inf")}, "hours is inf"),
        ({"hours": 1e13}, "expected a number from 0"),
        ({"hours": None}, "asks for nothing"),
        ({"unit": "days"}, "unit is 'days'"),
        ({"account": "root"}, "hold for nobody"),
        ({"account": "a,b"}, "cannot be handed to Slurm"),
        ({"account": None}, "account is empty"),
        ({"fairshare": -3}, "fairshare is -3"),
        ({"at_once": 0.25}, "no whole number of gres/gpu"),
        ({"qos": "x;y"}, "qos 'x;y' cannot"),
        ({"qos": "parent"}, "word of Slurm's own"),
    ],
)
def test_what_cannot_be_asked_is_refused_with_its_row_and_then_nothing_is_written(row: dict[str, object], told: str) -> None:
    found = done({"account": "project_2", "unit": "node_hours", "hours": 5.0}, GRANT | row)
    (refusal,) = found.refusals
    assert refusal.startswith("row 2 (account ")
    assert told in refusal
    assert list(found.files) == ["diff.txt", "diff.csv", "warnings.csv"]


def test_a_row_that_stands_twice_and_rows_that_contradict_each_other_are_refused() -> None:
    assert "a second time" in done(GRANT, GRANT).refusals[0]
    one, other = GRANT | {"fairshare": 5}, {"account": "project_1", "unit": "core_hours", "hours": 5.0, "fairshare": 6}
    assert "row 1 for 5" in done(one, other).refusals[0]


def test_gpus_that_slurm_does_not_track_are_refused() -> None:
    (refusal,) = done(GRANT, texts=[ACCOUNTS, CONFIG.replace(",gres/gpu", "")]).refusals
    assert "add it to AccountingStorageTRES" in refusal


def test_every_warning_is_told() -> None:
    found = done(
        GRANT | {"hours": 6.5}, {"account": "nobody", "unit": "node_hours", "hours": 1.0}, used={("project_1", HourUnit.GPU_HOURS): 90.0}
    )
    said = found.said
    for sentence in (
        "has no safe",
        "PriorityDecayHalfLife is 7-00:00:00",
        "PriorityUsageResetPeriod is MONTHLY",
        "nobody: Slurm knows no such account",
        "running job 77 holds gres/gpu for 11,440 more minutes, 60 would be left; it would be killed",
        "Slurm has counted 6.0 gpu-hours so far, the store 90.0",
        "GrpTRESMins of billing 9 minutes stays as it is",
        "1 GPU-hour = 120 minutes of gres/gpu",
    ):
        assert sentence in said
    assert "the account above, union, may use 6,000 minutes" in done(GRANT).said
    assert "no new job starts" in done(GRANT | {"hours": 1.0}).said
    assert "before 23.02" in done(GRANT, form=Form.REST).said
    assert "The state is of the cluster lumi" not in said
    elsewhere = [ACCOUNTS.replace("lumi|", "karolina|")]
    assert "The state is of the cluster karolina, the quotas are of LUMI" in done(GRANT, texts=elsewhere).said


def test_what_was_not_handed_in_is_told_as_not_known() -> None:
    said = done(GRANT, texts=[ACCOUNTS]).said
    for command in ("scontrol show config", "sshare -P -a", "sacct -a -X"):
        assert command in said


@pytest.mark.parametrize("command", [SHOW_USAGE, SHOW_RUNNING])
def test_an_output_that_was_cut_off_is_never_read_as_smaller_counts(command: str) -> None:
    columns = command.split(" -o ")[1].split(",")
    values = {"Account": "project_1", "GrpTRESRaw": "cpu=1200,node=600", "RawShares": "10", "JobIDRaw": "77", "State": "RUNNING"}
    values |= {"AllocTRES": "cpu=16,gres/gpu=8,node=4", "ElapsedRaw": "600", "TimelimitRaw": "1440"}
    whole = "|".join(columns) + "\n" + "|".join(values.get(name, "") for name in columns)
    told = replace(state_of([whole]), read=())
    refused = 0
    for end in range(whole.index("|", whole.index("\n")) + 1, len(whole)):
        with suppress(StateError):
            assert replace(state_of([whole[:end]]), read=()) == told
            continue
        refused += 1
    assert refused > len(whole.splitlines()[1]) / 2


def test_small_hours_are_never_written_as_none_at_all() -> None:
    said = done({"account": "project_1", "unit": "node_hours", "hours": 0.02}).said
    assert "(none → 0.0167 node-hours)" in said


def test_usage_that_lacks_an_account_and_settings_of_another_cluster_are_told() -> None:
    told = done(GRANT | {"account": "project_2"}, texts=[ACCOUNTS, USAGE, CONFIG + "ClusterName = vega\n"]).said
    assert "project_2: the output of sshare does not tell what Slurm has counted of gres/gpu" in told
    assert "The settings are of the cluster vega, the accounts of lumi" in told
    assert "settings are of" not in done(GRANT, texts=[ACCOUNTS, CONFIG + "ClusterName = lumi\n"]).said


@pytest.mark.parametrize("system", [None, "LUMI", " lumi"])
def test_a_row_whose_machine_is_not_told_or_only_nearly_is_refused_and_never_passed_over(system: str | None) -> None:
    found = export(pl.concat([asked(GRANT), asked(GRANT | {"account": "project_2", "system": system})]), WHOLE, LUMI)
    assert found.written is None
    assert f"row 2 (account 'project_2'): system is {system!r}" in found.refusals[0]
    assert export(pl.concat([asked(GRANT), asked(GRANT | {"system": "vega"})]), WHOLE, LUMI).written is not None


def test_shares_that_are_not_whole_are_refused_in_parquet_too(tmp_path: Path) -> None:
    table = pl.DataFrame({"account": ["a", "b"], "unit": "node_hours", "hours": 1.0, "fairshare": [3.0, 2.5]})
    table.write_parquet(tmp_path / "quotas.parquet")
    with pytest.raises(InputError, match=r"row 2: fairshare is 2\.5, expected whole shares"):
        asked_in(tmp_path / "quotas.parquet", "lumi")
    table.head(1).write_parquet(tmp_path / "quotas.parquet")
    assert asked_in(tmp_path / "quotas.parquet", "lumi")["fairshare"].to_list() == [3]


def test_an_old_limit_is_undone_to_its_value_and_none_to_none() -> None:
    found = done(GRANT | {"at_once": 8.0, "fairshare": 20}, {"account": "project_2", "unit": "node_hours", "hours": 7.0, "fairshare": 3})
    assert found.written is not None
    apply, undo = found.written.files["apply.sh"], found.written.files["undo.sh"]
    assert "where name=project_1 cluster=lumi set GrpTRESMins=gres/gpu=12000 GrpTRES=gres/gpu=16 Fairshare=20 ||" in apply
    assert "where name=project_1 cluster=lumi set GrpTRESMins=gres/gpu=1200 GrpTRES=gres/gpu=-1 Fairshare=10 ||" in undo
    assert "where name=project_2 cluster=lumi set GrpTRESMins=node=-1 Fairshare=parent ||" in undo


def test_an_accounts_own_qos_comes_back_by_name_after_it_was_emptied() -> None:
    plan = done({"account": "project_2", "unit": "node_hours", "qos": "flex"}).plan
    (settings,) = by_account(plan, Way.UNDO)
    ends = [command[-2:] for command in commands_of(settings, "lumi")]
    assert ends == [["QOS=", "DefaultQOS=-1"], ["QOS=normal,long", "DefaultQOS=long"]]


@pytest.mark.parametrize("form", [Form.FLAT, Form.REST])
def test_a_form_that_cannot_take_a_qos_back_refuses_it(form: Form) -> None:
    (refusal,) = done({"account": "project_2", "unit": "node_hours", "qos": "flex"}, form=form).refusals
    assert "choose the form commands" in refusal


def test_a_request_to_slurmrestd_carries_the_limits_that_stay() -> None:
    found = done(GRANT, form=Form.REST)
    assert found.written is not None
    (one,) = json.loads(found.written.files["apply.json"])["associations"]
    assert one["max"]["tres"]["group"]["minutes"] == [
        {"type": "billing", "name": "", "count": 9},
        {"type": "gres", "name": "gpu", "count": 12_000},
    ]
    assert [each["count"] for each in one["max"]["tres"]["total"]] == [64, 4096]
    assert one["shares_raw"] == 10


def test_a_flat_file_keeps_every_account_where_it_stands() -> None:
    found = done(GRANT, {"account": "project_2", "unit": "node_hours", "hours": 7.0}, form=Form.FLAT)
    assert found.written is not None
    lines = [line for line in found.written.files["undo.cfg"].splitlines() if not line.startswith("#")]
    assert lines == [
        "Cluster - 'lumi'",
        "Parent - 'union'",
        "Account - 'project_1':GrpTRESMins=gres/gpu=1200",
        "Account - 'project_2':GrpTRESMins=node=-1",
    ]


def test_limits_that_stand_already_make_no_files() -> None:
    found = done(GRANT | {"hours": 10.0})
    assert (found.plan.changes, found.written, found.refusals) == ((), None, ())


@given(name=st.text(min_size=1, max_size=40))
def test_no_name_can_become_more_than_one_word_of_a_command(name: str) -> None:
    if fault_of_name(name, "account") is None:
        assert shlex.split(name) == [name]
        assert not name.startswith("-")
        assert set(name).isdisjoint("'\",:;|&<>$`\\\n =#()*?[]{}!~")


@pytest.mark.parametrize(
    "name", ["a'b", 'a"b', "a;b", "a\nb", "$(id)", "`id`", "-rf", "--", "a b", "a:b", "a=b", "a|b", "é", "a\0", "x" * 256, "'"]
)
def test_a_name_that_could_be_read_as_more_is_refused_whoever_asks_for_it(name: str) -> None:
    for row in (GRANT | {"account": name}, GRANT | {"qos": name}):
        assert done(row).written is None
        assert done(row).refusals


def test_a_cluster_whose_name_is_no_name_is_refused() -> None:
    texts = [ACCOUNTS.replace("lumi|", "lu'mi; id|")]
    assert any("cluster's name" in refusal for refusal in done(GRANT, texts=texts).refusals)


@given(hours=st.floats(min_value=0, max_value=1e12, allow_nan=False), at_once=st.integers(min_value=0, max_value=10**6))
def test_an_undo_names_the_state_before_whatever_was_asked(hours: float, at_once: int) -> None:
    plan = done(GRANT | {"hours": hours, "at_once": float(at_once)}, texts=[ACCOUNTS]).plan
    held = (plan.state.associations or {})["project_1"]
    for before, limit in ((held.minutes or {}, Limit.MINUTES), (held.at_once or {}, Limit.AT_ONCE)):
        after = dict(before)
        for way in (Way.APPLY, Way.UNDO):
            for settings in by_account(plan, way):
                after = {name: count for name, count in (after | settings.tres(limit)).items() if count != NOT_SET}
                assert all(0 <= count < 2**63 for count in after.values())
        assert after == before


def test_a_table_of_quotas_is_read_and_an_unreadable_number_names_its_row(tmp_path: Path) -> None:
    table = tmp_path / "quotas.csv"
    table.write_text("account,unit,hours,starts\nproject_1,gpu_hours,100,2026-01-01\nproject_2,node_hours,,\n")
    found = asked_in(table, "lumi")
    assert found["system"].to_list() == ["lumi", "lumi"]
    assert found["hours"].to_list() == [100.0, None]
    table.write_text("account,unit,hours\nproject_1,gpu_hours,many\n")
    with pytest.raises(InputError, match=r"row 1: hours is 'many', expected a number"):
        asked_in(table, "lumi")
    table.write_text("account,unit,hours,starts\nproject_1,gpu_hours,1,1/2/2026\n")
    with pytest.raises(InputError, match=r"row 1: starts is '1/2/2026', expected a day"):
        asked_in(table, "lumi")
    table.write_text("account,hours\nproject_1,5\n")
    with pytest.raises(InputError, match="no column unit"):
        asked_in(table, "lumi")
