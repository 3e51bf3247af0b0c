"""What every dialect shares: the machine a log comes from, the chunks an adapter hands over, and the file read as blocks of lines."""

import gzip
import zlib
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import IO, TypeVar, cast

import polars as pl

from data.errors import LogError

Item = TypeVar("Item")
Made = TypeVar("Made")

WORKERS = 2
"""How many parts of a log are turned into jobs at once, beside the thread that stores them."""

BLOCK_BYTES = 16 << 20
"""How much text is read at a time: enough to be fast, little enough to keep memory flat."""

LONGEST_LINE_BYTES = 8 << 20
"""No scheduler writes a longer line; a file that has one is no log."""

HEAD_BYTES = 64 << 10
"""How much of a file is looked at to tell what it is."""

GZIP_MAGIC = b"\x1f\x8b"
UTF8_MARK = b"\xef\xbb\xbf"


class Dialect(StrEnum):
    """The ways in which schedulers write their logs that Equinode reads."""

    SACCT = "sacct"
    SACCT_BARE = "sacct_bare"
    SACCT_XDMOD = "sacct_xdmod"
    SACCT_NDJSON = "sacct_ndjson"
    SACCT_JSON = "sacct_json"
    SLURMDBD = "slurmdbd"
    CLUSTERCOCKPIT = "clustercockpit"
    JOB_TABLE = "job_table"
    JOB_PARQUET = "job_parquet"
    SWF = "swf"

    @property
    def shown_as(self) -> str:
        """The name that people know it by."""
        return {
            "sacct": "Slurm sacct -P with a header",
            "sacct_bare": "Slurm sacct -P without a header, in the recommended fields",
            "sacct_xdmod": "Slurm sacct -P, Open XDMoD's 26 fields without a header",
            "sacct_ndjson": "Slurm sacct fields as JSON, one record or list a line",
            "sacct_json": "Slurm sacct --json, or slurmrestd's jobs of slurmdbd",
            "slurmdbd": "a table dump of slurmdbd's jobs",
            "clustercockpit": "ClusterCockpit's job archive, one JSON record a line",
            "job_table": "a CSV table of jobs",
            "job_parquet": "a Parquet table of jobs",
            "swf": "Standard Workload Format",
        }[self.value]

    @property
    def own_zone(self) -> str | None:
        """The zone that its times are always in; none where they are local to the machine."""
        epochs = (Dialect.SACCT_JSON, Dialect.SLURMDBD, Dialect.CLUSTERCOCKPIT, Dialect.SWF)
        return "UTC" if self in (Dialect.SACCT_XDMOD, *epochs) else None

    @property
    def counts_records(self) -> bool:
        """Whether its records are counted, as it is not made of lines."""
        return self in (Dialect.SACCT_NDJSON, Dialect.SACCT_JSON, Dialect.JOB_PARQUET)


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """What an adapter must know of the machine whose log it reads."""

    system: str
    """Its identifier in the reference facts."""
    log_time_zone: str
    """The zone, as IANA names it, in which its scheduler prints local times."""
    queues: Mapping[str, str] = field(default_factory=dict)
    """The scheduler's partition (lower case) and the hardware partition it runs on."""
    cores_per_logged_cpu: Mapping[str, float] = field(default_factory=dict)
    """By hardware partition: physical cores behind one logged CPU, a half where hardware threads are logged; 1 where not named."""
    gpus_per_logged_gpu: Mapping[str, float] = field(default_factory=dict)
    """By hardware partition: billing GPUs behind one logged GPU, a half where dies are logged; 1 where not named."""
    nodes: Mapping[str, float] = field(default_factory=dict)
    """By hardware partition: how many nodes it has, where known."""
    cores_per_node: Mapping[str, float] = field(default_factory=dict)
    """By hardware partition: physical cores in a node, where known."""
    gpus_per_node: Mapping[str, float] = field(default_factory=dict)
    """By hardware partition: billing GPUs in a node, where known; 0 says that it has none."""
    node_idle_w: Mapping[str, float] = field(default_factory=dict)
    """By hardware partition: power of an idle node, where known."""
    node_max_w: Mapping[str, float] = field(default_factory=dict)
    """By hardware partition: power of a fully loaded node, where known."""

    @property
    def partitions(self) -> tuple[str, ...]:
        """Its hardware partitions, in alphabetical order.

        >>> Machine(system="vega", log_time_zone="Europe/Ljubljana", queues={"gpu": "GPU"}, nodes={"CPU": 960}).partitions
        ('CPU', 'GPU')
        """
        units, sizes = (self.cores_per_logged_cpu, self.gpus_per_logged_gpu), (self.nodes, self.cores_per_node, self.gpus_per_node)
        return tuple(sorted(set(self.queues.values()).union(*units, *sizes, self.node_idle_w, self.node_max_w)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """How one log is to be read: all that an adapter needs besides the file."""

    machine: Machine
    """The machine whose scheduler wrote it."""
    time_zone: str
    """The zone, as IANA names it, of times that carry none of their own."""
    pseudonym: Callable[[str], str]
    """Turns the name of a user into a pseudonym."""
    now: datetime
    """The moment of reading; a job cannot have ended long after it."""
    block_bytes: int = BLOCK_BYTES
    """How much text is read at a time."""
    gpu_tres: tuple[int, ...] = ()
    """The site's own numbers of trackable resources that are GPUs, where a log gives numbers instead of names."""
    mapping: tuple[str, ...] = ()
    """What columns of a table of jobs mean, as `field=column`, where their names do not tell."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Chunk:
    """What one block of a log holds; every line is in exactly one of the counts.

    Where a log is not made of lines, each of its records, a job or a step, counts as one.
    """

    jobs: pl.DataFrame
    """The accepted jobs, schema `JOBS`."""
    refusals: pl.DataFrame
    """The refused lines, schema `REFUSALS`."""
    lines: int
    """Lines read."""
    steps: int = 0
    """Job steps and partial executions: their use is already in the row of their job."""
    blank: int = 0
    """Lines that hold nothing."""
    header: int = 0
    """Lines that name the columns."""
    comment: int = 0
    """Lines that the format sets aside for remarks."""
    continued: int = 0
    """Lines that continue the one above them, because a text in it holds a line end."""
    bytes_read: int = 0
    """How far the file, compressed as it may be, has been read."""
    notes: tuple[str, ...] = ()
    """What a reader must know of how the log was read."""

    @property
    def passed_over(self) -> int:
        """Lines that hold no job and no step of their own."""
        return self.blank + self.header + self.comment + self.continued


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """Some whole lines of a log."""

    text: bytes
    """The lines, each closed by a newline."""
    first_line: int
    """The number of its first line in the file, counted from 1."""
    bytes_read: int
    """How far the file, compressed as it may be, has been read."""
    cut_off: bool = False
    """Whether the file ends without closing its last line, which is in this block."""
    continued: tuple[int, ...] = ()
    """The numbers of lines that were joined to the one above them, and so are no lines of the text any more."""


def head(path: Path) -> bytes:
    """The first bytes of a file's text, unpacked where it is compressed with gzip.

    Raises:
        LogError: if the file cannot be opened, is empty, or is compressed in a way that is not read.
    """
    with _opened(path) as (_, text):
        return _read(text, HEAD_BYTES, path).removeprefix(UTF8_MARK)


def first_line(path: Path) -> str:
    """The first line that is not blank, empty where there is none."""
    return next((line for line in head(path).decode(errors="replace").splitlines() if line.strip()), "")


def pieces(path: Path, size: int) -> Iterator[tuple[bytes, int]]:
    """The text of a file that is not made of lines, some bytes at a time, and how far the file has been read.

    Raises:
        LogError: if the file cannot be read to its end.
    """
    with _opened(path) as (raw, text):
        mark = UTF8_MARK
        while read := _read(text, size, path):
            yield read.removeprefix(mark), raw.tell()
            mark = b""


def blocks(path: Path, block_bytes: int = BLOCK_BYTES) -> Iterator[Block]:
    """The lines of a log, some at a time; the next block is read while one is worked on, so two are in memory.

    Raises:
        LogError: if the file cannot be read to its end, or holds a line that no scheduler would write.
    """
    return ahead(_blocks(path, block_bytes))


def ahead(items: Iterator[Item], *, most: int = 1) -> Iterator[Item]:
    """The same items, the next ones made by a thread of its own while one is worked on, `most` of them in advance.

    >>> list(ahead(iter((1, 2, 3))))
    [1, 2, 3]
    """
    maker = ThreadPoolExecutor(max_workers=1)
    try:
        upcoming = deque(maker.submit(next, items, None) for _ in range(most))
        while (item := upcoming.popleft().result()) is not None:
            upcoming.append(maker.submit(next, items, None))
            yield item
    finally:
        maker.shutdown(cancel_futures=True)


def spread(items: Iterable[Item], work: Callable[[Item], Made]) -> Iterator[Made]:
    """What `work` makes of each item, in their order, by several threads at once.

    >>> list(spread((1, 2, 3), lambda number: number * 10))
    [10, 20, 30]
    """
    pool, upcoming = ThreadPoolExecutor(max_workers=WORKERS), deque[Future[Made]]()
    try:
        for item in items:
            upcoming.append(pool.submit(work, item))
            if len(upcoming) > WORKERS:
                yield upcoming.popleft().result()
        while upcoming:
            yield upcoming.popleft().result()
    finally:
        pool.shutdown(cancel_futures=True)


def _blocks(path: Path, block_bytes: int) -> Iterator[Block]:
    with _opened(path) as (raw, text):
        first_line, rest, start = 1, b"", UTF8_MARK
        while read := _read(text, block_bytes, path):
            lines, newline, rest = (rest + read.removeprefix(start)).rpartition(b"\n")
            start = b""
            if newline:
                yield Block(text=_unix(lines + newline), first_line=first_line, bytes_read=raw.tell())
                first_line += lines.count(b"\n") + 1
            if len(rest) > max(block_bytes, LONGEST_LINE_BYTES):
                raise LogError(f"line {first_line:,} of {path} has more than {len(rest):,} bytes; a job log has one job a line.")
        if rest:
            yield Block(text=_unix(rest + b"\n"), first_line=first_line, bytes_read=raw.tell(), cut_off=True)


@contextmanager
def _opened(path: Path) -> Iterator[tuple[IO[bytes], IO[bytes]]]:
    """The file as it lies on disk, and its text; the same where it is not compressed."""
    try:
        raw = path.open("rb")
    except FileNotFoundError:
        raise LogError(f"there is no file {path}; check the path.") from None
    except IsADirectoryError:
        raise LogError(f"{path} is a folder; name one log file in it.") from None
    except PermissionError:
        raise LogError(f"{path} may not be read by this account; ask its owner for read permission.") from None
    with raw:
        packed = raw.read(len(GZIP_MAGIC)) == GZIP_MAGIC
        raw.seek(0)
        if packed:
            with gzip.GzipFile(fileobj=raw) as text:
                yield raw, cast(IO[bytes], text)
        else:
            yield raw, raw


def _read(text: IO[bytes], size: int, path: Path) -> bytes:
    try:
        return text.read(size)
    except EOFError:
        raise LogError(f"{path} is cut off: its gzip data end too early; copy the file again in full.") from None
    except (gzip.BadGzipFile, zlib.error) as fault:
        raise LogError(f"{path} is damaged: its gzip data cannot be unpacked ({fault}); copy the file again.") from None
    except OSError as fault:
        raise LogError(f"{path} could not be read to its end ({fault.strerror}); check the disk or the connection.") from None


def _unix(lines: bytes) -> bytes:
    return lines.replace(b"\r\n", b"\n") if b"\r" in lines else lines
