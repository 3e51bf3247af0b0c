"""Reads the state of Slurm from what its commands print, pasted one below the other in any order, or from its flat file."""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from data.export.slurm_flat_dump import accounts_of_dump, is_dump
from data.export.slurm_state import Association, RunningJob, State, StateError, shares_of, tres_of

Value = TypeVar("Value")
SETTING = re.compile(r"([A-Z][A-Za-z0-9_]*(?:\[\d+\])?) *= ?(.*)")
SYNONYMS = {"share": "fairshare", "parname": "parentname", "defqos": "defaultqos", "grptresmin": "grptresmins", "rawshares": "fairshare"}
OWN_QOS = "qos_raw"
"""The column that tells that QOS are the account's own, as the command printed with the help asks for them, and not inherited ones."""

ROWS_NEED = {
    "account": ("account", "user", "grptresmins"),
    "usage": ("account", "user", "grptresraw"),
    "running": ("jobidraw", "account", "alloctres"),
    "tracked": ("type", "name"),
    "qos": ("name", "flags"),
}
"""By which columns a table is known."""


@dataclass(slots=True)
class Table:
    """A table between bars, with its header."""

    kind: str
    """What it tells."""
    columns: list[str]
    """The names of its columns in small letters, synonyms made one."""
    rows: list[list[str]] = field(default_factory=list)
    """The cells of its lines."""

    def records(self) -> Iterator[dict[str, str]]:
        """Its rows by column."""
        for row in self.rows:
            yield dict(zip(self.columns, row, strict=True))


def state_of_text(text: str, *, cluster: str | None = None) -> State:
    """The state that the output of one or several commands tells.

    Accounts are those of the cluster named, or of the only one there is.

    Raises:
        StateError: if a table is torn, nothing is recognised, or several clusters could be meant.
    """
    if is_dump(text):
        found = accounts_of_dump(text)
        return State(associations=of_one_cluster(found, cluster), read=(f"{len(found):,} accounts from sacctmgr's flat file",))
    tables, settings = _sections(text)
    state = State()
    for table in tables:
        state = state.joined(READERS[table.kind](table, cluster))
    if settings:
        state = state.joined(State(settings=settings, read=(f"{len(settings):,} settings from scontrol",)))
    if not state.read:
        raise StateError(
            "nothing of this is known as the state of Slurm; expected what its commands print with -P and their line of column names, "
            "as the help lists them."
        )
    return state


def _sections(text: str) -> tuple[list[Table], dict[str, str]]:
    """The tables and the settings that stand in a text."""
    tables: list[Table] = []
    settings: dict[str, str] = {}
    inside = False
    for number, line in enumerate(text.splitlines(), 1):
        kind, columns = _header(line)
        if kind is not None:
            tables.append(Table(kind=kind, columns=columns))
            inside = True
        elif "|" in line and inside:
            tables[-1].rows.append(_cells(line, tables[-1], number))
        else:
            inside = False
            match = SETTING.fullmatch(line.strip())
            if match:
                settings[match[1].lower()] = match[2].strip()
    return tables, settings


def _header(line: str) -> tuple[str | None, list[str]]:
    columns = [name.replace(" ", "").lower() for name in line.rstrip("\r\n").split("|")]
    columns = [SYNONYMS.get(name, name) for name in columns]
    if "|" in line:
        for kind, needed in ROWS_NEED.items():
            if set(needed) <= set(columns):
                return kind, columns
    return None, columns


def _cells(line: str, table: Table, number: int) -> list[str]:
    cells = [cell.strip() for cell in line.rstrip("\r\n").split("|")]
    if len(cells) != len(table.columns):
        raise StateError(
            f"line {number} of the state of Slurm has {len(cells)} cells, its columns are {len(table.columns)}: {line.strip()[:60]!r}. "
            "Paste the output whole, as it was printed with -P."
        )
    return cells


def _accounts(table: Table, cluster: str | None) -> State:
    """The limits of accounts; rows of users are theirs alone and passed over."""
    missing = {"cluster", "account"} - set(table.columns)
    if missing:
        raise StateError(
            f"the table of associations has no column {' and '.join(sorted(missing))}; print it with format=Cluster,Account,…."
        )
    found = [_association(row) for row in table.records() if not row["user"]]
    chosen = of_one_cluster(found, cluster)
    return State(associations=chosen, read=(f"{len(chosen):,} accounts from sacctmgr",))


def _association(row: dict[str, str]) -> Association:
    def told(name: str, read: Callable[[str], Value]) -> Value | None:
        return read(row[name]) if name in row else None

    return Association(
        account=row["account"].lower(),
        cluster=row["cluster"].lower(),
        parent=told("parentname", str.lower),
        fairshare=told("fairshare", shares_of),
        minutes=told("grptresmins", tres_of),
        at_once=told("grptres", tres_of),
        qos=told("qos", str) if OWN_QOS in row else None,
        default_qos=told("defaultqos", str) if OWN_QOS in row else None,
    )


def of_one_cluster(found: Sequence[Association], cluster: str | None) -> dict[str, Association]:
    """The accounts of one cluster by name."""
    clusters = sorted({each.cluster for each in found})
    if cluster is None and len(clusters) > 1:
        raise StateError(f"the state of Slurm tells of the clusters {', '.join(clusters)}; name one of them with --cluster.")
    wanted = cluster.lower() if cluster is not None else None
    if wanted is not None and wanted not in clusters:
        raise StateError(f"the state of Slurm tells nothing of a cluster {wanted!r}; it tells of {', '.join(clusters) or 'none'}.")
    return {each.account: each for each in found if wanted in (None, each.cluster)}


def _usage(table: Table, _: str | None) -> State:
    counted = {row["account"].lower(): tres_of(row["grptresraw"]) for row in table.records() if not row["user"]}
    return State(counted=counted, read=(f"usage of {len(counted):,} accounts from sshare",))


def _running(table: Table, _: str | None) -> State:
    jobs = tuple(
        RunningJob(job=row["jobidraw"], account=row["account"].lower(), tres=tres_of(row["alloctres"]), left_minutes=_left(row))
        for row in table.records()
    )
    return State(running=jobs, read=(f"{len(jobs):,} running jobs from sacct",))


def _left(row: dict[str, str]) -> float | None:
    limit, elapsed = row.get("timelimitraw", ""), row.get("elapsedraw", "")
    return max(int(limit) - int(elapsed) / 60, 0.0) if limit.isdigit() and elapsed.isdigit() else None


def _tracked(table: Table, _: str | None) -> State:
    names = frozenset("/".join(filter(None, (row["type"], row["name"]))) for row in table.records())
    return State(tracked=names, read=(f"{len(names):,} tracked resources from sacctmgr",))


def _qos(table: Table, _: str | None) -> State:
    names = frozenset(row["name"].lower() for row in table.records())
    return State(qos=names, read=(f"{len(names):,} QOS from sacctmgr",))


READERS = {"account": _accounts, "usage": _usage, "running": _running, "tracked": _tracked, "qos": _qos}
