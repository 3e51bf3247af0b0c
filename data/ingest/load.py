"""Brings a log into the store: one transaction for jobs, refused lines, rollups and the batch record, or nothing at all."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import polars as pl

from data import batches, facts, jobs, node_parts, projects, rollups
from data.access import Person, require
from data.batches import Batch
from data.errors import InputError, LogError
from data.facts import System
from data.ingest.dialect import chunks, recognised
from data.ingest.privacy import pseudonyms
from data.ingest.source import Chunk, Dialect, Machine, Reading
from data.lake import Writer, writing
from data.pseudonym_key import pseudonym_key
from data.settings import Settings
from data.systems import declare
from data.terms import Action

STORED_AT_ONCE = 250_000
"""How many jobs are stored in one go: fewer make many small files, more take memory."""

Progress = Callable[[int, int], None]
"""Called after each block with the bytes of the file and the lines read so far."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What to bring in, and as what."""

    path: Path
    """The log file, plain or gzip."""
    system: System
    """The machine whose log it is."""
    declaration: str | None = None
    """The TOML text that declared the machine, where it was handed in with the log."""
    dialect: Dialect | None = None
    """The dialect, where content shall not decide."""
    time_zone: str | None = None
    """The zone of local times, where it is not the machine's."""
    gpu_tres: tuple[int, ...] = ()
    """The site's own numbers of trackable resources that are GPUs, for logs that give numbers instead of names."""
    mapping: tuple[str, ...] = ()
    """What columns of a table of jobs mean, as `field=column`."""
    demo: bool = False
    """Whether it is the demonstration log."""
    projects: pl.DataFrame | None = None
    """What is decided about the log's projects, where that comes with it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """The closing account of an ingest; every line of the file is in exactly one of its counts."""

    batch: Batch
    """What became of the lines; number 0 where nothing was new and the store stayed as it was."""
    reasons: Counter[str]
    """How many lines were refused for each reason."""
    time_zone: str
    """The zone in which times without offset were read."""
    warnings: tuple[str, ...]
    """What an operator should know about this log."""
    declared: bool = False
    """Whether the machine's declaration, handed in with the log, was new."""


def ingest(settings: Settings, order: Order, person: Person, *, progress: Progress | None = None, now: datetime | None = None) -> Account:
    """Bring one log into the store and give account of every line.

    A log that holds nothing new leaves the store as it is, but for a new declaration of its machine. A log of which no line
    can be believed is refused as a whole.

    Raises:
        LogError: if the file is not a log that can be read, to its end; nothing is stored then.
        InputError: if the time zone does not exist.
        StoreError: if the store cannot be written; nothing is stored then.
    """
    message = f"Ingest {order.path.name} of {order.system.id}"
    return next(iter(ingest_together(settings, [order], person, message=message, progress=progress, now=now)))


def ingest_together(
    settings: Settings,
    orders: Iterable[Order],
    person: Person,
    *,
    message: str,
    progress: Progress | None = None,
    now: datetime | None = None,
) -> list[Account]:
    """Bring several logs into the store in one transaction: all of them land, or none (otherwise as `ingest`)."""
    require(Action.INGEST, person)
    accounts = []
    with writing(settings, author=person.name, message=message) as writer:
        for order in orders:
            accounts.append(_ingested(settings, writer, order, person, progress, now or datetime.now(UTC)))
        writer.details = {"batches": [account.batch.batch_id for account in accounts if account.batch.batch_id]}
        writer.abandoned = not writer.details["batches"] and not any(account.declared for account in accounts)
    return accounts


def _ingested(settings: Settings, writer: Writer, order: Order, person: Person, progress: Progress | None, now: datetime) -> Account:
    dialect = recognised(order.path, dialect=order.dialect)
    reading = _reading(settings, order, now)
    tally, batch_id = _Tally(), batches.next_id(writer)
    partitions = facts.partitions([order.system])
    for several in _gathered(chunks(order.path, reading, dialect=dialect), progress):
        _store(writer, several, partitions, tally, batch_id)
    _believable(order, tally, dialect)
    batch = _closed(writer, order, person, dialect, tally, batch_id, now)
    declared = order.declaration is not None and declare(writer, order.system, order.declaration, author=person.name)
    warnings = tuple(_warnings(order, tally))
    zone = dialect.own_zone or reading.time_zone
    return Account(batch=batch, reasons=tally.reasons, time_zone=zone, warnings=warnings, declared=declared)


def machine_of(system: System) -> Machine:
    """What the adapters must know of a machine."""
    parts = system.partitions

    def known(name: str) -> dict[str, float]:
        return {part.name: value for part in parts if (value := getattr(part, name)) is not None}

    return Machine(
        system=system.id,
        log_time_zone=system.log_time_zone,
        queues={queue.lower(): part.name for part in parts for queue in (part.name, *part.queues)},
        cores_per_logged_cpu=known("cores_per_logged_cpu"),
        gpus_per_logged_gpu=known("gpus_per_logged_gpu"),
        nodes=known("nodes"),
        cores_per_node=known("cores_per_node"),
        gpus_per_node=known("gpus_per_node"),
        node_idle_w=known("node_idle_w"),
        node_max_w=known("node_max_w"),
    )


