"""Which part of its nodes a job held, and the energy that is modelled by it."""

from datetime import date, timedelta
from pathlib import Path
from random import Random

import polars as pl
import pytest
from made_jobs import EVERYTHING, NOON, OPERATOR, bring_in, frame, job, plain_store, without_migrations
from polars.testing import assert_frame_equal

from analytics.energy import energy, idle_energy
from analytics.power import hourly_power
from analytics.usage import capacity
from data import check, facts, hourly, node_parts, rollups, usage
from data.facts import systems
from data.ingest.load import Order, ingest
from data.lake import Lake, Writer, prepare, writing
from data.settings import Settings
from data.terms import Period, Selection

COLUMNS = "JobIDRaw|Partition|Account|User|Submit|Start|End|ElapsedRaw|State|NNodes|NCPUS|AllocTRES"
BOOSTER = next(part for part in systems()["leonardo"].partitions if part.gpus_per_node == 4)
DAY = Period(date(2026, 3, 10), date(2026, 3, 11))


def held(**fields: object) -> float | None:
    row = {"system": "leonardo", "partition": BOOSTER.name, "nodes": 1, "cores": 32.0, "gpus": 4.0} | fields
    jobs = pl.DataFrame([row], schema={name: facts.schema.JOBS[name] for name in row})
    return node_parts.with_nodes_held(jobs, facts.partitions([systems()["leonardo"]]))["nodes_held"].item()


@pytest.mark.parametrize(
    ("fields", "wanted"),
    [
        ({"cores": 8.0, "gpus": 1.0}, 0.25),
        ({"cores": 8.0, "gpus": 2.0}, 0.5),
        ({"cores": 24.0, "gpus": 1.0}, 0.75),
        ({"cores": 8.0, "gpus": 4.0}, None),
        ({"cores": 32.0, "gpus": 0.0}, None),
        ({"nodes": 2, "cores": 32.0, "gpus": 4.0}, 1.0),
        ({"cores": 64.0, "gpus": 1.0}, None),
        ({"cores": 8.0, "gpus": None}, None),
        ({"cores": None, "gpus": 1.0}, None),
        ({"nodes": None, "cores": 8.0, "gpus": 1.0}, None),
        ({"partition": "another", "cores": 8.0, "gpus": 1.0}, None),
        ({"cores": 0.0, "gpus": 0.0}, None),
    ],
)
def test_a_job_holds_the_larger_part_of_cores_and_gpus_and_all_where_that_is_not_known(
    fields: dict[str, object], wanted: float | None
) -> None:
    assert held(**fields) == wanted


def log(folder: Path, *jobs: tuple[int, int, int]) -> Path:
    """A log of jobs of an hour on one booster node each: their number, logged CPUs and GPUs."""
    lines = [
        f"{number}|boost_usr_prod|p1|anna|2026-03-10T11:00:00|2026-03-10T12:00:00|2026-03-10T13:00:00|3600|COMPLETED|1|{cpus}|"
        f"cpu={cpus},gres/gpu={gpus},node=1"
        for number, cpus, gpus in jobs
    ]
    (folder / "jobs.txt").write_text("\n".join([COLUMNS, *lines]) + "\n")
    return folder / "jobs.txt"


