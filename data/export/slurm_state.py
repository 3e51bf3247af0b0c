"""What a site's Slurm has set and counted at the moment: the limits of its accounts, their usage, its settings and running jobs."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from data.errors import InputError

PARENT_SHARES = 0x7FFFFFFF
"""The number by which Slurm keeps a fairshare of "parent": the account takes part with the shares of the one above it."""

Tres = Mapping[str, int]
"""Counts by trackable resource, such as {"cpu": 6000000, "gres/gpu": 120000}."""


COUNT = re.compile(r"(?P<name>[^=,|]+)=(?P<count>\d+)(?P<unit>[MGTP]?)")
MIB = {"M": 1, "G": 1 << 10, "T": 1 << 20, "P": 1 << 30}


class StateError(InputError):
    """What was handed in as the state of Slurm cannot be read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Association:
    """An account on a cluster as Slurm knows it; what the text does not tell is `None`."""

    account: str
    """Its name."""
    cluster: str
    """The cluster, by Slurm's name."""
    parent: str | None = None
    """The account above it."""
    fairshare: int | None = None
    """Its raw shares, PARENT_SHARES for "parent"."""
    minutes: Tres | None = None
    """GrpTRESMins: the most minutes that may ever be counted."""
    at_once: Tres | None = None
    """GrpTRES: the most that may be used at one time."""
    qos: str | None = None
    """Its own QOS, names or changes to those of the account above it such as +flex; empty where it has those of the account above."""
    default_qos: str | None = None
    """Its own QOS of a job that asks for none; empty where it has that of the account above."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunningJob:
    """A job that runs while the limits change."""

    job: str
    """Its number."""
    account: str
    """Its account."""
    tres: Tres
    """What it holds."""
    left_minutes: float | None
    """How long it may still run by its time limit; nothing where it has none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """All that was told; what was not told is `None`, and never taken for empty."""

    associations: Mapping[str, Association] | None = None
    """Accounts by name."""
    counted: Mapping[str, Tres] | None = None
    """Minutes that Slurm counted of each account so far, those of accounts below it among them (sshare's GrpTRESRaw)."""
    settings: Mapping[str, str] | None = None
    """What `scontrol show config` says, by key in small letters."""
    tracked: frozenset[str] | None = None
    """The resources that Slurm tracks."""
    qos: frozenset[str] | None = None
    """The QOS that exist."""
    running: tuple[RunningJob, ...] | None = None
    """Jobs that run."""
    read: tuple[str, ...] = field(default=())
    """What was read, in words."""

    @property
    def cluster(self) -> str:
        """The one cluster that the accounts are of.

        Raises:
            StateError: if there is none.
        """
        if not self.associations:
            raise StateError(f"the state of Slurm names no account; expected the output of '{SHOW_ASSOCIATIONS}'.")
        return next(iter(self.associations.values())).cluster

    @property
    def tracked_resources(self) -> frozenset[str] | None:
        """The resources that Slurm tracks, as its list or else its settings tell them."""
        listed = (self.settings or {}).get("accountingstoragetres")
        return self.tracked if self.tracked is not None or listed is None else frozenset(listed.split(","))

    def joined(self, other: "State") -> "State":
        """Both, where no thing is told twice.

        Raises:
            StateError: naming what is told twice.
        """
        told = {name: getattr(other, name) for name in PARTS if getattr(other, name) is not None}
        twice = [PARTS[name] for name in told if getattr(self, name) is not None]
        if twice:
            raise StateError(f"the state of Slurm tells {' and '.join(twice)} twice; hand each in once.")
        return replace(self, **told, read=(*self.read, *other.read))


PARTS = {
    "associations": "the limits of accounts",
    "counted": "the usage counted",
    "settings": "the settings",
    "tracked": "the tracked resources",
    "qos": "the list of QOS",
    "running": "the running jobs",
}
"""The parts of a state in words."""

SHOW_ASSOCIATIONS = (
    "sacctmgr -P show assoc WOPLimits WithRawQOSLevel "
    "format=Cluster,Account,User,ParentName,Fairshare,GrpTRES,GrpTRESMins,QOS,QOSRawLevel,DefaultQOS"
)
SHOW_USAGE = "sshare -P -a -o Account,User,GrpTRESRaw,RawShares"
SHOW_SETTINGS = "scontrol show config"
SHOW_TRACKED = "sacctmgr -P show tres format=Type,Name"
SHOW_QOS = "sacctmgr -P show qos format=Name,Flags,UsageFactor"
SHOW_RUNNING = "sacct -a -X -P --noconvert -s RUNNING,SUSPENDED -o JobIDRaw,Account,AllocTRES,ElapsedRaw,TimelimitRaw,State"
"""No count stands last in a line, so that of an output that was cut off no count can be read as a smaller one."""

COMMANDS = (SHOW_ASSOCIATIONS, SHOW_USAGE, SHOW_SETTINGS, SHOW_TRACKED, SHOW_QOS, SHOW_RUNNING)
"""What tells the whole state; every command may also be run alone, and its output pasted below that of the others."""


def tres_of(text: str) -> dict[str, int]:
    """The counts of a list of trackable resources, memory in MiB.

    >>> tres_of("cpu=6000000,gres/gpu=120000,mem=4G")
    {'cpu': 6000000, 'gres/gpu': 120000, 'mem': 4096}
    """
    found = {}
    for part in filter(None, text.split(",")):
        match = COUNT.fullmatch(part.strip())
        if match is None or (match["unit"] and match["name"] != "mem"):
            raise StateError(f"{part!r} is no count of a trackable resource; expected a list such as cpu=6000,node=10.")
        found[match["name"]] = int(match["count"]) * MIB[match["unit"] or "M"]
    return found


def shares_of(text: str) -> int:
    """Raw shares, "parent" among them.

    >>> shares_of("parent") == PARENT_SHARES, shares_of("250")
    (True, 250)
    """
    if text.lower() == "parent":
        return PARENT_SHARES
    if not text.isdigit():
        raise StateError(f"the fairshare {text!r} is no number; expected shares such as 250, or parent.")
    return int(text)