@dataclass(slots=True)
class _Tally:
    lines: int = 0
    accepted: int = 0
    completed: int = 0
    refused: int = 0
    seen_before: int = 0
    steps: int = 0
    passed_over: int = 0
    gpus_seen: float = 0
    notes: dict[str, None] = field(default_factory=dict)
    reasons: Counter[str] = field(default_factory=Counter)

    def add(self, chunk: Chunk) -> None:
        """Count the lines of a chunk that hold no job to store."""
        self.lines += chunk.lines
        self.refused += chunk.refusals.height
        self.steps += chunk.steps
        self.passed_over += chunk.passed_over
        self.reasons.update(chunk.refusals["reason"].to_list())
        self.gpus_seen += float(chunk.jobs["gpus"].sum())
        self.notes.update(dict.fromkeys(chunk.notes))


def _reading(settings: Settings, order: Order, now: datetime) -> Reading:
    zone = order.time_zone or order.system.log_time_zone
    try:
        ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise InputError(f"the time zone {zone!r} does not exist; name one as IANA does, such as Europe/Paris or UTC.") from error
    pseudonym = pseudonyms(pseudonym_key(settings), order.system.id)
    return Reading(
        machine=machine_of(order.system),
        time_zone=zone,
        pseudonym=pseudonym,
        now=now,
        gpu_tres=order.gpu_tres,
        mapping=order.mapping,
    )


def _gathered(read: Iterable[Chunk], progress: Progress | None) -> Iterator[list[Chunk]]:
    """The chunks of a log, as many together as are stored at once; each is one Parquet file of the store."""
    held, lines = list[Chunk](), 0
    for chunk in read:
        held.append(chunk)
        lines += chunk.lines
        if progress is not None:
            progress(chunk.bytes_read, lines)
        if sum(chunk.jobs.height for chunk in held) >= STORED_AT_ONCE:
            yield held
            held = []
    if held:
        yield held


def _store(writer: Writer, several: list[Chunk], partitions: pl.DataFrame, tally: _Tally, batch_id: int) -> None:
    read = node_parts.with_nodes_held(pl.concat([chunk.jobs for chunk in several]), partitions)
    landed = jobs.store(writer, read, batch_id=batch_id)
    batches.record_refusals(writer, pl.concat([chunk.refusals for chunk in several]), batch_id=batch_id)
    tally.accepted += landed.accepted
    tally.completed += landed.completed
    tally.seen_before += landed.seen_before
    for chunk in several:
        tally.add(chunk)


def _believable(order: Order, tally: _Tally, dialect: Dialect) -> None:
    counted = tally.accepted + tally.refused + tally.seen_before + tally.steps + tally.passed_over
    if counted != tally.lines:
        raise LogError(f"{order.path.name} has {tally.lines:,} lines but {counted:,} were accounted for; nothing was stored.")
    if tally.accepted + tally.seen_before == 0:
        found = ", ".join(f"{count:,} x {reason}" for reason, count in tally.reasons.most_common(3)) or "no line of a job"
        raise LogError(
            f"{order.path.name} was read as {dialect.shown_as}, but none of its {tally.lines:,} lines is a job that can be believed "
            f"({found}); expected one finished job a line. Check the file, --dialect, --system and --time-zone. Nothing was stored."
        )


def _closed(writer: Writer, order: Order, person: Person, dialect: Dialect, tally: _Tally, batch_id: int, now: datetime) -> Batch:
    """The batch record, stored with rollups, accounts and projects; or, where nothing is new, not stored at all."""
    first, last = batches.span(writer, batch_id)
    new = tally.accepted > 0
    batch = Batch(
        batch_id=batch_id if new else 0,
        system=order.system.id,
        file=order.path.name,
        dialect=dialect.value,
        lines_read=tally.lines,
        accepted=tally.accepted,
        completed=tally.completed,
        refused=tally.refused,
        seen_before=tally.seen_before,
        steps=tally.steps,
        passed_over=tally.passed_over,
        first_submitted=first,
        last_seen=last,
        demo=order.demo,
        author=person.name,
        ingested=now,
    )
    if not new:
        batches.forget_refusals(writer, batch_id)
        return batch
    projects.register_accounts(writer, batch_id=batch_id)
    if order.projects is not None:
        projects.save(writer, order.projects, author=person.name, decided=now)
    rollups.add(writer, batch_id)
    batches.record(writer, batch)
    return batch


def _warnings(order: Order, tally: _Tally) -> list[str]:
    found = list(tally.notes)
    has_gpus = any(part.gpus_per_node for part in order.system.partitions)
    if has_gpus and tally.accepted and tally.gpus_seen == 0:
        found.append(
            f"{order.system.name} has GPU nodes, but no job in this log names a GPU: either only other nodes ran, or gres/gpu is missing "
            "from AccountingStorageTRES and GPU-hours are lost."
        )
    if tally.refused > tally.lines / 100:
        found.append(f"{tally.refused / tally.lines:.1%} of the lines were refused; see their reasons on the intake page.")
    return found
