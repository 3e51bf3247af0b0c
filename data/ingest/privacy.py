"""Names of people kept out of the store: keyed pseudonyms for users, masks for whatever else could name a person."""

import hashlib
import hmac
import re
from collections.abc import Callable, Container
from functools import cache

MASK = "***"
LONGEST_RAW = 2_000
"""How much of a refused line is kept."""

SAFE_WORD = re.compile(
    r"""(?=\S*\d)[\d.:+\-_TZ/]+                              # a number, time, duration, zone offset or number of a job
    | \d+(?:\.\d+)?[KMGTPE]?[cn]?                          # a size
    | (?:BOOT_FAIL|CANCELLED|COMPLETED|DEADLINE|FAILED|NODE_FAIL|OUT_OF_MEMORY|PENDING|PREEMPTED)\+?
    | (?:RUNNING|REQUEUED|RESIZING|REVOKED|SUSPENDED|TIMEOUT)\+?
    | by | None | assigned | Unknown | UNLIMITED | Partition_Limit
    | (?:cpu|mem|node|energy|billing|gres/gpu)=[\d.]+[KMGTPE]?   # trackable resources
    """,
    re.VERBOSE,
)
PERHAPS_UID = re.compile(r"\d{3,}")
"""A whole number that may be the number of a user; the first one of a line is taken for the job's."""

WORD = re.compile(r"[^\s|;,\"'(){}\[\]☃^#]+")


def pseudonyms(key: bytes, system: str) -> Callable[[str], str]:
    """A function that gives each user of a machine the same pseudonym every time, and that nobody can turn back without the key.

    HMAC-SHA256 over the machine and the name, so that one person on two machines has two pseudonyms.

    >>> pseudonym = pseudonyms(b"a secret of the store", "lumi")
    >>> pseudonym("alice") == pseudonym("alice"), pseudonym("alice") == pseudonym("bob")
    (True, False)
    >>> pseudonym("alice")
    'u_8d1c4850077cf742'
    """

    @cache
    def pseudonym(name: str) -> str:
        digest = hmac.new(key, f"{system}\0{name}".encode(), hashlib.sha256)
        return f"u_{digest.hexdigest()[:16]}"

    return pseudonym


def masked(raw: str) -> str:
    """A line whose fields are not known, with every word masked that is not a number, time, size, state or trackable resource.

    Whole numbers of three digits and more are masked too, but for a first one: they may be those of users.

    >>> masked("123|alice|2026-01-31T12:00:00|CANCELLED by 1001|cpu=8,mem=16G|my job")
    '123|***|2026-01-31T12:00:00|CANCELLED by ***|cpu=8,mem=16G|*** ***'
    """
    words = WORD.sub(lambda word: word[0] if _is_safe(word) else MASK, raw)
    return without_uid(words)[:LONGEST_RAW]


def masked_fields(raw: str, separator: str, names: tuple[str, ...], shown: Container[str]) -> str:
    """A line whose fields are known, with every field masked that is not among those shown; empty fields stay empty.

    >>> masked_fields("123|alice|COMPLETED|my|job", "|", ("jobid", "user", "state", "jobname"), {"jobid", "state"})
    '123|***|COMPLETED|***|***'
    """
    fields = raw.split(separator)
    known = (*names[: len(fields)], *[""] * (len(fields) - len(names)))
    kept = (field if name in shown or not field else MASK for field, name in zip(fields, known, strict=True))
    return without_uid(separator.join(kept))[:LONGEST_RAW]


def _is_safe(word: re.Match[str]) -> bool:
    return SAFE_WORD.fullmatch(word[0]) is not None and (word.start() == 0 or PERHAPS_UID.fullmatch(word[0]) is None)


def without_uid(line: str) -> str:
    """A line in which no state tells the number of the person who cancelled the job.

    >>> without_uid("CANCELLED by 1001|0:0")
    'CANCELLED by ***|0:0'
    """
    return re.sub(r"\b(CANCELLED\+? by) \d+", rf"\1 {MASK}", line, flags=re.IGNORECASE)
