"""The columns, types and units of every frame that passes a door, and the check that each door makes."""

from collections.abc import Mapping

import polars as pl

from data.errors import SchemaError

Schema = Mapping[str, pl.DataType | type[pl.DataType]]

UTC_TIME = pl.Datetime("us", "UTC")

JOBS: Schema = {
    "system": pl.String,
    "cluster": pl.String,  # the name the scheduler gives itself; null where the log does not say
    "job_id": pl.Int64,  # Slurm's JobIDRaw, SWF's job number
    "array_job_id": pl.Int64,
    "array_task": pl.Int64,
    "partition": pl.String,  # the hardware partition of the reference facts, else the queue's own name
    "queue": pl.String,  # the partition as the scheduler names it
    "qos": pl.String,
    "account": pl.String,
    "unix_group": pl.String,
    "user_pseudonym": pl.String,
    "submitted": UTC_TIME,  # null: the log tells starts but no submissions, and so no waits
    "eligible": UTC_TIME,
    "started": UTC_TIME,  # null: it never started
    "ended": UTC_TIME,  # null: pending or running when the log was written
    "elapsed_s": pl.Int64,
    "suspended_s": pl.Int64,
    "time_limit_s": pl.Int64,  # null: none set, or not known
    "state": pl.String,
    "exit_code": pl.String,
    "nodes": pl.Int64,
    "cores": pl.Float64,  # physical cores: logged CPUs x the partition's cores_per_logged_cpu
    "gpus": pl.Float64,  # billing units: logged GPUs x the partition's gpus_per_logged_gpu
    "requested_nodes": pl.Int64,
    "requested_cores": pl.Float64,
    "requested_gpus": pl.Float64,
    "memory_mib": pl.Float64,
    "restarts": pl.Int64,
    "energy_logged_kwh": pl.Float64,  # as the log has it; null where it has none
    "energy_quality": pl.String,
    "line": pl.Int64,  # where in its file it stood, counted from 1
}
"""One row a job (or array task), as the adapters hand it over; times are UTC."""

REFUSALS: Schema = {
    "line": pl.Int64,
    "reason": pl.String,  # a short code, the same for the same fault
    "detail": pl.String,  # what was found and what was expected
    "raw": pl.String,  # the line with names of users masked
}

DIMENSIONS: Schema = {
    "system": pl.String,
    "partition": pl.String,
    "account": pl.String,
    "category": pl.String,
    "mode": pl.String,
    "country": pl.String,
    "month": pl.Date,
    "day": pl.Date,
}
"""The columns by which usage and waits can be grouped."""

USAGE_MEASURES: Schema = {
    "jobs": pl.Int64,  # that used the machine, counted on the day they ended (running ones: on the last day the log saw)
    "jobs_never_started": pl.Int64,  # pending, or cancelled while waiting, counted on the day of submission
    "jobs_failed": pl.Int64,
    "jobs_metered": pl.Int64,  # with a plausible energy reading
    "jobs_implausible": pl.Int64,  # with a reading that cannot be true
    "jobs_without_nodes": pl.Int64,  # whose node-hours are not known, and so not in node_hours
    "jobs_without_cores": pl.Int64,  # whose core-hours are not known, and so not in core_hours
    "jobs_without_gpus": pl.Int64,  # whose GPU-hours are not known, and so not in gpu_hours
    "jobs_queued_without_hours": pl.Int64,  # that wait and do not say for how many nodes or how long, and so not in node_hours_queued
    "node_hours": pl.Float64,
    "core_hours": pl.Float64,
    "gpu_hours": pl.Float64,
    "node_hours_failed": pl.Float64,
    "node_hours_metered": pl.Float64,
    "node_hours_held": pl.Float64,  # of the parts of nodes that jobs held; at most node_hours, which count whole nodes
    "node_hours_held_metered": pl.Float64,
    "node_hours_queued": pl.Float64,  # asked for (nodes x time limit) by jobs that wait still
    "energy_measured_kwh": pl.Float64,  # IT energy of the metered jobs
    "wall_hours": pl.Float64,  # elapsed time of the jobs, whatever their size
    "wall_hours_without_nodes": pl.Float64,  # of jobs whose nodes are not known
    "wall_hours_without_cores": pl.Float64,
    "wall_hours_without_gpus": pl.Float64,
}
"""The additive measures of a usage frame; a job that crosses midnight is split at the boundary."""

WAIT_MEASURES: Schema = {
    "bin": pl.Int64,  # floor(8 log2(1 + wait in seconds))
    "jobs": pl.Int64,  # that started
    "wait_s": pl.Float64,  # sum of their waits, from submission to start
}
"""A histogram of queue waits in long form, one row a bin; jobs are counted on the day they started."""

SLOWDOWN_MEASURES: Schema = {
    "bin": pl.Int64,  # floor(4 log2(bounded slowdown))
    "jobs": pl.Int64,  # that ended
}
"""A histogram of bounded slowdowns in long form, one row a bin; jobs are counted in the month they started."""

HOURLY: Schema = {
    "system": pl.String,
    "partition": pl.String,
    "hour": UTC_TIME,  # its beginning
    "node_hours_held": pl.Float64,  # of the parts of nodes that jobs held
    "node_hours_held_metered": pl.Float64,
    "energy_measured_kwh": pl.Float64,  # IT energy of the metered jobs
}
"""One row a partition and hour, of the jobs of all categories; hours before its first job have none."""

