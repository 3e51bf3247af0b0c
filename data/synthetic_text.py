"""Writes invented jobs as `sacct -P` prints them, in the recommended fields, so that they pass through the same door as a real log."""

import polars as pl

from data.synthetic_projects import Slot

FIELDS = (
    *("JobIDRaw", "JobID", "Cluster", "Partition", "QOS", "Account", "Group", "User", "UID", "Submit", "Eligible", "Start", "End"),
    *("ElapsedRaw", "Suspended", "State", "ExitCode", "NNodes", "NCPUS", "ReqCPUS", "ReqMem", "ReqTRES", "AllocTRES", "TimelimitRaw"),
    *("ConsumedEnergyRaw", "Restarts", "Reservation", "NodeList", "JobName"),
)
"""The fields of the recommended export, in its order; times are seconds since 1970."""

QUEUES = {
    ("lumi", "LUMI-G"): ("dev-g", "small-g", "standard-g", 5),
    ("lumi", "LUMI-C"): ("debug", "small", "standard", 5),
    ("jupiter", "Booster"): ("booster", "booster", "largebooster", 385),
    ("deucalion", "ARM"): ("dev-arm", "normal-arm", "large-arm", 129),
    ("deucalion", "x86"): ("dev-x86", "normal-x86", "large-x86", 65),
    ("deucalion", "GPU"): ("dev-a100-40", "normal-a100-40", "normal-a100-80", 5),
}
"""Queues for short, usual and large jobs, and from how many nodes a job is large; elsewhere all go to the first."""

NO_VALUE = 2**64 - 2
"""What Slurm prints for an energy it does not know."""

_FIRST_JOB = 1_000_000
_START_IS_CANCEL_TIME_ON = ("karolina", "vega")
_EXIT = {"FAILED": "1:0", "OUT_OF_MEMORY": "0:125", "BOOT_FAIL": "0:1", "NODE_FAIL": "1:0"}


def sacct_text(jobs: pl.DataFrame, slots: tuple[Slot, ...]) -> bytes:
    """The log of one machine: a header line, then one line a job, with '|' between fields and nothing quoted."""
    lines = pl.concat([_lines(jobs.filter(pl.col("slot") == index), slot) for index, slot in enumerate(slots)])
    ordered = lines.sort("order", maintain_order=True).select(FIELDS)
    return ordered.write_csv(separator="|", quote_style="never", null_value="").encode()


def queue_of(slot: Slot) -> pl.Expr:
    """The Slurm partition of each job."""
    known = QUEUES.get((slot.system.id, slot.part.name))
    if known is None:
        return pl.lit(slot.part.queues[0] if slot.part.queues else slot.part.name.lower())
    short, usual, large, from_nodes = known
    brief = (pl.col("limit_min") <= 30) & (pl.col("nodes") <= 4)
    return pl.when(pl.col("nodes") >= from_nodes).then(pl.lit(large)).when(brief).then(pl.lit(short)).otherwise(pl.lit(usual))


