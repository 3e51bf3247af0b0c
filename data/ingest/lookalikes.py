"""What files seem to be that are no logs of jobs, so that whoever hands one in is told what to do instead."""

import re
from collections.abc import Mapping
from typing import Any

from data.errors import LogError
from data.ingest.slurm import EXPORT

READABLE = (
    "sacct -P (with its header, or the 26 fields of Open XDMoD), sacct --json, a table of jobs (CSV or Parquet), a dump of slurmdbd's job "
    "table, ClusterCockpit's archive, or the Standard Workload Format (SWF)"
)

PACKED = {
    b"\x28\xb5\x2f\xfd": "compressed with zstd; unpack it, or compress it with gzip",
    b"BZh": "compressed with bzip2; unpack it, or compress it with gzip",
    b"\xfd7zXZ": "compressed with xz; unpack it, or compress it with gzip",
    b"PK\x03\x04": "a zip archive or an office document; unpack it and bring in the log itself",
    b"\xff\xfe": "text in UTF-16; save it as UTF-8",
    b"\xfe\xff": "text in UTF-16; save it as UTF-8",
    b"SQLite format 3": "an SQLite database; write its table of jobs to CSV",
    b"ARROW1": "an Arrow file; save the table of jobs as Parquet",
}
"""How files begin that are no text, and what to do about them."""

FOREIGN = {
    r"\d\d/\d\d/\d{4} \d\d:\d\d:\d\d;[A-Z];": f"an accounting log of PBS or Torque, which is not read; expected {READABLE}",
    r'"JOB_[A-Z]+" "': f"an accounting log of LSF, which is not read; expected {READABLE}",
    r"[^:\s]*:[^:]*:[^:]*:[^:]*:[^:]*:\d+:[^:]*:\d+:\d+:\d+:\d+": (
        f"an accounting file of Grid Engine (SGE), which is not read; expected {READABLE}"
    ),
    r"JobId=\d": f"the output of scontrol show job, which holds no finished jobs; export with {EXPORT}",
    r"NodeName=\S": f"the output of scontrol show node or a slurm.conf, which hold no jobs; export with {EXPORT}",
    r"PartitionName=\S": f"the output of scontrol show partition or a slurm.conf, which hold no jobs; export with {EXPORT}",
    r"(PARTITION|NODELIST)\s+(AVAIL|NODES|STATE|TIMELIMIT)": f"the output of sinfo, which tells nodes and no jobs; export with {EXPORT}",
    r"\s*JOBID\s+(PARTITION|NAME|USER|ST)": f"the output of squeue, which holds no finished jobs; export with {EXPORT}",
    r"JOBID\|(PARTITION|NAME|USER|ST)\b": f"the output of squeue, which holds no finished jobs; export with {EXPORT}",
    r"-{40}|(Cluster|Account|User)(/\w+)* (Utilization|\w* ?Usage)|Cluster\|(Account|Login|Proper Name)\b": (
        f"a report of sreport, which holds sums and no jobs; export with {EXPORT}"
    ),
    r"\s*Account\s+User\s+RawShares|Account\|User\|RawShares": f"the output of sshare, which holds no jobs; export with {EXPORT}",
    r"(# )?(Cluster|Parent|Account|User|QOS) - '": f"a file of sacctmgr dump, which holds associations and no jobs; export with {EXPORT}",
    r" *(?:\w+ +)*JobID(?:Raw)?(?: |$)": f"the output of sacct without -P, whose columns are cut short; export it again: {EXPORT}",
    r"[^|]*(\|[^|]*){8}": (
        "a table with '|' but without the header that names its columns, in an order that is not known: nothing is guessed; "
        f"add the header, or export it again: {EXPORT}"
    ),
    r"\d+(_\d+)?([^\w\s.,:;|-]|\^\|\^)": (
        "a table with neither '|' nor a header that names its columns, in an order that is not known: nothing is guessed; "
        f"add the header, or export it again: {EXPORT}"
    ),
    r"[^,;\t]*([,;\t][^,;\t]*){2}": (
        "a table whose columns are not those of jobs, or have other names; "
        "say which they are with --dialect job_table --mapping field=column"
    ),
}
"""How the first line of other files looks, and what they seem to be."""

JSON_KINDS = {
    "sinfo": "the output of sinfo --json",
    "nodes": "the output of scontrol show node --json, or slurmrestd's nodes",
    "partitions": "the output of scontrol show partition --json",
    "shares": "the output of sshare --json",
    "associations": "Slurm's associations",
    "accounts": "Slurm's accounts",
    "users": "Slurm's users",
    "qos": "Slurm's qualities of service",
    "jobs": "the output of squeue --json or scontrol show job --json, which holds the queue and no finished jobs",
}


def seems(line: str) -> str:
    """What a text seems to be by its first line, as the end of a sentence."""
    what = next((what for pattern, what in FOREIGN.items() if re.match(pattern, line)), f"no job log; expected {READABLE}")
    return f"seems to be {what}"


def json_seems(members: Mapping[str, Any]) -> str:
    """What a JSON file seems to be by the members of its first object, as the end of a sentence.

    >>> json_seems({"sinfo": []})[:52]
    'is JSON, but seems to be the output of sinfo --json;'
    """
    what = next((what for name, what in JSON_KINDS.items() if name in members), f"no log of jobs (it has {', '.join(list(members)[:8])})")
    return f"is JSON, but seems to be {what}; expected sacct --json, or one record of sacct's fields a line"


def must_be_text(text: bytes, name: str) -> None:
    """Refuse what is no text.

    Raises:
        LogError: saying what it is.
    """
    packed = next((what for magic, what in PACKED.items() if text.startswith(magic)), None)
    if packed is not None:
        raise LogError(f"{name} is {packed}.")
    if b"\0" in text[:1_000]:
        raise LogError(f"{name} holds binary data, not text; expected {READABLE}.")
