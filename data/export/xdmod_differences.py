"""Where Equinode's own definitions differ from Open XDMoD's on purpose, as a table for the methods page."""

from dataclasses import dataclass

import polars as pl

from data.schema import Schema, check

DIFFERENCES: Schema = {"statistics": pl.String, "xdmod": pl.String, "ours": pl.String, "why": pl.String}
"""One row a difference; `statistics` names XDMoD's identifiers, separated by commas."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """A figure that two programs define differently."""

    statistics: tuple[str, ...]
    """XDMoD's identifiers of the statistics concerned."""
    xdmod: str
    """How XDMoD defines it."""
    ours: str
    """How it is defined here."""
    why: str
    """Why not the same."""


_HOURS = ("total_cpu_hours", "total_gpu_hours", "total_node_hours", "total_wallduration_hours")

_ALL = (
    Difference(
        statistics=("submitted_job_count",),
        xdmod="Jobs submitted in a period that also ran in that same period.",
        ours="Jobs that ran are counted on the day they ended, jobs that never started on the day they were submitted: each job once.",
        why="A job submitted in one period and started in a later one is in neither of XDMoD's, so that its count depends on the unit: "
        "of 11,284 jobs submitted in eleven days of a real log it shows 9,962 by Day and 10,337 by Month.",
    ),
    Difference(
        statistics=("utilization",),
        xdmod="CPU-hours used / (all CPUs x 24 h x the days of every period that the request touches), in percent.",
        ours="Hours used / (nodes x 24 h x the days of the period itself in which the machine was in service), as a share.",
        why="By Month a request of eleven days that touches two months is divided by both: the same use is 6.8 % by Day, 1.8 % by Month.",
    ),
    Difference(
        statistics=("avg_waitduration_hours", "total_waitduration_hours"),
        xdmod="The mean wait of the jobs that started; 0 where none did.",
        ours="The median and the 90th percentile beside the mean; unknown where no job started.",
        why="A few long waits carry the mean: in a real log it is 1.86 h where half of the jobs waited about two minutes at most.",
    ),
    Difference(
        statistics=_HOURS,
        xdmod="Wall time is end - start, so that time in which a job was suspended counts as use.",
        ours="Hours are the elapsed time that the scheduler states, without suspended time.",
        why="A suspended job has let go of its processors.",
    ),
    Difference(
        statistics=("total_cpu_hours", "avg_cpu_hours", "avg_processors", "max_processors", "min_processors"),
        xdmod="CPUs as the scheduler counts them, which are hardware threads on many machines.",
        ours="Core-hours of physical cores, by the machine's own number of cores behind a logged CPU.",
        why="Hours of two machines can be added up only in the same unit.",
    ),
    Difference(
        statistics=("total_gpu_hours", "avg_gpu_hours", "avg_gpus"),
        xdmod="The first entry gres/gpu or gres/gpu:TYPE of the allocated resources.",
        ours="The entry gres/gpu, or the sum of all typed ones without it, in the billing unit of the machine's own rules.",
        why="Where two types of GPU are listed without a sum, the first is only a part of them.",
    ),
    Difference(
        statistics=("avg_job_size_weighted_by_gpu_hours",),
        xdmod="Cores of a job weighted by its GPU-hours, though the unit shown is GPUs.",
        ours="Not shown.",
        why="A job of 12 cores and 2 GPUs gives 12.",
    ),
    Difference(
        statistics=("job_count", "running_job_count", "started_job_count", *_HOURS),
        xdmod="Only jobs that ended; what runs when the log is written is in no figure until its end is known.",
        ours="A running job counts with the time it had used when the log was written, and is replaced by its later state.",
        why="The last days of every log would otherwise look idle.",
    ),
    Difference(
        statistics=("submitted_job_count", "job_count"),
        xdmod="Jobs cancelled while they waited are in no figure.",
        ours="They are counted as jobs that never started, and the node-hours that waiting jobs ask for stand beside the usage.",
        why="What was asked for and not served is part of how fairly a machine is shared.",
    ),
    Difference(
        statistics=("running_job_count", "avg_wallduration_hours", "avg_cpu_hours", "avg_gpu_hours", "avg_node_hours"),
        xdmod="A job counts as running in every period of a time series that it touches, and once in an aggregate.",
        ours="A job counts once, on the day it ended; averages a job are not shown.",
        why="Counts of parts must add up to the count of the whole.",
    ),
    Difference(
        statistics=("avg_wallduration_hours", "avg_waitduration_hours", "avg_cpu_hours", "avg_node_hours", "avg_processors", "avg_gpus"),
        xdmod='Beside an average, a "Std Dev" that is a standard error and takes each period\'s part of a job for a value of its own.',
        ours="No error of an average; the spread of waits is shown by quantiles.",
        why="It depends on the unit and is no standard deviation: 0.023 h by Day and 0.044 h by Month for the same jobs.",
    ),
    Difference(
        statistics=("expansion_factor",),
        xdmod="(wall + wait) / wall, weighted by node-hours; described in XDMoD's catalogue as the average job size.",
        ours="Not shown.",
        why="It grows without bound for jobs of a few seconds, which say little of how a queue treats its users.",
    ),
    Difference(
        statistics=_HOURS,
        xdmod="Days begin at midnight of the server's own time zone.",
        ours="Days begin at midnight UTC.",
        why="Machines in several countries stand side by side.",
    ),
    Difference(
        statistics=("active_pi_count",),
        xdmod="A PI is a Unix group, if a site does not choose the account.",
        ours="Projects are Slurm accounts.",
        why="Quotas and awards are set for accounts.",
    ),
)


def differences() -> pl.DataFrame:
    """Every figure that Equinode defines otherwise than Open XDMoD on purpose: both definitions, and why (frame DIFFERENCES).

    XDMoD's own figures come from `python -m data export metrics --compat xdmod`; figures here and on pages follow our definitions.
    """
    rows = [(", ".join(one.statistics), one.xdmod, one.ours, one.why) for one in _ALL]
    return check(pl.DataFrame(rows, schema=dict(DIFFERENCES), orient="row"), DIFFERENCES)
