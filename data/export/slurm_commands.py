"""Changes as a shell script of `sacctmgr` commands, every value quoted, one command an account."""

import shlex
from collections.abc import Iterator

from data.export.slurm_forms import Form, Settings, Way, Written, by_account, heading
from data.export.slurm_plan import Limit, Plan
from data.export.slurm_state import PARENT_SHARES

APPLY, UNDO = "apply.sh", "undo.sh"
HOW = (
    f"Read {APPLY}, then run: sh {APPLY}. It tells every account that was not changed and then ends with status 1. "
    f"To take it back: sh {UNDO}."
)
START = """failed=0
not_done() {
    failed=$((failed + 1))
    echo "not done: $1" >&2
}
"""
END = """if [ "$failed" -gt 0 ]; then
    echo "$failed commands were not done; the others were." >&2
    exit 1
fi
"""


def written(plan: Plan) -> Written:
    """The script that makes the changes, and the one that takes them back."""
    files = {name: _script(plan, way, other) for name, way, other in ((APPLY, Way.APPLY, UNDO), (UNDO, Way.UNDO, APPLY))}
    return Written(form=Form.COMMANDS, files=files, how=HOW)


def _script(plan: Plan, way: Way, other: str) -> str:
    said = "".join(f"# {line}\n" for line in heading(plan, way, other))
    commands = "".join(
        f"{shlex.join(command)} || not_done {shlex.quote(settings.account)}\n"
        for settings in by_account(plan, way)
        for command in commands_of(settings, plan.cluster)
    )
    return f"#!/bin/sh\n{said}{START}\n{commands}\n{END}"


def commands_of(settings: Settings, cluster: str) -> Iterator[list[str]]:
    """The commands for one account; a QOS is taken back in two, for the account's own must be empty before it is named anew."""
    start = ["sacctmgr", "-i", "modify", "account", "where", f"name={settings.account}", f"cluster={cluster}", "set"]
    values = [f"{limit}={_list(tres)}" for limit in (Limit.MINUTES, Limit.AT_ONCE) if (tres := settings.tres(limit))]
    if settings.fairshare is not None:
        values.append(f"Fairshare={'parent' if settings.fairshare == PARENT_SHARES else settings.fairshare}")
    qos = {change.limit: change for change in settings.changes if change.limit in (Limit.QOS, Limit.DEFAULT_QOS)}
    if not qos:
        yield [*start, *values]
    elif settings.way is Way.APPLY:
        added = next(iter(qos.values())).asked.qos
        yield [*start, *values, *(f"{limit}{'+=' if limit is Limit.QOS else '='}{added}" for limit in qos)]
    else:
        yield [*start, *values, *(f"{limit}={'' if limit is Limit.QOS else NO_DEFAULT}" for limit in qos)]
        again = [f"{limit}={change.old}" for limit, change in qos.items() if change.old is not None]
        if again:
            yield [*start, *again]


NO_DEFAULT = "-1"
"""By what Slurm takes an account's own default QOS away."""


def _list(tres: dict[str, int]) -> str:
    return ",".join(f"{name}={count}" for name, count in sorted(tres.items()))
