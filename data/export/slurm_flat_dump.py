"""Reads the flat file that `sacctmgr dump` writes: every account of a cluster with its limits, parents first."""

import re
from collections.abc import Iterator

from data.export.slurm_state import Association, StateError, shares_of, tres_of

LINE = re.compile(r"(Cluster|Parent|Account|User|QOS) - (.*)")
QUOTED = re.compile(r"(?P<key>\w+)=(?:'(?P<single>[^']*)'|\"(?P<double>[^\"]*)\"|(?P<plain>[^:]*))(?::|$)")
NAMED = re.compile(r"'([^']*)'|\"([^\"]*)\"|([^:]+)")


def is_dump(text: str) -> bool:
    """Whether a text is such a file."""
    return any(line.startswith("Cluster - ") for line in text.splitlines())


def accounts_of_dump(text: str) -> list[Association]:
    """The accounts of the file; a key that is absent is a limit that is not set.

    Raises:
        StateError: naming a line that is not one of such a file.

    >>> [found] = accounts_of_dump("Cluster - 'lumi'\\nParent - 'root'\\nAccount - 'sme':Fairshare=200:GrpTRESMins=cpu=6000\\n")
    >>> found.account, found.parent, found.fairshare, found.minutes, found.at_once
    ('sme', 'root', 200, {'cpu': 6000}, {})
    """
    cluster, parent, found = "", "root", []
    for number, title, name, values in _lines(text):
        if title == "Cluster":
            if cluster and cluster != name:
                raise StateError(f"the flat file tells of the clusters {cluster} and {name}; hand in one at a time.")
            cluster = name
        elif title == "Parent":
            parent = name
        elif title == "Account":
            if not cluster:
                raise StateError(f"line {number} of the flat file tells of an account before any cluster.")
            found.append(_association(name, cluster, parent, values))
    return found


def _association(account: str, cluster: str, parent: str, values: dict[str, str]) -> Association:
    return Association(
        account=account,
        cluster=cluster,
        parent=parent,
        fairshare=shares_of(values["fairshare"]) if "fairshare" in values else None,
        minutes=tres_of(values.get("grptresmins", "")),
        at_once=tres_of(values.get("grptres", "")),
        qos=values.get("qos", ""),
        default_qos=values.get("defaultqos", ""),
    )


def _lines(text: str) -> Iterator[tuple[int, str, str, dict[str, str]]]:
    """Number, title, name and values of every line that is no comment."""
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        match = LINE.fullmatch(line.strip())
        named = NAMED.match(match[2]) if match else None
        if match is None or named is None:
            raise StateError(f"line {number} is not one of sacctmgr's flat file: {line.strip()[:60]!r}.")
        name = next(filter(None, named.groups()), "").lower()
        values = {
            each["key"].lower(): each["single"] or each["double"] or each["plain"] or ""
            for each in QUOTED.finditer(match[2], named.end() + 1)
        }
        yield number, match[1], name, values
