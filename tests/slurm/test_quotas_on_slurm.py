"""Quotas on a real Slurm: applied in every form, read back, held against a job that has none left, and taken back without a trace."""

import json
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path

import polars as pl
import pytest

from data.export.slurm import Export, export, state_of
from data.export.slurm_asked import ASKED
from data.export.slurm_forms import Form
from data.export.slurm_plan import Usage
from data.export.slurm_site import read_from_site
from data.export.slurm_state import SHOW_ASSOCIATIONS, SHOW_USAGE, Association
from data.facts import systems
from data.settings import Settings
from tests.slurm.cluster import CPUS, Cluster

VEGA = systems()["vega"]
QUOTAS = [
    {"account": "Alpha", "unit": "core_hours", "hours": 1_000.5, "at_once": 16.0, "fairshare": 25},
    {"account": "beta", "unit": "node_hours", "hours": 60.0, "at_once": 3.0, "fairshare": 3},
    {"account": "gamma-1.x", "unit": "gpu_hours", "hours": 1e9, "at_once": None, "fairshare": None},
]


def table(*rows: dict[str, object]) -> pl.DataFrame:
    return pl.DataFrame([{"system": "vega", "qos": None} | row for row in rows], schema=dict(ASKED))


def whole(slurm: Cluster) -> list[str]:
    """All that can be read of Slurm, as a site reads it."""
    return read_from_site(Settings(slurm=f"env SLURM_CONF={slurm.environment['SLURM_CONF']}"))


def limits(slurm: Cluster) -> list[str]:
    """The limits of accounts alone, which are read in a sixth of the time."""
    return [slurm.run(*SHOW_ASSOCIATIONS.split())]


def exported(slurm: Cluster, quotas: pl.DataFrame, form: Form, usage: Usage = Usage.SLURM) -> Export:
    return export(quotas, limits(slurm) if usage is Usage.SLURM else whole(slurm), VEGA, form=form, usage=usage)


def held(slurm: Cluster) -> Mapping[str, Association]:
    found = state_of(limits(slurm)).associations
    assert found is not None
    return found


def dumped(slurm: Cluster) -> str:
    """All that Slurm keeps of the cluster's accounts and users, limits that this program never reads among them."""
    file = slurm.folder / "dump.cfg"
    slurm.run("sacctmgr", "dump", "vega", f"file={file}")
    return file.read_text()


def use(slurm: Cluster, form: Form, text: str) -> None:
    """Hand a file to Slurm as its instructions say."""
    file = slurm.folder / "handed"
    file.write_text(text)
    if form is Form.COMMANDS:
        slurm.run("sh", str(file))
    elif form is Form.FLAT:
        slurm.run("sacctmgr", "-i", "load", f"file={file}")
    else:
        send(slurm, text, slurm.rest_addresses()[-1])


def send(slurm: Cluster, text: str, address: str) -> None:
    """Hand a request to slurmrestd until it has done what it says."""
    file = slurm.folder / "handed"
    file.write_text(text)
    slurm.wait_until(lambda: posted(slurm, file, text, address), f"slurmrestd did not do what it was sent at {address}")


def posted(slurm: Cluster, file: Path, text: str, address: str) -> bool:
    """Send a request, and tell whether its limits are found in Slurm then.

    The slurmrestd of Slurm 22.05 answers without an error and passes over some changes: the instructions say to read back.
    """
    post = ("curl", "--silent", "--fail-with-body", "--json", f"@{file}", "--unix-socket", str(slurm.rest_socket))
    told = json.loads(slurm.run(*post, address))
    assert told["errors"] == []
    wanted, found = state_of([text]).associations, held(slurm)
    assert wanted is not None
    return all(
        (found[name].minutes, found[name].at_once, found[name].fairshare) == (each.minutes, each.at_once, each.fairshare)
        for name, each in wanted.items()
    )


def without_own_qos(slurm: Cluster) -> None:
    """Take away what the slurmrestd of Slurm 22.05 adds: it names the QOS that an account inherits as its own."""
    if "22.05" in slurm.run("sacctmgr", "--version"):
        slurm.run("sacctmgr", "-i", "modify", "account", "alpha,beta,gamma-1.x", "set", "QOS=")


@pytest.fixture
def cleaned(slurm: Cluster) -> Iterator[str]:
    """The state before, which the test leaves as it was."""
    before = dumped(slurm)
    yield before
    assert dumped(slurm) == before


@pytest.mark.parametrize("form", Form)
def test_quotas_are_found_in_slurm_after_they_are_applied_and_nothing_of_them_after_the_undo(
    form: Form, slurm: Cluster, cleaned: str
) -> None:
    done = exported(slurm, table(*QUOTAS), form)
    assert done.written is not None, done.said
    apply, undo = done.written.files.values()
    use(slurm, form, apply)
    known = held(slurm)
    assert known["alpha"].minutes == {"cpu": 120_060}
    assert known["alpha"].at_once == {"cpu": 32}
    assert known["beta"].minutes == {"billing": 99_999_999, "mem": 4_096, "node": 3_600}
    assert known["beta"].at_once == {"cpu": 60, "mem": 1_025, "node": 3}
    assert known["gamma-1.x"].minutes == {"gres/gpu": 60 * 10**9}
    assert [known[name].fairshare for name in ("alpha", "beta", "gamma-1.x")] == [25, 3, 7]
    assert exported(slurm, table(*QUOTAS), form).plan.changes == ()
    use(slurm, form, undo)
    if form is Form.REST:
        without_own_qos(slurm)
    assert dumped(slurm) == cleaned


