"""Changes as the JSON that slurmrestd takes at /slurmdb/…/associations: the same from v0.0.38 to v0.0.44.

A list of resources in a request takes the place of the whole list that Slurm holds. Every request therefore carries all limits of the
account on resources, those that stay among them, and names with -1 those that go: no such list is ever empty, for on an empty one some
versions of slurmrestd end. The list of QOS is empty instead of missing: where it is missing, slurmrestd writes the QOS that an account
inherits down as its own, and an empty one was seen to leave them as they are (Slurm 24.11, v0.0.40 to v0.0.42).
"""

import json
import re

from data.export.slurm_forms import NOT_SET, Form, Settings, Way, Written, by_account
from data.export.slurm_plan import Limit, Plan
from data.export.slurm_state import Association, Tres

APPLY, UNDO = "apply.json", "undo.json"
HOW = (
    f"Send {APPLY} to slurmrestd, with the version that it offers in place of v0.0.44: curl --fail-with-body --header "
    f'"X-SLURM-USER-TOKEN: $SLURM_JWT" --json @{APPLY} http://HOST:6820/slurmdb/v0.0.44/associations. See that "errors" is empty, and '
    "read the limits back: the slurmrestd of Slurm 22.05 passes over some changes in silence until they are sent again, and names the "
    f"QOS that an account inherits as its own. To take it back, send {UNDO} the same way."
)
VERSION = re.compile(r"(\d+)\.(\d+)")
RELIABLE = (23, 2)
"""From which version on slurmrestd is another program, of which nothing of the sort is known; tried with 24.11."""

ANY = "node"
"""The resource named where an account holds no limit on any and asks for none."""


def written(plan: Plan) -> Written:
    """The request that makes the changes, and the one that takes them back."""
    files = {
        name: json.dumps({"associations": [_association(settings, plan) for settings in by_account(plan, way)]}, indent=1) + "\n"
        for name, way in ((APPLY, Way.APPLY), (UNDO, Way.UNDO))
    }
    return Written(form=Form.REST, files=files, how=HOW)


def refusals(plan: Plan) -> list[str]:
    """Accounts of which the state does not tell all that the request must carry."""
    held = plan.state.associations or {}
    unknown = {
        change.asked.row: change.asked
        for change in plan.changes
        if (found := held[change.account]).minutes is None or found.at_once is None or found.fairshare is None
    }
    lacking = "GrpTRES, GrpTRESMins or Fairshare, all of which this form has to carry"
    return [f"{asked.named}: the state of Slurm does not tell {lacking}." for asked in unknown.values()]


def caution(plan: Plan) -> str | None:
    """What is known against this form on the version of Slurm at hand; nothing where nothing is, or the version is not told."""
    match = VERSION.match((plan.state.settings or {}).get("slurm_version", ""))
    if match is None or (int(match[1]), int(match[2])) >= RELIABLE:
        return None
    return (
        f"The slurmrestd of Slurm {match[0]} cannot be relied on: those before 23.02 were seen to pass over changes without an error, to "
        "end on requests that leave out what does not change, and to leave limits that were taken back in force until slurmctld starts "
        "anew. Choose the form commands."
    )


def _association(settings: Settings, plan: Plan) -> dict[str, object]:
    held = (plan.state.associations or {})[settings.account]
    shares = settings.fairshare if settings.fairshare is not None else held.fairshare
    return {
        "account": settings.account,
        "cluster": plan.cluster,
        "user": "",
        "shares_raw": shares,
        "qos": [],
        "max": {"tres": {"total": _tres(settings, held, Limit.AT_ONCE), "group": {"minutes": _tres(settings, held, Limit.MINUTES)}}},
    }


def _tres(settings: Settings, held: Association, limit: Limit) -> list[dict[str, object]]:
    """All limits of the account on resources, the changed ones with the value that is meant."""
    stays: Tres = (held.minutes if limit is Limit.MINUTES else held.at_once) or {}
    wanted = dict(stays) | settings.tres(limit)
    return [_one(name, count) for name, count in sorted(wanted.items())] or [_one(ANY, NOT_SET)]


def _one(name: str, count: int) -> dict[str, object]:
    kind, _, rest = name.partition("/")
    return {"type": kind, "name": rest, "count": count}
