"""The changes in words and numbers: a table for programs and a text for whoever decides whether to make them."""

from collections.abc import Iterator
from itertools import groupby

import polars as pl

from data.export.slurm_forms import Written
from data.export.slurm_names import hours_of, shown_hours
from data.export.slurm_plan import Change, Limit, Plan
from data.export.slurm_state import PARENT_SHARES
from data.export.slurm_warnings import Caution, Matter
from data.schema import Schema, check
from data.terms import HourUnit

DIFF: Schema = {
    "system": pl.String,
    "cluster": pl.String,  # the machine, by Slurm's name
    "account": pl.String,
    "limit": pl.String,  # GrpTRESMins | GrpTRES | Fairshare | QOS | DefaultQOS
    "tres": pl.String,  # the resource limited; null: none
    "old": pl.String,  # as Slurm has it; null: none set
    "new": pl.String,
    "unit": pl.String,  # of the hours that follow
    "old_hours": pl.Float64,  # limits on minutes alone have hours
    "new_hours": pl.Float64,
    "quota_hours": pl.Float64,  # as asked
    "counted_hours": pl.Float64,  # by Slurm so far; null: not told
    "used_hours": pl.Float64,  # by the store since the quota's start; null: not told
    "left_hours": pl.Float64,  # what the new limit leaves; null: not known
    "changes": pl.Boolean,  # whether there is anything to do
    "said": pl.String,  # the sentence
}
"""One row a limit asked for."""

CAUTIONS: Schema = {"matter": pl.String, "account": pl.String, "said": pl.String}
"""One row a warning; those about the whole cluster name no account."""

MATTERS = tuple(Matter)
SHOWN = 20
"""How many warnings of one matter are told one by one."""


def diff(plan: Plan) -> pl.DataFrame:
    """Every limit asked for with its old and its new value (frame DIFF)."""
    return check(pl.DataFrame([_row(change, plan) for change in plan.limits], schema=dict(DIFF)), DIFF)


def caution_table(found: list[Caution]) -> pl.DataFrame:
    """The warnings (frame CAUTIONS)."""
    rows = [{"matter": each.matter.value, "account": each.account, "said": each.said} for each in found]
    return check(pl.DataFrame(rows, schema=dict(CAUTIONS)), CAUTIONS)


def text(plan: Plan, found: list[Caution], refusals: list[str], written: Written | None) -> str:
    """The changes as a text: what was read, how hours are counted, what is refused, what to know before, and every change."""
    return "\n".join([*_opening(plan), *_units(plan), *_refused(refusals), *_cautions(found), *_changes(plan), *_closing(written)]) + "\n"


def _opening(plan: Plan) -> Iterator[str]:
    accounts = len({change.account for change in plan.changes})
    stand = len(plan.limits) - len(plan.changes)
    yield f"Quotas of {plan.system.name} for Slurm, cluster {plan.cluster}"
    yield f"{len(plan.changes):,} limits of {accounts:,} accounts change, {stand:,} stand already."
    yield f"Read of Slurm: {', '.join(plan.state.read)}."
    yield f"Usage before ({plan.usage}): {plan.usage.explained}"


def _units(plan: Plan) -> Iterator[str]:
    yield "\nHow hours are counted"
    bills = {change.billing.unit: change.billing for change in plan.limits}
    yield from (f"  {bills[unit].shown_as}" for unit in HourUnit if unit in bills)
    charged = plan.system.facts.get("charge_unit")
    if charged is not None:
        yield f"  The site's own accounting charges {charged.text} ({charged.source}; {charged.flag.shown_as})."
    yield "  Limits on minutes are rounded down to the whole minute."


def _refused(refusals: list[str]) -> Iterator[str]:
    if refusals:
        yield f"\nRefused ({len(refusals):,})"
        yield from (f"  {sentence}" for sentence in refusals)


def _cautions(found: list[Caution]) -> Iterator[str]:
    if found:
        yield f"\nKnow before ({len(found):,})"
    for matter, those in groupby(sorted(found, key=lambda each: MATTERS.index(each.matter)), key=lambda each: each.matter):
        sentences = [each.said for each in those]
        yield from (f"  [{matter}] {sentence}" for sentence in sentences[:SHOWN])
        if len(sentences) > SHOWN:
            yield f"  [{matter}] and {len(sentences) - SHOWN:,} more"


def _changes(plan: Plan) -> Iterator[str]:
    yield "\nChanges"
    for account, those in groupby(sorted(plan.changes, key=lambda change: change.account), key=lambda change: change.account):
        yield f"  {account}"
        yield from (f"    {_said(change)}" for change in those)
    if not plan.changes:
        yield "  None: Slurm holds all that was asked for already."


def _closing(written: Written | None) -> Iterator[str]:
    yield "\nHow to go on"
    yield f"  {written.how if written else 'Nothing was written, because of what is refused above. Mend it, and export again.'}"


def _said(change: Change) -> str:
    """The change in a sentence."""
    what = f"{change.limit} {change.tres}" if change.tres else str(change.limit)
    line = f"{what}: {_shown(change.old, change.limit)} → {_shown(change.new, change.limit)}"
    if change.limit is not Limit.MINUTES:
        return line
    unit, per = change.billing.unit.value.replace("_", "-"), change.billing.counted_per_unit
    old, new = _hours(change.old, per), _hours(change.new, per)
    parts = [f"{line} minutes ({'none' if old is None else shown_hours(old)} → {'none' if new is None else shown_hours(new)} {unit})"]
    if change.counted is not None:
        counted = hours_of(change.counted, per)
        parts.append(f"Slurm counted {shown_hours(counted)} so far, {shown_hours(max((new or 0) - counted, 0))} are left")
    if change.used_hours is not None:
        parts.append(f"the store {shown_hours(change.used_hours)} since the quota's start")
    return "; ".join(parts)


def _shown(value: int | str | None, limit: Limit) -> str:
    if value is None:
        return "none"
    if limit is Limit.FAIRSHARE:
        return "parent" if value == PARENT_SHARES else str(value)
    return f"{value:,}" if isinstance(value, int) else value


def _hours(value: int | str | None, per: float) -> float | None:
    return hours_of(value, per) if isinstance(value, int) else None


def _row(change: Change, plan: Plan) -> dict[str, object]:
    per, is_hours = change.billing.counted_per_unit, change.limit is Limit.MINUTES
    counted = hours_of(change.counted, per) if is_hours and change.counted is not None else None
    new_hours = _hours(change.new, per) if is_hours else None
    return {
        "system": plan.system.id,
        "cluster": plan.cluster,
        "account": change.account,
        "limit": change.limit.value,
        "tres": change.tres,
        "old": _plain(change.old, change.limit),
        "new": _plain(change.new, change.limit),
        "unit": change.billing.unit.value if is_hours else None,
        "old_hours": _hours(change.old, per) if is_hours else None,
        "new_hours": new_hours,
        "quota_hours": change.asked.hours if is_hours else None,
        "counted_hours": counted,
        "used_hours": change.used_hours if is_hours else None,
        "left_hours": max(new_hours - counted, 0.0) if new_hours is not None and counted is not None else None,
        "changes": change.differs,
        "said": f"{change.account}: {_said(change)}",
    }


def _plain(value: int | str | None, limit: Limit) -> str | None:
    if value is None:
        return None
    return "parent" if limit is Limit.FAIRSHARE and value == PARENT_SHARES else str(value)
