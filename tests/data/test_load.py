"""Bringing logs in: as a whole or not at all, once, side by side with others, and without the names of people."""

import gzip
import os
import signal
import subprocess
import sys
import time
from datetime import date
from pathlib import Path

import polars as pl
import pytest
from made_jobs import COLUMNS, EVERYTHING, NOW, OPERATOR, ingested, sacct_line, sacct_log

from data import batches, usage
from data.access import Person
from data.check import findings
from data.errors import AccessError, InputError, LogError
from data.facts import DECLARATION_EXAMPLE, systems
from data.ingest.load import Order, ingest, ingest_together
from data.lake import Lake
from data.settings import Settings
from data.synthetic import demo_logs
from data.systems import declared_system
from data.terms import Action, Period, Selection, UserCategory

HOUSE = Path(__file__).resolve().parents[2]
COUNT = "select count(*) from lake.jobs"
ENERGY = "14400000"


def python(settings: Settings, *words: str, **environment: str) -> subprocess.Popen[str]:
    """A process of its own that works on the store."""
    known = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    site = {"EQUINODE_LAKE": str(settings.lake), "EQUINODE_AUTHOR": "otto", "EQUINODE_WRITER_WAIT_S": "120"}
    command = [sys.executable, "-m", "data", *words]
    return subprocess.Popen(command, cwd=HOUSE, env=known | site | environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def many_lines(first: int, count: int) -> list[str]:
    return [sacct_line(number, User=f"person{number % 50}") for number in range(first, first + count)]


def test_every_line_is_in_the_closing_account_and_in_the_batch(settings: Settings, tmp_path: Path) -> None:
    lines = [
        sacct_line(1, ConsumedEnergyRaw=ENERGY),
        sacct_line(2, State="RUNNING", End="Unknown"),
        sacct_line(3, State="CANCELLED by 1001", Start="None", End="2026-03-01T10:30:00", ElapsedRaw="0", NodeList="None assigned"),
        sacct_line(4, JobID="4.batch", JobIDRaw="4.batch"),
        sacct_line(5, End="2026-03-01T09:00:00"),
        sacct_line(1, ConsumedEnergyRaw=ENERGY),
        "",
    ]
    account = ingested(settings, sacct_log(tmp_path / "march.txt", *lines))
    batch = account.batch
    counted = (batch.lines_read, batch.accepted, batch.refused, batch.seen_before, batch.steps, batch.passed_over)
    assert counted == (8, 3, 1, 1, 1, 2)
    assert account.reasons == {"ended_before_started": 1}
    reader = Lake(settings)
    kept = batches.all_batches(reader).row(0, named=True)
    assert (kept["file"], kept["author"], kept["accepted"], kept["ingested"]) == ("march.txt", "olga", 3, NOW)
    assert usage.usage(reader, EVERYTHING)["jobs"].item() == 2
    assert findings(reader) == []


def test_the_same_file_twice_leaves_the_store_as_it_was(settings: Settings, tmp_path: Path) -> None:
    path = sacct_log(tmp_path / "march.txt", *many_lines(1, 40), sacct_line(99, End="2026-03-01T09:00:00"))
    ingested(settings, path)
    before = Lake(settings).snapshot_id
    again = ingested(settings, path).batch
    assert (again.batch_id, again.accepted, again.seen_before, again.refused) == (0, 0, 40, 1)
    assert Lake(settings).snapshot_id == before


def test_a_later_log_completes_what_ran_and_an_older_one_changes_nothing(settings: Settings, tmp_path: Path) -> None:
    older = sacct_log(tmp_path / "older.txt", sacct_line(1, State="RUNNING", End="Unknown", ElapsedRaw="1800"), sacct_line(2))
    newer = sacct_log(tmp_path / "newer.txt", sacct_line(1), sacct_line(3))
    ingested(settings, older)
    batch = ingested(settings, newer).batch
    assert (batch.accepted, batch.completed, batch.seen_before) == (2, 1, 0)
    reader = Lake(settings)
    assert usage.usage(reader, EVERYTHING).select("jobs", "node_hours").row(0) == (3, 12.0)
    before = reader.snapshot_id
    assert ingested(settings, older).batch.seen_before == 2
    assert reader.snapshot_id == before
    assert findings(reader) == []


def test_every_run_of_a_requeued_job_is_kept(settings: Settings, tmp_path: Path) -> None:
    first = sacct_line(1, State="NODE_FAIL", End="2026-03-01T11:30:00", ElapsedRaw="1800")
    second = sacct_line(1, Start="2026-03-01T12:00:00", ElapsedRaw="3600")
    ingested(settings, sacct_log(tmp_path / "requeued.txt", first, second))
    assert usage.usage(Lake(settings), EVERYTHING).select("jobs", "jobs_failed", "node_hours").row(0) == (2, 1, 3.0)


def test_two_ingests_at_once_both_land(settings: Settings, tmp_path: Path) -> None:
    logs = [sacct_log(tmp_path / f"{number}.txt", *many_lines(1_000 * number + 1, 300)) for number in range(2)]
    running = [python(settings, "ingest", str(log), "--system", "vega") for log in logs]
    for process in running:
        _, told = process.communicate(timeout=200)
        assert process.returncode == 0, told
    reader = Lake(settings)
    assert reader.frame(COUNT).item() == 600
    assert sorted(batches.all_batches(reader)["batch_id"]) == [1, 2]
    assert findings(reader) == []


def test_a_kill_at_any_moment_leaves_the_last_state_and_the_next_run_finishes(settings: Settings, tmp_path: Path) -> None:
    ingested(settings, sacct_log(tmp_path / "first.txt", *many_lines(1, 40)))
    log = sacct_log(tmp_path / "second.txt", *many_lines(1_000, 20_000))
    before = Lake(settings).snapshot_id
    killed = 0
    for moment in ("spawned", "locked", "parquet", "later"):
        files = len(list(settings.lake.rglob("*.parquet")))
        process = python(settings, "ingest", str(log), "--system", "vega")
        deadline = time.monotonic() + 60
        while moment == "parquet" and len(list(settings.lake.rglob("*.parquet"))) == files and time.monotonic() < deadline:
            if process.poll() is not None:
                break
            time.sleep(0.005)
        time.sleep({"spawned": 0.3, "locked": 1.0, "parquet": 0.0, "later": 2.0}[moment])
        process.send_signal(signal.SIGKILL)
        process.communicate()
        reader = Lake(settings)
        if process.returncode == -signal.SIGKILL and reader.snapshot_id == before:
            killed += 1
            assert reader.frame(COUNT).item() == 40
        assert findings(reader) == []
        reader.close()
    assert killed > 0
    batch = ingested(settings, log).batch
    assert batch.accepted + batch.seen_before == 20_000
    reader = Lake(settings)
    assert reader.frame(COUNT).item() == 20_040
    assert findings(reader) == []


@pytest.mark.nightly
def test_a_kill_while_the_store_is_made_does_not_stop_the_next_run(settings: Settings, tmp_path: Path) -> None:
    log = sacct_log(tmp_path / "first.txt", *many_lines(1, 40))
    for number in range(3):
        process = python(settings, "ingest", str(log), "--system", "vega")
        deadline = time.monotonic() + 60
        while not (settings.lake / "catalog.sqlite").exists() and process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.002)
        time.sleep(0.03 * number)
        process.send_signal(signal.SIGKILL)
        process.communicate()
    last = python(settings, "ingest", str(log), "--system", "vega")
    _, told = last.communicate(timeout=120)
    assert last.returncode == 0, told
    assert Lake(settings).frame(COUNT).item() == 40


