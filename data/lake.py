"""The one door to the store: a DuckLake that many read while one writes, with snapshots, migrations and time in UTC."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from importlib import import_module
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import pyarrow as pa
from filelock import FileLock, Timeout

from data.errors import StoreError
from data.settings import Settings
from data.store_errors import earlier_version, told

MIGRATIONS = Path(__file__).parent / "migrations"
CURRENT_SNAPSHOT = "select id from ducklake_current_snapshot('lake')"
SNAPSHOTS = """
select snapshot_id, snapshot_time, author, commit_message, commit_extra_info
from ducklake_snapshots('lake') where snapshot_id = coalesce($snapshot_id, snapshot_id) order by snapshot_id desc limit $most
"""
APPLIED = "select number from lake.migrations order by number"
TABLES = "select table_name from information_schema.tables where table_catalog = 'lake'"

IN_POSTGRES = "select 1 from information_schema.tables where table_catalog = 'catalog' and table_name = 'ducklake_metadata'"
_MADE = set[str]()
"""The PostgreSQL catalogs that were found to hold a store, so that their servers are not asked again."""

Parameters = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """One committed state of the store."""

    snapshot_id: int
    """Its number; a report names it and can be made again from it."""
    committed: datetime
    """When it was committed, UTC."""
    author: str | None
    """Who wrote it."""
    message: str | None
    """Why."""
    details: str | None
    """What the writer noted beside the message, as JSON."""


class Lake:
    """The store as its readers see it; read-only, at the newest state or at a named snapshot.

    Every read uses a cursor of its own, so one `Lake` serves all threads of a process.
    """

    def __init__(self, settings: Settings, *, snapshot_id: int | None = None) -> None:
        """Attach the store for reading.

        Raises:
            StoreError: if there is no store at the place named, or the snapshot does not exist.
        """
        if not exists(settings):
            raise StoreError(f"there is no store at {settings.lake}; make one with 'python -m data demo' or 'python -m data ingest FILE'.")
        self.settings = settings
        self.pinned = snapshot_id
        self._connection = _attached(settings, read_only=True, snapshot_id=snapshot_id)

    def frame(self, sql: str, parameters: Parameters | None = None) -> pl.DataFrame:
        """The rows of a query as a frame.

        Raises:
            StoreError: if the store cannot answer.
        """
        with told("be read"), self._of_this_version():
            try:
                return self._rows(sql, parameters)
            except (duckdb.CatalogException, duckdb.IOException, duckdb.ConnectionException):
                # upkeep may have moved what this connection remembers, or a catalog server was restarted: look once more
                self._connection = _attached(self.settings, read_only=True, snapshot_id=self.pinned)
                return self._rows(sql, parameters)

    @contextmanager
    def _of_this_version(self) -> Iterator[None]:
        """Says of a question that the tables cannot answer whether these are an earlier version's."""
        try:
            yield
        except (duckdb.BinderException, duckdb.CatalogException) as error:
            missing = pending_migrations(self) if self.pinned is None else []
            if missing and 1 not in missing:
                raise earlier_version(missing) from error
            raise

    def _rows(self, sql: str, parameters: Parameters | None) -> pl.DataFrame:
        with self._connection.cursor() as cursor:
            return _rows(cursor, sql, parameters)

    @property
    def snapshot_id(self) -> int:
        """The number of the state that reads see now."""
        return self.pinned if self.pinned is not None else int(self.frame(CURRENT_SNAPSHOT).item())

    def snapshot(self) -> Snapshot:
        """The state that reads see now, with its author and message."""
        return self.snapshots(most=1, snapshot_id=self.snapshot_id)[0]

    def snapshots(self, *, most: int, snapshot_id: int | None = None) -> list[Snapshot]:
        """The newest states, newest first."""
        rows = self.frame(SNAPSHOTS, {"most": most, "snapshot_id": snapshot_id})
        return [
            Snapshot(snapshot_id=number, committed=time, author=author, message=message, details=details)
            for number, time, author, message, details in rows.iter_rows()
        ]

    def close(self) -> None:
        """Let the store go."""
        self._connection.close()


class Writer:
    """The store as its one writer sees it, inside one transaction."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Take over a connection in whose transaction everything happens."""
        self._connection = connection
        self.message = ""
        self.details: dict[str, Any] = {}
        self.abandoned = False

    def frame(self, sql: str, parameters: Parameters | None = None) -> pl.DataFrame:
        """The rows of a query as a frame, the transaction's own writes included."""
        return _rows(self._connection, sql, parameters)

    def change(self, sql: str, parameters: Parameters | None = None) -> int:
        """How many rows a statement inserted, changed or deleted."""
        row = self._connection.execute(sql, dict(parameters or {})).fetchone()
        return int(row[0]) if row else 0

    @contextmanager
    def beside(self, name: str, frame: pl.DataFrame) -> Iterator[None]:
        """A frame that statements inside the block can name as a table."""
        handed = _Handed(frame)
        self._connection.register(name, handed)
        try:
            yield
        finally:
            self._connection.unregister(name)
            handed.let_go()