def _lines(jobs: pl.DataFrame, slot: Slot) -> pl.DataFrame:
    compressed = _with_pending_arrays(jobs)
    unstarted, unknown = pl.col("started").is_null(), pl.col("state") == "PENDING"
    no_start = (
        pl.when(unknown)
        .then(pl.lit("Unknown"))
        .otherwise(pl.col("ended").cast(pl.String) if slot.system.id in _START_IS_CANCEL_TIME_ON else pl.lit("None"))
    )
    tres = _tres(slot)
    said = {
        "JobIDRaw": _FIRST_JOB + pl.col("job_id"),
        "JobID": pl.col("shown_id"),
        "Cluster": pl.lit(slot.system.id),
        "Partition": queue_of(slot),
        "QOS": _qos(slot),
        "Account": pl.col("account"),
        "Group": pl.col("account"),
        "User": pl.format("u{}", "uid"),
        "UID": pl.col("uid"),
        "Submit": pl.col("submitted"),
        "Eligible": pl.col("eligible"),
        "Start": pl.when(unstarted).then(no_start).otherwise(pl.col("started").cast(pl.String)),
        "End": pl.col("ended").cast(pl.String).fill_null("Unknown"),
        "ElapsedRaw": pl.col("elapsed_s"),
        "Suspended": pl.lit("00:00:00"),
        "State": pl.when(pl.col("state") == "CANCELLED").then(pl.format("CANCELLED by {}", "uid")).otherwise("state"),
        "ExitCode": pl.col("state").replace_strict(_EXIT, default="0:0"),
        "NNodes": pl.col("nodes"),
        "NCPUS": pl.col("cpus"),
        "ReqCPUS": pl.col("cpus"),
        "ReqMem": pl.format("{}M", "memory_mib"),
        "ReqTRES": tres,
        "AllocTRES": pl.when(unstarted).then(pl.lit("")).otherwise(_with_energy(tres)),
        "TimelimitRaw": pl.col("limit_min"),
        "ConsumedEnergyRaw": pl.when("no_value").then(pl.lit(str(NO_VALUE))).otherwise(pl.col("joules").cast(pl.String).fill_null("0")),
        "Restarts": pl.col("restarts"),
        "Reservation": pl.lit(""),
        "NodeList": pl.when(unstarted).then(pl.lit("None assigned")).otherwise(_node_list(slot)),
        "JobName": pl.col("name"),
    }
    return compressed.select(order=pl.col("job_id"), **said)


def _with_pending_arrays(jobs: pl.DataFrame) -> pl.DataFrame:
    """The jobs with the number that sacct shows; pending tasks of one array stand in one row, such as 1000042_[3,5]."""
    number, pending = _FIRST_JOB + pl.col("array_id"), (pl.col("state") == "PENDING") & (pl.col("tasks") > 1)
    waiting = (
        jobs.filter(pending)
        .group_by("slot", "leader", maintain_order=True)
        .agg(pl.all().first(), waiting=pl.col("task").cast(pl.String).str.join(","))
    )
    waiting = waiting.select(*jobs.columns, shown_id=pl.format("{}_[{}]", number, "waiting"))
    others = jobs.filter(~pending)
    task = pl.when(pl.col("tasks") > 1).then(pl.format("{}_{}", number, "task")).otherwise((_FIRST_JOB + pl.col("job_id")).cast(pl.String))
    return pl.concat([others.with_columns(shown_id=task), waiting])


def _tres(slot: Slot) -> pl.Expr:
    parts = [pl.format("billing={},cpu={}", "cpus", "cpus")]
    if slot.gpus_per_node:
        parts.append(pl.format(",gres/gpu={}", "gpus"))
    return pl.concat_str([*parts, pl.format(",mem={}M,node={}", "memory_mib", "nodes")])


def _with_energy(tres: pl.Expr) -> pl.Expr:
    """The same list with the energy where there is a reading: sacct sorts its entries by name, so it follows the CPUs."""
    energy = pl.when(pl.col("joules").is_not_null()).then(pl.format(",energy={}", "joules")).otherwise(pl.lit(""))
    cut = pl.format("billing={},cpu={}", "cpus", "cpus")
    return pl.concat_str([cut, energy, tres.str.slice(cut.str.len_chars())])


def _qos(slot: Slot) -> pl.Expr:
    if slot.system.id == "marenostrum5":
        return pl.lit("acc_ehpc" if slot.gpus_per_node else "gp_ehpc")
    short = pl.col("mode").is_in(["development", "benchmark"]) & (pl.col("limit_min") <= 30)
    return pl.when(short).then(pl.lit("debug")).otherwise(pl.lit("normal"))


def _node_list(slot: Slot) -> pl.Expr:
    prefix = "nid" if slot.system.id == "lumi" else slot.part.name.lower().replace("-", "")[:3]
    first = 1 + pl.col("job_id") * 37 % (slot.nodes - pl.col("nodes") + 1)
    low, high = (edge.cast(pl.String).str.zfill(6) for edge in (first, first + pl.col("nodes") - 1))
    return pl.when(pl.col("nodes") == 1).then(pl.format(prefix + "{}", low)).otherwise(pl.format(prefix + "[{}-{}]", low, high))
