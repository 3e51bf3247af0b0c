"""Reads the limits of accounts from the JSON of slurmrestd (`/slurmdb/…/associations`) or of `sacctmgr --json show assoc`."""

import json
from collections.abc import Mapping
from typing import Any

from data.export.slurm_state import Association, State, StateError
from data.export.slurm_state_text import of_one_cluster


def is_json(text: str) -> bool:
    """Whether a text is JSON and no table."""
    return text.lstrip()[:1] == "{"


def state_of_json(text: str, *, cluster: str | None = None) -> State:
    """The state that the JSON tells.

    Raises:
        StateError: if it is torn, or tells of no associations.

    >>> told = '{"associations": [{"account": "sme", "cluster": "lumi", "user": "", "shares_raw": 5}]}'
    >>> state_of_json(told).associations["sme"].fairshare
    5
    """
    try:
        whole = json.loads(text)
    except json.JSONDecodeError as error:
        raise StateError(f"the state of Slurm is torn JSON ({error}); hand it in whole.") from error
    listed = whole.get("associations")
    if not isinstance(listed, list) or not all(isinstance(each, Mapping) and "account" in each for each in listed):
        raise StateError(
            "the JSON handed in as the state of Slurm has no list of associations; expected that of /slurmdb/v0.0.…/associations."
        )
    found = of_one_cluster([_association(each) for each in listed if not each.get("user")], cluster)
    return State(associations=found, read=(f"{len(found):,} accounts from slurmrestd",))


def _association(told: Mapping[str, Any]) -> Association:
    """An account; its QOS are told with the inherited ones and are left open, since its own could not be set again from them."""
    tres = told.get("max", {}).get("tres", {})
    group = tres.get("group", {})
    shares = told.get("shares_raw")
    return Association(
        account=str(told["account"]).lower(),
        cluster=str(told.get("cluster", "")).lower(),
        parent=told.get("parent_account"),
        fairshare=shares if isinstance(shares, int) else None,
        minutes=_tres(group["minutes"]) if "minutes" in group else None,
        at_once=_tres(tres["total"]) if "total" in tres else None,
    )


def _tres(listed: list[Mapping[str, Any]]) -> dict[str, int]:
    """Counts by resource; a negative one is none."""
    return {"/".join(filter(None, (each["type"], each.get("name")))): int(each["count"]) for each in listed if each.get("count", -1) >= 0}
