"""Changes as a flat file for `sacctmgr load`: only the accounts that change, each below the account that it stands under now."""

from itertools import groupby

from data.export.slurm_forms import Form, Settings, Way, Written, by_account, heading
from data.export.slurm_plan import Limit, Plan

APPLY, UNDO = "apply.cfg", "undo.cfg"
HOW = (
    f"Read {APPLY}, then run: sacctmgr -i load file={APPLY} (never with clean, which would take away all that the file does not name). "
    f"To take it back: sacctmgr -i load file={UNDO}."
)


def written(plan: Plan) -> Written:
    """The flat file that makes the changes, and the one that takes them back."""
    files = {name: _file(plan, way, other) for name, way, other in ((APPLY, Way.APPLY, UNDO), (UNDO, Way.UNDO, APPLY))}
    return Written(form=Form.FLAT, files=files, how=HOW)


def refusals(plan: Plan) -> list[str]:
    """Accounts of which the account above is not known: the file would move them."""
    rows = {change.asked.row: change.asked for change in plan.changes if not change.parent}
    return [
        f"{asked.named}: the state of Slurm does not tell the account above it (ParentName), which this form needs."
        for asked in rows.values()
    ]


def _file(plan: Plan, way: Way, other: str) -> str:
    lines = [f"# {line}" for line in heading(plan, way, other)] + [f"Cluster - '{plan.cluster}'"]
    placed = sorted(by_account(plan, way), key=lambda settings: (settings.changes[0].parent or "", settings.account))
    for parent, below in groupby(placed, key=lambda settings: settings.changes[0].parent):
        lines += [f"Parent - '{parent}'", *(_line(settings) for settings in below)]
    return "\n".join(lines) + "\n"


def _line(settings: Settings) -> str:
    values = [f"Account - '{settings.account}'"]
    if settings.fairshare is not None:
        values.append(f"Fairshare={settings.fairshare}")
    for limit in (Limit.MINUTES, Limit.AT_ONCE):
        if tres := settings.tres(limit):
            values.append(f"{limit}=" + ",".join(f"{name}={count}" for name, count in sorted(tres.items())))
    return ":".join(values)