class _Handed:
    """A frame as DuckDB reads it, until it is let go: the transaction keeps what was registered in it, and so all the frame's memory."""

    def __init__(self, frame: pl.DataFrame) -> None:
        self._table: pa.Table | None = frame.to_arrow(compat_level=pl.CompatLevel.oldest())

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        """The rows as a stream of Arrow's C interface.

        Raises:
            StoreError: if the frame was let go already.
        """
        if self._table is None:
            raise StoreError("a table that was beside the store is read after it was let go; this is a fault of Equinode.")
        return self._table.__arrow_c_stream__(requested_schema)

    def let_go(self) -> None:
        """Free the rows."""
        self._table = None


@contextmanager
def writing(settings: Settings, *, author: str, message: str) -> Iterator[Writer]:
    """One transaction on the store: all of it lands, or nothing; writers queue behind each other.

    The message may be refined through `Writer.message` before the block ends; where `Writer.abandoned` is set, nothing is stored.

    Raises:
        StoreError: if another writer holds the store too long, or the store cannot be written; nothing is stored then.
    """
    with _queued(settings), told("be written"), _opened_to_write(settings) as connection:
        _migrate(connection)
        connection.execute("begin transaction")
        writer = Writer(connection)
        writer.message = message
        yield writer
        if writer.abandoned:
            connection.execute("rollback")
            return
        connection.execute(
            "call lake.set_commit_message($author, $message, extra_info => $details)",
            {"author": author, "message": writer.message, "details": json.dumps(writer.details, sort_keys=True, default=str)},
        )
        connection.execute("commit")


class Keeper:
    """The store as its upkeep sees it: each step a transaction of its own, which changes how data lie and not what they say."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, *, author: str) -> None:
        """Take over a connection outside any transaction."""
        self._connection = connection
        self._author = author

    def rows(self, sql: str, parameters: Parameters | None = None) -> list[Any]:
        """What a statement answers."""
        return self._connection.execute(sql, dict(parameters or {})).fetchall()

    def step(self, message: str, sql: str, parameters: Parameters | None = None) -> None:
        """Do one step as a transaction with author and message; where it changes nothing, it leaves no state."""
        self._connection.execute("begin transaction")
        if self.rows(sql, parameters):
            self._connection.execute("call lake.set_commit_message($author, $message)", {"author": self._author, "message": message})
        self._connection.execute("commit")


@contextmanager
def keeping(settings: Settings, *, author: str) -> Iterator[Keeper]:
    """The store for its upkeep, in the queue of the writers.

    Raises:
        StoreError: if another writer holds the store too long, or the store cannot be written.
    """
    alone = settings.model_copy(update={"threads": 1})  # joining files on several threads ended the process twice in some thousand runs
    with _queued(settings), told("be tidied"), _opened_to_write(alone) as connection:
        yield Keeper(connection, author=author)


def exists(settings: Settings) -> bool:
    """Whether a store was ever made at the place the settings name.

    Raises:
        StoreError: if the catalog's server cannot be asked.
    """
    if settings.catalog is None:
        return _catalog_file(settings).is_file()
    if settings.catalog not in _MADE:
        with told("be opened"), duckdb.connect(config={"autoload_known_extensions": False}) as connection:
            connection.execute(f"load {_literal(str(_extension_file('postgres_scanner')))}")
            connection.execute(f"attach {_literal(settings.catalog)} as catalog (type postgres, read_only)")
            if connection.execute(IN_POSTGRES).fetchone() is None:
                return False
        _MADE.add(settings.catalog)
    return True


def prepare(settings: Settings) -> None:
    """Make the store if there is none, and bring its tables up to this version.

    Raises:
        StoreError: if the folder cannot be written.
    """
    with _queued(settings), told("be prepared"), _opened_to_write(settings) as connection:
        _migrate(connection)


def pending_migrations(lake: Lake) -> list[int]:
    """Numbers of the migrations that the store has not seen yet."""
    tables = lake.frame(TABLES)["table_name"].to_list()
    applied = set(lake.frame(APPLIED)["number"].to_list()) if "migrations" in tables else set()
    return [number for number, _ in _numbered() if number not in applied]


def _migrate(connection: duckdb.DuckDBPyConnection) -> None:
    connection.execute("create table if not exists lake.migrations (number integer not null, name varchar not null)")
    applied = {row[0] for row in connection.execute(APPLIED).fetchall()}
    for number, file in _numbered():
        if number not in applied:
            connection.execute("begin transaction")
            connection.execute("use lake")
            connection.execute(file.read_text())
            connection.execute("insert into lake.migrations values ($number, $name)", {"number": number, "name": file.stem})
            connection.execute("call lake.set_commit_message('equinode', $message)", {"message": f"Migration {file.stem}"})
            connection.execute("commit")


def _numbered() -> list[tuple[int, Path]]:
    return [(int(file.name.split("_")[0]), file) for file in sorted(MIGRATIONS.glob("*.sql"))]


def _attached(settings: Settings, *, read_only: bool, snapshot_id: int | None = None) -> duckdb.DuckDBPyConnection:
    """A connection with the store attached as `lake`; the extensions come from installed wheels, signatures verified."""
    with told("be opened"):
        if not read_only:
            _parquet_folder(settings).mkdir(parents=True, exist_ok=True)
        connection = duckdb.connect(
            config={
                "autoinstall_known_extensions": False,
                "autoload_known_extensions": False,
                "memory_limit": settings.memory_limit,
                "threads": settings.threads,
                "temp_directory": str(settings.lake / "spill"),
                "preserve_insertion_order": True,
            }
        )
        connection.execute("set enable_progress_bar = false")
        for name in ("ducklake", "sqlite_scanner" if settings.catalog is None else "postgres_scanner"):
            connection.execute(f"load {_literal(str(_extension_file(name)))}")
        connection.execute("set TimeZone = 'UTC'")
        connection.execute(_attach_statement(settings, read_only=read_only, snapshot_id=snapshot_id))
        if read_only:
            connection.execute(f"set allowed_directories = [{_literal(str(_parquet_folder(settings).resolve()))}]")
            connection.execute("set enable_external_access = false")
            connection.execute("set lock_configuration = true")
        return connection


@contextmanager
def _opened_to_write(settings: Settings) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection that is closed at the end, and rolled back first where something failed.

    Left to the closing itself, a rollback that a lost server does not answer ends the whole process.
    """
    connection = _attached(settings, read_only=False)
    try:
        yield connection
    except BaseException:
        with suppress(duckdb.Error):  # there was no transaction, or its server is lost, which rolls back by itself
            connection.execute("rollback")
        raise
    finally:
        connection.close()