PARTITIONS: Schema = {
    "system": pl.String,
    "system_name": pl.String,
    "partition": pl.String,
    "country": pl.String,
    "grid_zone": pl.String,
    "status": pl.String,  # operating | announced | declared
    "in_service": pl.Date,  # null: not known, taken as always
    "out_of_service": pl.Date,
    "nodes": pl.Float64,
    "cores_per_node": pl.Float64,
    "gpus_per_node": pl.Float64,
    "node_idle_w": pl.Float64,
    "node_max_w": pl.Float64,
    "utilisation": pl.Float64,  # u of the modelled node power, idle + u x (max - idle)
    "pue": pl.Float64,
    "union_share": pl.Float64,
    "availability": pl.Float64,
    "market_factor": pl.Float64,  # market-based emissions as a part of location-based ones; null: contract not known
    "estimates": pl.String,  # names of the columns above that are estimates, separated by blanks
}
"""One row a hardware partition: the facts that analyses need, as numbers."""

INTENSITY: Schema = {
    "grid_zone": pl.String,
    "year": pl.Int32,
    "method": pl.String,  # production | flow_traced
    "scope": pl.String,  # life_cycle | direct
    "intensity_gco2e_per_kwh": pl.Float64,
    "source": pl.String,
    "flag": pl.String,
}
"""Annual carbon intensity of a grid zone."""

PRICES: Schema = {
    "country": pl.String,
    "year": pl.Int32,
    "kind": pl.String,  # wholesale | non_household
    "price_eur_per_mwh": pl.Float64,
    "source": pl.String,
    "flag": pl.String,
}

CARBON_SERIES: Schema = {
    "grid_zone": pl.String,
    "method": pl.String,  # production | flow_traced
    "scope": pl.String,  # life_cycle | direct
    "started": UTC_TIME,
    "minutes": pl.Int32,  # how long the value holds from then on
    "intensity_gco2e_per_kwh": pl.Float64,
    "source": pl.String,
}
"""One row a zone and interval; an interval without a value has no row."""

PRICE_SERIES: Schema = {
    "zone": pl.String,
    "started": UTC_TIME,
    "minutes": pl.Int32,
    "price_eur_per_mwh": pl.Float64,  # may be negative
    "source": pl.String,
}
"""One row a market zone and interval."""

PROJECTS: Schema = {
    "system": pl.String,
    "account": pl.String,
    "title": pl.String,
    "category": pl.String,
    "organisation": pl.String,
    "country": pl.String,
    "field": pl.String,
    "mode": pl.String,
    "call": pl.String,
    "node_hours_awarded": pl.Float64,  # null: not known
    "starts": pl.Date,
    "ends": pl.Date,
}
"""One row a project on a machine: what somebody decided about it."""

APPLICATIONS: Schema = {
    "application": pl.String,  # its number in the call
    "organisation": pl.String,
    "category": pl.String,
    "country": pl.String,  # ISO 3166 code; null: not known
    "machines": pl.List(pl.String),  # as `system:partition`, in the order in which they are wished for
    "hours_asked": pl.Int64,  # whole hours in the unit of the call
    "hours_least": pl.Int64,  # below which an award is of no use; null: none stated
    "score": pl.Float64,
}
"""One row an application to a call for machine time."""


WEEKLY_USE: Schema = {
    "system": pl.String,
    "account": pl.String,
    "weeks_ago": pl.Int64,  # 0: the last seven days of the machine's log
    "node_hours": pl.Float64,
    "gpu_hours": pl.Float64,
    "core_hours": pl.Float64,
}
"""One row an account and week in which it used the machine; a week without a row is one without use."""

DAILY_USE: Schema = {
    "day": pl.Date,
    "node_hours": pl.Float64,
    "gpu_hours": pl.Float64,
    "core_hours": pl.Float64,
}
"""One row a day on which an account used the machine."""


def usage_by(*dimensions: str) -> Schema:
    """The schema of a usage frame grouped by these dimensions."""
    return {name: DIMENSIONS[name] for name in dimensions} | dict(USAGE_MEASURES)


def waits_by(*dimensions: str) -> Schema:
    """The schema of a frame of queue waits grouped by these dimensions."""
    return {name: DIMENSIONS[name] for name in dimensions} | dict(WAIT_MEASURES)


def slowdowns_by(*dimensions: str) -> Schema:
    """The schema of a frame of bounded slowdowns grouped by these dimensions."""
    return {name: DIMENSIONS[name] for name in dimensions} | dict(SLOWDOWN_MEASURES)


def check(frame: pl.DataFrame, schema: Schema) -> pl.DataFrame:
    """The frame itself, if it has every column of the schema with its type.

    Raises:
        SchemaError: naming every column that is missing or of another type.

    >>> check(pl.DataFrame({"jobs": [1]}), {"jobs": pl.Int64}).height
    1
    """
    faults, held = [], frame.schema
    for name, wanted in schema.items():
        found = held.get(name)
        if found is None:
            faults.append(f"column {name!r} is missing and must be {wanted}")
        elif found != wanted:
            faults.append(f"column {name!r} is {found} but must be {wanted}")
    if faults:
        raise SchemaError("; ".join(faults) + "; cast it where the frame is made.")
    return frame


def empty(schema: Schema) -> pl.DataFrame:
    """A frame of the schema without rows."""
    return pl.DataFrame(schema=dict(schema))