SECRETS = ("alice", "Alice.Liddell", "31415926", "bob-private", "secretjob")


def test_no_name_of_a_person_is_anywhere_in_the_store(settings: Settings, tmp_path: Path) -> None:
    columns = f"{COLUMNS}|JobName|WorkDir"
    named = {"User": "alice", "UID": "31415926", "Group": "alice", "JobName": "secretjob", "WorkDir": "/home/bob-private"}
    lines = [
        sacct_line(1, columns=columns, **named),
        sacct_line(2, columns=columns, **named | {"User": "Alice.Liddell", "Group": "Alice.Liddell", "State": "CANCELLED by 31415926"}),
        sacct_line(3, columns=columns, **named | {"User": "", "Group": "physics"}),
        sacct_line(4, columns=columns, **named | {"End": "2026-03-01T09:00:00", "State": "CANCELLED by 31415926"}),
        sacct_line(5, columns=columns, **named) + "|bob-private|alice",
        "a broken line of alice and Alice.Liddell 31415926x",
    ]
    account = ingested(settings, sacct_log(tmp_path / "march.txt", *lines, columns=columns))
    assert (account.batch.accepted, account.batch.refused) == (3, 3)
    parquet = [str(value) for file in settings.lake.rglob("*.parquet") for row in pl.read_parquet(file).iter_rows() for value in row]
    raw = [path.read_bytes() for path in settings.lake.rglob("*") if path.is_file() and path.suffix != ".parquet"]
    frames = [Lake(settings).frame(f"from lake.{table}") for table in ("jobs", "refusals", "batches", "accounts")]
    told = [str(value) for table in frames for row in table.iter_rows() for value in row]
    for secret in SECRETS:
        assert not [value for value in (*parquet, *told) if secret.casefold() in value.casefold()]
        assert not [1 for content in raw if secret.encode() in content]