def _attach_statement(settings: Settings, *, read_only: bool, snapshot_id: int | None) -> str:
    options = [f"data_path {_literal(str(_parquet_folder(settings).resolve()))}", "override_data_path true"]
    if settings.catalog is None:
        source = f"ducklake:sqlite:{_catalog_file(settings).resolve()}"
        options += ["meta_journal_mode 'WAL'", "meta_busy_timeout 10000"]
    else:
        source = f"ducklake:postgres:{settings.catalog}"
    if snapshot_id is not None:
        options.append(f"snapshot_version {int(snapshot_id)}")
    if read_only:
        options.append("read_only")
    return f"attach {_literal(source)} as lake ({', '.join(options)})"


def _extension_file(name: str) -> Path:
    try:
        module = import_module(f"duckdb_extension_{name}")
    except ImportError as error:
        raise StoreError(f"the store could not be opened: {error}; install the packages that requirements.txt names.") from error
    return Path(str(module.__file__)).parent / "extensions" / f"v{duckdb.__version__}" / f"{name}.duckdb_extension"


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _catalog_file(settings: Settings) -> Path:
    return settings.lake / "catalog.sqlite"


def _parquet_folder(settings: Settings) -> Path:
    return settings.lake / "parquet"


def _rows(connection: duckdb.DuckDBPyConnection, sql: str, parameters: Parameters | None) -> pl.DataFrame:
    """The rows of a query; `execute` hands them over three times as fast as `sql` does where there are parameters."""
    return _utc(connection.execute(sql, dict(parameters or {})).pl())


def _utc(frame: pl.DataFrame) -> pl.DataFrame:
    """The frame with its times named UTC as the rest of the house names them (DuckDB says Etc/UTC)."""
    zoned = [name for name, kind in frame.schema.items() if isinstance(kind, pl.Datetime) and kind.time_zone]
    return frame.with_columns(pl.col(zoned).dt.convert_time_zone("UTC").dt.cast_time_unit("us")) if zoned else frame


@contextmanager
def _queued(settings: Settings) -> Iterator[None]:
    """The writer's place in the queue; the lock is the kernel's, so a killed writer leaves none behind."""
    with told("be opened"):
        settings.lake.mkdir(parents=True, exist_ok=True)
        lock = FileLock(settings.lake / "writer.lock", timeout=settings.writer_wait_s)
        try:
            lock.acquire()
        except Timeout as error:
            raise StoreError(
                f"another process is writing to {settings.lake} and did not finish within {settings.writer_wait_s:g} s; "
                "try again when it has finished, or let EQUINODE_WRITER_WAIT_S be longer."
            ) from error
    try:
        yield
    finally:
        lock.release()