def test_four_jobs_on_the_quarters_of_a_node_take_the_energy_of_one_and_leave_the_others_idle(settings: Settings, tmp_path: Path) -> None:
    whole = round(32 / BOOSTER.cores_per_logged_cpu)
    path = log(tmp_path, *((number, whole // 4, 1) for number in range(1, 5)))
    ingest(settings, Order(path=path, system=systems()["leonardo"]), OPERATOR, now=NOON + timedelta(days=1))
    lake, partitions = Lake(settings), facts.partitions([systems()["leonardo"]])
    used = usage.usage(lake, Selection(period=DAY), "system", "partition")
    row = energy(used, partitions).row(0, named=True)
    facts_of = partitions.filter(partition=BOOSTER.name).row(0, named=True)
    busy_w = facts_of["node_idle_w"] + facts_of["utilisation"] * (facts_of["node_max_w"] - facts_of["node_idle_w"])
    assert (row["node_hours"], row["node_hours_held"]) == (4.0, 1.0)
    assert row["energy_it_kwh"] == pytest.approx(busy_w / 1000)
    by_hour = hourly_power(hourly.hourly(lake, DAY), partitions).filter(pl.col("node_hours_held") > 0)
    assert by_hour["power_it_kw"].to_list() == [pytest.approx(busy_w / 1000)]
    assert by_hour["power_idle_kw"].item() == pytest.approx((facts_of["nodes"] - 1) * facts_of["node_idle_w"] / 1000 * facts_of["pue"])
    months = usage.usage(lake, EVERYTHING, "system", "partition", "month")
    offered = capacity(partitions, Period(date(2026, 3, 1), date(2026, 4, 1)))
    left = idle_energy(months, offered, partitions).filter(partition=BOOSTER.name)["node_hours_unallocated"].item()
    assert left == pytest.approx(offered.filter(partition=BOOSTER.name)["capacity_node_hours"].item() - 1.0)
    assert check.findings(lake) == []


def some_jobs(seed: int) -> pl.DataFrame:
    chance = Random(seed)
    return frame(
        *(
            job(
                number,
                system="leonardo",
                partition=chance.choice([BOOSTER.name, None]),
                nodes=chance.choice([1, 2, None]),
                cores=chance.choice([8.0, 11.0, 32.0, None]),
                gpus=chance.choice([0.0, 1.0, 4.0, None]),
                energy_quality=chance.choice(["measured", "missing"]),
            )
            for number in range(1, 40)
        )
    )


@pytest.mark.parametrize("seed", range(3))
def test_a_rebuild_tells_the_parts_of_jobs_that_were_stored_without_them(seed: int) -> None:
    """As an ingest tells them; the rollups before are those of whole nodes, and the check says so."""
    jobs = some_jobs(seed)
    told = node_parts.with_nodes_held(jobs, facts.partitions([systems()["leonardo"]]))
    with plain_store() as writer:
        bring_in(writer, 1, told)
        wanted = rolled(writer)
    with plain_store() as writer:
        bring_in(writer, 1, jobs)
        assert rolled(writer)["node_s_held"].sum() > wanted["node_s_held"].sum()
        assert node_parts.outdated(writer)["jobs"].sum() == told["nodes_held"].count() > 0
        node_parts.renew(writer)
        rollups.rebuild(writer)
        assert node_parts.outdated(writer).is_empty()
        assert_frame_equal(rolled(writer), wanted, check_exact=True)
        found = writer.frame("select job_id, nodes_held from lake.jobs order by job_id")
    assert_frame_equal(found, told.select("job_id", "nodes_held").sort("job_id"))


def rolled(writer: Writer) -> pl.DataFrame:
    sums = "sum(node_s) as node_s, sum(node_s_held) as node_s_held, sum(node_s_held_metered) as node_s_held_metered"
    return writer.frame(f'select "partition", account, day, {sums} from lake.usage_daily group by all order by all')  # noqa: S608


def test_a_store_from_before_counts_whole_nodes_until_it_is_rebuilt_and_its_check_says_so(settings: Settings, tmp_path: Path) -> None:
    whole = round(32 / BOOSTER.cores_per_logged_cpu)
    ingest(settings, Order(path=log(tmp_path, (1, whole // 4, 1)), system=systems()["leonardo"]), OPERATOR, now=NOON + timedelta(days=1))
    with writing(settings, author="olga", message="as before") as writer:
        writer.change("update lake.jobs set nodes_held = null")
        for table in ("daily", "monthly", "account_monthly"):
            writer.change(f"update lake.usage_{table} set node_s_held = node_s")  # noqa: S608
        writer.change("update lake.changes_hourly set nodes = nodes * 4, node_s = node_s * 4")
    (found,) = check.findings(Lake(settings))
    assert found.what.startswith("1 of the jobs of leonardo held another part of their nodes")
    assert "python -m data rebuild" in found.mend
    with writing(settings, author="olga", message="rebuild") as writer:
        node_parts.renew(writer)
        rollups.rebuild(writer)
    assert check.findings(Lake(settings)) == []
    assert usage.usage(Lake(settings), EVERYTHING)["node_hours_held"].item() == 0.25


def test_a_named_state_from_before_counts_whole_nodes(settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    without_migrations(monkeypatch, tmp_path, range(10, 1_000))
    with writing(settings, author="olga", message="from before") as writer:
        writer.change(
            "insert into lake.usage_monthly by name select 'vega' as system, 'CPU' as partition, 'sme' as category, 'other' as mode, "
            "date '2026-03-01' as month, 1 as jobs, 0 as jobs_never_started, 0 as jobs_failed, 0 as jobs_metered, 0 as jobs_implausible, "
            "0 as jobs_without_nodes, 0 as jobs_without_gpus, 7200 as node_s, 0 as core_s, 0 as gpu_s, 0 as node_s_failed, "
            "3600 as node_s_metered, 0 as node_s_queued, 0 as energy_measured_j"
        )
    then = Lake(settings).snapshot_id
    monkeypatch.undo()
    prepare(settings)
    for state in (then, None):
        found = usage.usage(Lake(settings, snapshot_id=state), EVERYTHING, "month")
        assert found.select("node_hours_held", "node_hours_held_metered").rows() == [(2.0, 1.0)]