def test_every_version_of_slurmrestds_interface_takes_the_same_file(slurm: Cluster, cleaned: str) -> None:
    done = exported(slurm, table(*QUOTAS), Form.REST)
    assert done.written is not None, done.said
    apply, undo = done.written.files.values()
    addresses = slurm.rest_addresses()
    assert addresses
    for address in addresses[:-1]:  # the newest is the one of the test above
        send(slurm, apply, address)
        assert exported(slurm, table(*QUOTAS), Form.REST).plan.changes == ()
        send(slurm, undo, address)
    without_own_qos(slurm)
    assert dumped(slurm) == cleaned


def test_a_qos_is_taken_back_to_what_the_account_itself_had(slurm: Cluster, cleaned: str) -> None:
    change = ("sacctmgr", "-i", "modify", "account")
    slurm.run(*change, "beta", "set", "QOS=normal,sme_flex", "DefaultQOS=normal")
    slurm.run(*change, "gamma-1.x", "set", "QOS=+sme_flex,-normal")
    before = dumped(slurm)
    rows = [{"account": name, "unit": "core_hours", "qos": "sme_flex"} for name in ("alpha", "beta", "gamma-1.x")]
    done = exported(slurm, table(*rows), Form.COMMANDS)
    assert done.written is not None, done.said
    use(slurm, Form.COMMANDS, done.written.files["apply.sh"])
    assert [held(slurm)[name].default_qos for name in ("alpha", "beta", "gamma-1.x")] == ["sme_flex"] * 3
    use(slurm, Form.COMMANDS, done.written.files["undo.sh"])
    assert dumped(slurm) == before
    slurm.run(*change, "beta,gamma-1.x", "set", "QOS=", "DefaultQOS=-1")
    assert cleaned


def test_the_flat_file_of_slurm_itself_is_read_as_its_commands_are(slurm: Cluster) -> None:
    flat = state_of([dumped(slurm)]).associations
    assert flat == {name: each for name, each in held(slurm).items() if name != "root"}  # the flat file leaves it out


def test_the_answer_of_slurmrestd_is_read_as_slurms_commands_are(slurm: Cluster) -> None:
    commands, asked = held(slurm), ("curl", "--silent", "--unix-socket", str(slurm.rest_socket))
    for address in slurm.rest_addresses():
        told = state_of([slurm.run(*asked, address)]).associations
        assert told is not None
        for account in ("union", "alpha", "beta", "gamma-1.x"):
            one, other = told[account], commands[account]
            assert (one.fairshare, one.minutes, one.at_once, one.parent) == (other.fairshare, other.minutes, other.at_once, other.parent)


def test_a_job_over_its_quota_waits_for_hours_and_starts_after_the_undo(slurm: Cluster, cleaned: str) -> None:
    run(slurm, "delta", "sleep 2")
    slurm.wait_until(lambda: counted(slurm) >= 2, "the usage of a job was not counted")
    spent = table({"account": "delta", "unit": "core_hours", "hours": 1 / 120, "at_once": None, "fairshare": None})
    done = export(spent, whole(slurm), VEGA)
    assert done.diff["counted_hours"].item() >= 1 / 60
    assert "AccountingStorageEnforce has no safe" in done.said
    assert "PriorityDecayHalfLife" not in done.said
    assert "before 23.02" not in done.said
    assert "no new job starts" in done.said
    assert done.written is not None
    use(slurm, Form.COMMANDS, done.written.files["apply.sh"])
    job = submit(slurm, "delta", "true")
    slurm.wait_until(lambda: reason(slurm, job) == "AssocGrpCPUMinutesLimit", "the job was not held for its account's minutes")
    fresh = exported(slurm, spent, Form.COMMANDS, Usage.NONE)
    assert fresh.plan.changes[0].new == counted(slurm) + 1
    use(slurm, Form.COMMANDS, done.written.files["undo.sh"])
    slurm.wait_until(lambda: state(slurm, job) == "COMPLETED", "the job did not start after the undo")
    assert cleaned


def test_the_script_says_which_account_it_could_not_change(slurm: Cluster, cleaned: str, tmp_path: Path) -> None:
    done = exported(slurm, table(QUOTAS[0]), Form.COMMANDS)
    assert done.written is not None
    script = tmp_path / "apply.sh"
    script.write_text(done.written.files["apply.sh"].replace("name=alpha", "name=gone"))
    ran = subprocess.run(["sh", str(script)], env=slurm.environment, capture_output=True, text=True, check=False)
    assert ran.returncode == 1
    assert "not done: alpha" in ran.stderr
    assert cleaned


def submit(slurm: Cluster, account: str, script: str) -> str:
    return slurm.run("sbatch", "--parsable", "-A", account, "-n", str(CPUS), "-t", "5", "-o", "/dev/null", f"--wrap={script}").strip()


def run(slurm: Cluster, account: str, script: str) -> str:
    job = submit(slurm, account, script)
    slurm.wait_until(lambda: state(slurm, job) == "COMPLETED", f"job {job} did not end")
    return job


def state(slurm: Cluster, job: str) -> str:
    return slurm.run("squeue", "-h", "-t", "all", "-j", job, "-o", "%T").strip()


def reason(slurm: Cluster, job: str) -> str:
    return slurm.run("squeue", "-h", "-j", job, "-o", "%r").strip()


def counted(slurm: Cluster) -> int:
    found = state_of([slurm.run(*SHOW_USAGE.split())]).counted
    assert found is not None
    return found["delta"]["cpu"]