def test_the_same_person_has_one_pseudonym_on_a_machine_and_another_elsewhere(settings: Settings, tmp_path: Path) -> None:
    log = sacct_log(tmp_path / "march.txt", sacct_line(1), sacct_line(2), sacct_line(3, User="bob"))
    ingested(settings, log)
    ingested(settings, log, system="karolina")
    persons = Lake(settings).frame("select system, job_id, user_pseudonym from lake.jobs order by all")
    by_system = {system: part["user_pseudonym"].to_list() for (system,), part in persons.group_by("system")}
    assert all(one == two != three for one, two, three in by_system.values())
    assert not set(by_system["vega"]) & set(by_system["karolina"])


def test_a_log_of_which_nothing_can_be_believed_is_refused_as_a_whole(settings: Settings, tmp_path: Path) -> None:
    log = sacct_log(tmp_path / "march.txt", *(sacct_line(number, End="2026-03-01T09:00:00") for number in range(1, 30)))
    with pytest.raises(LogError, match=r"none of its 30 lines .*29 x ended_before_started"):
        ingested(settings, log)
    assert batches.all_batches(Lake(settings)).is_empty()
    assert batches.refusals(Lake(settings)).is_empty()


def test_a_log_that_breaks_off_leaves_nothing_of_what_came_before(settings: Settings, tmp_path: Path) -> None:
    whole = gzip.compress(sacct_log(tmp_path / "march.txt", *many_lines(1, 5_000)).read_bytes())
    (tmp_path / "march.txt.gz").write_bytes(whole[: len(whole) * 3 // 4])
    with pytest.raises(LogError, match="is cut off"):
        ingested(settings, tmp_path / "march.txt.gz")
    assert Lake(settings).frame(COUNT).item() == 0


def test_several_logs_land_together_or_not_at_all(settings: Settings, tmp_path: Path) -> None:
    good = Order(path=sacct_log(tmp_path / "good.txt", *many_lines(1, 30)), system=systems()["vega"])
    bad = Order(path=sacct_log(tmp_path / "bad.txt", "nothing"), system=systems()["lumi"])
    with pytest.raises(LogError):
        ingest_together(settings, [good, bad], OPERATOR, message="both", now=NOW)
    assert Lake(settings).frame(COUNT).item() == 0
    accounts = ingest_together(settings, [good, good], OPERATOR, message="both", now=NOW)
    assert [account.batch.batch_id for account in accounts] == [1, 0]


def test_a_declared_machine_is_known_from_then_on_and_a_corrected_declaration_is_stored(settings: Settings, tmp_path: Path) -> None:
    log = sacct_log(tmp_path / "mine.txt", sacct_line(1, NNodes="1", NCPUS="2", AllocTRES="cpu=2,node=1", ReqTRES="cpu=2,node=1"))
    told = []
    for text in (DECLARATION_EXAMPLE, DECLARATION_EXAMPLE, f"# corrected\n{DECLARATION_EXAMPLE}"):
        order = Order(path=log, system=declared_system("mine", text), declaration=text)
        told.append(ingest(settings, order, OPERATOR, now=NOW))
    assert [(account.declared, account.batch.accepted) for account in told] == [(True, 1), (False, 0), (True, 0)]
    assert findings(Lake(settings)) == []


def test_a_machine_with_gpus_whose_log_names_none_is_warned_about(settings: Settings, tmp_path: Path) -> None:
    log = sacct_log(tmp_path / "march.txt", sacct_line(1))
    assert any("AccountingStorageTRES" in warning for warning in ingested(settings, log).warnings)


def test_a_time_zone_that_does_not_exist_is_refused(settings: Settings, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="Europe/Atlantis"):
        ingested(settings, sacct_log(tmp_path / "march.txt", sacct_line(1)), time_zone="Europe/Atlantis")


def test_local_times_are_stored_in_utc(settings: Settings, tmp_path: Path) -> None:
    ingested(settings, sacct_log(tmp_path / "march.txt", sacct_line(1)), time_zone="America/Denver")
    assert Lake(settings).frame("select submitted from lake.jobs").item().isoformat() == "2026-03-01T17:00:00+00:00"


def test_who_may_not_ingest_is_refused_before_anything_is_made(settings: Settings, tmp_path: Path) -> None:
    order = Order(path=sacct_log(tmp_path / "march.txt", sacct_line(1)), system=systems()["vega"])
    with pytest.raises(AccessError):
        ingest(settings, order, Person(name="rita", role="reader", may=frozenset({Action.READ})))
    assert not settings.lake.exists()


@pytest.mark.nightly
def test_the_demonstration_log_lands_with_every_category_on_every_machine_in_service(settings: Settings, tmp_path: Path) -> None:
    orders = []
    for log in demo_logs(seed=7, jobs=5_000):
        (tmp_path / log.system).write_bytes(log.text)
        orders.append(Order(path=tmp_path / log.system, system=systems()[log.system], demo=True, projects=log.projects))
    accounts = ingest_together(settings, orders, OPERATOR, message="Demonstration log", now=NOW.replace(year=2027))
    reader = Lake(settings)
    assert findings(reader) == []
    assert sum(account.batch.accepted for account in accounts) > 4_000
    whole = usage.whole_period(reader)
    assert whole is not None
    assert set(usage.usage(reader, Selection(period=whole), "category")["category"]) == {category.value for category in UserCategory}
    assert batches.demo_systems(reader) == tuple(sorted(order.system.id for order in orders))


def declaration(name: str, country: str, time_zone: str) -> str:
    """A machine large enough for its log; the sums of hours do not depend on it."""
    where = f'name = "{name}"\ncountry = "{country}"\ntime_zone = "{time_zone}"\n'
    return f"{where}[partitions.all]\nnodes = 10000\ncores_per_node = 10000\ngpus_per_node = 0\n"


def test_the_log_of_a_real_cluster_gives_its_published_totals(settings: Settings, shared: Path) -> None:
    text = declaration("CCR", "US", "America/New_York")
    log = shared / "traces" / "slurm-ccr-xdmod" / "pozidriv.sacct.psv.gz"
    order = Order(path=log, system=declared_system("ccr", text), declaration=text, time_zone="UTC")
    batch = ingest(settings, order, OPERATOR).batch
    reader = Lake(settings)
    table = usage.usage(reader, Selection(period=Period(date(2016, 1, 1), date(2018, 1, 1))))
    assert batch.lines_read == 11_704
    assert batch.accepted == 11_704
    assert table["jobs"].item() == 11_285
    assert table["core_hours"].item() == pytest.approx(71_984.2764, abs=5e-5)
    assert findings(reader) == []


def test_the_log_of_curie_gives_its_published_core_hours(settings: Settings, shared: Path) -> None:
    text = declaration("Curie", "FR", "Europe/Paris")
    log = shared / "traces" / "swf-cea-curie" / "CEA-Curie-2011-2.1-cln.swf.gz"
    ingest(settings, Order(path=log, system=declared_system("curie", text), declaration=text), OPERATOR)
    reader = Lake(settings)
    assert usage.spans(reader)["core_hours"].item() == pytest.approx(356_656_338.857, abs=5e-4)
    assert findings(reader) == []
