"""A log fetched from the site's own `sacct`, incrementally, so that cron can do it."""

import os
import shlex
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from data.batches import logged_days
from data.dates import day_named
from data.errors import InputError, LogError
from data.lake import Lake
from data.settings import Settings

FIELDS = (
    "JobIDRaw,JobID,Cluster,Partition,QOS,Account,Group,User,UID,Submit,Eligible,Start,End,ElapsedRaw,Suspended,State,ExitCode,"
    "NNodes,NCPUS,ReqCPUS,ReqMem,ReqTRES,AllocTRES,TimelimitRaw,ConsumedEnergyRaw,Restarts,Reservation,NodeList,JobName"
)
"""The recommended fields, the job's free text last."""

NEWER_FIELDS = ("Restarts",)
"""Fields that Slurm before 23.11 does not know; a job of such a log says nothing of restarts."""

EPOCH_TIMES = {"SLURM_TIME_FORMAT": "%s", "SLURM_BITSTR_LEN": "0", "TZ": "UTC"}
"""What makes `sacct` print times that belong to no zone, and long array ids in full."""

LAST = "last"
OVERLAP = timedelta(days=2)
"""How far an incremental fetch reaches back before the last one: what was seen before is passed over, what was running is completed."""


def since_named(text: str, lake: Lake | None, system: str) -> date:
    """The first day to ask `sacct` for: a day as YYYY-MM-DD, or `last`: two days before the newest thing the store has of the machine.

    Raises:
        InputError: if it is neither, or nothing was ever brought in of the machine.
    """
    if text != LAST:
        return day_named(text)
    logged = {} if lake is None else logged_days(lake)
    if system not in logged:
        raise InputError(f"the store holds no log of {system}, so there is no last day; name one: --since {datetime.now(UTC):%Y}-01-01.")
    return logged[system].end - timedelta(days=1) - OVERLAP


def sacct_command(settings: Settings, since: date, *, without: tuple[str, ...] = ()) -> list[str]:
    """The command line that is run, the site's own `sacct` in front, without fields that it does not know.

    >>> " ".join(sacct_command(Settings(sacct="ssh login1 sacct"), date(2026, 1, 1)))[:59]
    'ssh login1 sacct -a -X -D -P --noconvert -S 2026-01-01 -E n'
    """
    fields = ",".join(field for field in FIELDS.split(",") if field not in without)
    return [*shlex.split(settings.sacct), "-a", "-X", "-D", "-P", "--noconvert", "-S", f"{since:%Y-%m-%d}", "-E", "now", "-o", fields]


@contextmanager
def fetched(settings: Settings, since: date) -> Iterator[Path]:
    """A file with what `sacct` prints since a day; it is gone after the block.

    Raises:
        LogError: if the command cannot be run, or says that it failed.
    """
    with TemporaryDirectory(prefix="equinode-sacct-") as folder:
        path = Path(folder) / f"sacct-since-{since:%Y-%m-%d}.txt"
        _fetch(settings, since, path)
        yield path


def _fetch(settings: Settings, since: date, path: Path, *, without: tuple[str, ...] = ()) -> None:
    """Let `sacct` print to a file, and once more without a field that its version does not know."""
    command = sacct_command(settings, since, without=without)
    try:
        with path.open("wb") as out:
            done = subprocess.run(command, env=os.environ | EPOCH_TIMES, stdout=out, stderr=subprocess.PIPE, check=False)
    except OSError as error:
        raise LogError(f"{command[0]} cannot be run ({error.strerror}); set EQUINODE_SACCT to the site's own command.") from error
    if done.returncode == 0:
        return
    told = done.stderr.decode(errors="replace").strip()
    unknown = tuple(field for field in NEWER_FIELDS if f'Invalid field requested: "{field}"' in told)
    if unknown and not without:
        _fetch(settings, since, path, without=unknown)
        return
    said = told.splitlines() or ["it said nothing"]
    raise LogError(f"{shlex.join(command[:4])} … ended with status {done.returncode}: {said[-1]}. Nothing was stored.")
