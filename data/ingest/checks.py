"""Which rows of a log cannot be true, with the reason and what was found; what is refused here enters no figure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

import polars as pl

from data.ingest.hardware import ROOM, limits
from data.ingest.privacy import masked
from data.ingest.source import Machine

CLOCK_TOLERANCE_S = 5
"""Clocks of different hosts may differ by seconds: a job may start so much before it was submitted."""

ELAPSED_TOLERANCE_S = 60
"""So much longer than from its start to its end may a job have run: schedulers round, and settle the end late."""

EARLIEST = datetime(1990, 1, 1, tzinfo=UTC)
"""No job log is older; earlier times come from clocks that were not set, or from offsets read as times."""

FUTURE = timedelta(days=1)
"""How far a time may lie ahead of the moment of reading."""

FAULTS = {"line": pl.Int64, "reason": pl.String, "detail": pl.String}
"""A refused row, before the text of its line is added."""


class Reason(StrEnum):
    """Why a line was refused."""

    WRONG_NUMBER_OF_FIELDS = "wrong_number_of_fields"
    TRUNCATED_LINE = "truncated_line"
    UNREADABLE_RECORD = "unreadable_record"
    NO_JOB_ID = "no_job_id"
    NO_SUBMIT_TIME = "no_submit_time"
    NO_START_TIME = "no_start_time"
    NO_END_TIME = "no_end_time"
    NO_RUN_TIME = "no_run_time"
    UNREADABLE_TIME = "unreadable_time"
    UNREADABLE_NUMBER = "unreadable_number"
    UNKNOWN_STATE = "unknown_state"
    ARRAY_RANGE_RAN = "array_range_ran"
    TIME_OUT_OF_RANGE = "time_out_of_range"
    NEGATIVE = "negative"
    ENDED_BEFORE_STARTED = "ended_before_started"
    STARTED_BEFORE_SUBMITTED = "started_before_submitted"
    ELAPSED_TOO_LONG = "elapsed_too_long"
    NO_RESOURCES = "no_resources"
    TOO_LARGE = "too_large"


DOUBTFUL_FIELDS = (Reason.NO_JOB_ID, Reason.UNREADABLE_TIME, Reason.UNREADABLE_NUMBER, Reason.UNKNOWN_STATE)
"""Reasons that may mean that the fields of a line are shifted, so that a name may stand in any of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One thing that must not be so."""

    reason: Reason
    """The short code of the fault."""
    faulty: pl.Expr
    """Whether a row has it; null means no."""
    detail: pl.Expr
    """What was found in the row and what was expected."""


def sorted_out(rows: pl.DataFrame, checks: Sequence[Check]) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The rows that pass every check, and the faults of the others: the first that each has."""
    first = rows.select(pl.coalesce(pl.when(check.faulty).then(pl.lit(place, pl.Int16)) for place, check in enumerate(checks))).to_series()
    if first.null_count() == rows.height:
        return rows, pl.DataFrame(schema=FAULTS)
    found = [
        rows.filter(first == place).select("line", pl.lit(checks[place].reason.value).alias("reason"), checks[place].detail.alias("detail"))
        for place in first.drop_nulls().unique().to_list()
    ]
    return rows.filter(first.is_null()), pl.concat(found).sort("line")


def believable(machine: Machine, now: datetime) -> list[Check]:
    """What holds for the jobs of every log, whatever its dialect."""
    times = [_in_range(name, now) for name in ("submitted", "started", "ended")]
    sizes = [_not_negative(name) for name in ("elapsed_s", "suspended_s", "time_limit_s", "nodes", "cores", "gpus", "restarts")]
    return [*times, *sizes, *_orders(), _resources(), *(_fits(size, most) for size, most in limits(machine).items())]


def quoted(name: str) -> pl.Expr:
    """The text of a field as a detail may quote it: masked where it may be a name."""
    return pl.col(name).fill_null("empty").map_elements(masked, return_dtype=pl.String)


def shown(value: str) -> pl.Expr:
    """A value of a row as text for a detail."""
    return pl.col(value).cast(pl.String).fill_null("not known")


def moment(name: str) -> pl.Expr:
    """A time of a row as text for a detail."""
    return pl.col(name).dt.strftime("%Y-%m-%d %H:%M:%S UTC").fill_null("not known")


def _in_range(name: str, now: datetime) -> Check:
    latest = now + FUTURE
    expected = f"a job log has times from {EARLIEST:%Y} to {latest:%Y-%m-%d}; check the clock and the time zone"
    return Check(
        reason=Reason.TIME_OUT_OF_RANGE,
        faulty=~pl.col(name).is_between(EARLIEST, latest),
        detail=pl.format(f"it was {name} {{}}, but {expected}", moment(name)),
    )


def _not_negative(name: str) -> Check:
    detail = pl.format(f"{name} is {{}}, but cannot be below 0", shown(name))
    return Check(reason=Reason.NEGATIVE, faulty=pl.col(name) < 0, detail=detail)


def _orders() -> list[Check]:
    span_s = (pl.col("ended") - pl.col("started")).dt.total_seconds()
    wait_s = (pl.col("started") - pl.col("submitted")).dt.total_seconds()
    return [
        Check(
            reason=Reason.ENDED_BEFORE_STARTED,
            faulty=span_s < 0,
            detail=pl.format("it ended {}, before it started {}", moment("ended"), moment("started")),
        ),
        Check(
            reason=Reason.STARTED_BEFORE_SUBMITTED,
            faulty=wait_s < -CLOCK_TOLERANCE_S,
            detail=pl.format("it started {}, before it was submitted {}", moment("started"), moment("submitted")),
        ),
        Check(
            reason=Reason.ELAPSED_TOO_LONG,
            faulty=pl.col("elapsed_s") > span_s + ELAPSED_TOLERANCE_S,
            detail=pl.format("it ran {} s, but its start and end are {} s apart; check the log's time zone", shown("elapsed_s"), span_s),
        ),
    ]


def _resources() -> Check:
    size = pl.max_horizontal("nodes", "cores")
    return Check(
        reason=Reason.NO_RESOURCES,
        faulty=(pl.col("elapsed_s") > 0) & (size == 0),
        detail=pl.format("it ran {} s on no node and no core", shown("elapsed_s")),
    )


def _fits(size: str, most: pl.Expr) -> Check:
    return Check(
        reason=Reason.TOO_LARGE,
        faulty=pl.col(size) > most * ROOM,
        detail=pl.format(
            f"it has {{}} {size}, but {{}} has {{}}; check which machine the log is from, and what its logged CPUs and GPUs are",
            shown(size),
            pl.col("partition").fill_null("the machine"),
            most,
        ),
    )
