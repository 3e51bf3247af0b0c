"""What changes of quotas would do before anybody saves them: hours by category, energy and emissions, whom they help and whom they hurt."""

from collections.abc import Mapping
from enum import StrEnum

import polars as pl

from analytics.charts import numbers
from analytics.quota_progress import PROGRESS, SHORT_ABOVE_SHARE, UNUSED_BELOW_SHARE, QuotaStatus
from analytics.usage import ratio
from data.schema import Schema, check
from data.terms import HourUnit
from data.units import GRAMS_PER_KG

KEY = ["system", "account"]
WANTED: Schema = {"system": pl.String, "account": pl.String, "unit": pl.String, "hours": pl.Float64, "ends": pl.Date}
"""What is read of a frame of wanted quotas, one row a project; `ends` is the first day that no longer belongs to the quota."""
MACHINES: Schema = {"system": pl.String, "pue": pl.Float64, "intensity_gco2e_per_kwh": pl.Float64}
"""What is read of each machine; null where it is not known."""


class Outlook(StrEnum):
    """What a changed quota means for its project, by the forecast of its use."""

    BELOW_USED = "below_used"
    """It has used more already: its jobs would be held at once."""
    SHORT = "short"
    """It would run out before its end, by more than a twentieth."""
    ENOUGH = "enough"
    """It would have about what it will use."""
    UNUSED = "unused"
    """It would leave more than a fifth unused."""
    ENDED = "ended"
    """It has ended when the log ends: whatever its hours, nothing of them can be used any more."""
    NOT_KNOWN = "not_known"
    """There is no forecast for it."""


class Basis(StrEnum):
    """From what the energy of an hour is taken."""

    OWN = "own"
    """The project's own jobs."""
    MACHINE = "machine"
    """All projects of the machine, since this one has not run yet, or its energy is not known."""


CHANGED: Schema = {
    "system": pl.String,
    "account": pl.String,
    "title": pl.String,
    "category": pl.String,
    "unit": pl.String,
    "unit_before": pl.String,
    "hours_before": pl.Float64,
    "hours_after": pl.Float64,
    "hours_added": pl.Float64,  # null where the unit changes
    "used_hours": pl.Float64,
    "forecast_hours": pl.Float64,
    "status": pl.String,
    "outlook": pl.String,
    "kwh_per_hour": pl.Float64,
    "kwh_basis": pl.String,
    "energy_added_kwh": pl.Float64,  # facility energy, if the added hours are all used; none of a quota that has ended
    "emissions_added_kgco2e": pl.Float64,
}
"""One row a project whose quota would change."""


def changes(progress: pl.DataFrame, wanted: pl.DataFrame, machines: pl.DataFrame) -> pl.DataFrame:
    """What each wanted quota would change (frame CHANGED), the largest first.

    Energy: added hours × the IT energy of an hour of the project's own jobs (of all projects on the machine, where it has none) × PUE,
    as if all added hours were used; emissions: × the carbon intensity of the machine's grid. Either is unknown where a factor is, and
    nothing where the quota ends before the log does, since none of it can be used any more.

    Args:
        progress: Every project with its quota and use (PROGRESS).
        wanted: The new quotas (WANTED); hours that are null take the quota back.
        machines: PUE and carbon intensity (MACHINES).
    """
    known = check(progress, PROGRESS).rename({"unit": "unit_before", "quota_hours": "hours_before"})
    asked = check(wanted, WANTED).select(*KEY, "unit", hours_after="hours", ends_after="ends")
    rows = asked.join(known, on=KEY, how="left", validate="1:1").with_columns(has_ended=(pl.col("ends_after") <= pl.col("as_of")))
    same_unit = (pl.col("unit") == pl.col("unit_before")) | pl.col("hours_before").is_null()
    added = pl.when(same_unit).then(pl.col("hours_after").fill_null(0) - pl.col("hours_before").fill_null(0))
    valued = _with_energy_of_an_hour(rows.with_columns(hours_added=added), known).join(machines, on="system", how="left", validate="m:1")
    facility = pl.when("has_ended").then(0.0).otherwise(pl.col("hours_added") * pl.col("kwh_per_hour") * pl.col("pue"))
    emitted = pl.when("has_ended").then(0.0).otherwise(facility * pl.col("intensity_gco2e_per_kwh") / GRAMS_PER_KG)
    found = valued.with_columns(outlook=_outlook(), energy_added_kwh=facility, emissions_added_kgco2e=emitted)
    return check(
        found.select(list(CHANGED)).sort(pl.col("hours_added").abs(), *KEY, descending=[True, False, False], nulls_last=True), CHANGED
    )


def by_category(progress: pl.DataFrame, changed: pl.DataFrame, due: Mapping[str, float]) -> pl.DataFrame:
    """Hours granted to each user category before and after, in each unit, with their shares and the share due by demand.

    Columns: category, unit, projects_changed, hours_before, hours_after, hours_added, share_before, share_after, share_due (of
    node-hours alone; null where nothing tells it). The hours are those of all projects given, changed or not.

    Args:
        progress: Every project with its quota (PROGRESS).
        changed: The changes (CHANGED).
        due: The share due to each category, or any weights in proportion to it.
    """
    keys = [*KEY, "category"]
    kept = progress.join(changed, on=KEY, how="anti").select(*keys, "unit", before="quota_hours", after="quota_hours", touched=pl.lit(0))
    left = changed.select(*keys, unit="unit_before", before="hours_before", after=pl.lit(0.0), touched=pl.lit(1))
    came = changed.select(*keys, "unit", before=pl.lit(0.0), after="hours_after", touched=pl.lit(0))
    sums = pl.concat([kept, left, came]).drop_nulls("unit").group_by("unit", "category")
    rows = sums.agg(projects_changed=pl.sum("touched").cast(pl.Int64), hours_before=pl.sum("before"), hours_after=pl.sum("after"))
    whole = sum(due.values())
    shares = {category: amount / whole for category, amount in due.items()} if whole > 0 else {}
    in_node_hours = pl.col("unit") == HourUnit.NODE_HOURS.value
    return rows.with_columns(
        hours_added=pl.col("hours_after") - pl.col("hours_before"),
        share_before=ratio(pl.col("hours_before"), pl.col("hours_before").sum().over("unit")),
        share_after=ratio(pl.col("hours_after"), pl.col("hours_after").sum().over("unit")),
        share_due=pl.when(in_node_hours).then(pl.col("category").replace_strict(shares, default=None, return_dtype=pl.Float64)),
    ).sort("unit", "category")


def in_words(changed: pl.DataFrame) -> list[str]:
    """What the changes would do, as sentences: how many hours, what they cost, whom they help, whom they hurt."""
    said = [f"They change {_who(changed)}: {_hours_in_words(changed)}."]
    ended = changed.filter(outlook=Outlook.ENDED.value)
    if ended.height:
        said.append(f"The quota of {_who(ended)} has ended by the end of the log: of its hours none can be used any more.")
    said += _cost_in_words(changed.filter(pl.col("hours_added") != 0, pl.col("outlook") != Outlook.ENDED.value))
    more, less = changed.filter(pl.col("hours_added") > 0), changed.filter(pl.col("hours_added") < 0)
    relieved = more.filter(
        pl.col("status").is_in([QuotaStatus.WILL_RUN_OUT.value, QuotaStatus.USED_UP.value]),
        pl.col("outlook").is_in([Outlook.ENOUGH.value, Outlook.UNUSED.value]),
    )
    if relieved.height:
        said.append(f"They help {_who(relieved)} that would run out otherwise, or have already, and then would not.")
    held = less.filter(outlook=Outlook.BELOW_USED.value)
    if held.height:
        said.append(f"They hold the jobs of {_who(held)} at once, since more than the new quota is used already.")
    short = less.filter(outlook=Outlook.SHORT.value)
    if short.height:
        said.append(f"They leave {_who(short)} with less than the forecast of what they will use.")
    unused = more.filter(outlook=Outlook.UNUSED.value)
    if unused.height:
        said.append(f"By the forecast {_who(unused)} would leave more than a fifth of the new quota unused.")
    return said


def _with_energy_of_an_hour(rows: pl.DataFrame, known: pl.DataFrame) -> pl.DataFrame:
    told = known.filter(pl.col("energy_kwh").is_not_null(), pl.col("used_hours") > 0)
    sums = told.group_by("system", unit="unit_before").agg(pl.sum("energy_kwh"), pl.sum("used_hours"))
    on_machine = sums.select("system", "unit", machine_kwh=ratio(pl.col("energy_kwh"), pl.col("used_hours")))
    both = rows.join(on_machine, on=["system", "unit"], how="left", validate="m:1")
    own = pl.when((pl.col("unit") == pl.col("unit_before")) & (pl.col("used_hours") > 0)).then(pl.col("energy_kwh") / pl.col("used_hours"))
    basis = (
        pl.when(own.is_not_null()).then(pl.lit(Basis.OWN.value)).when(pl.col("machine_kwh").is_not_null()).then(pl.lit(Basis.MACHINE.value))
    )
    return both.with_columns(kwh_per_hour=pl.coalesce(own, "machine_kwh"), kwh_basis=basis)


def _outlook() -> pl.Expr:
    """What a quota means by what was used and the forecast; unknown where the unit changes, or there is neither."""
    hours = pl.col("hours_after")
    told = (pl.col("unit") == pl.col("unit_before")) & hours.is_not_null()
    return (
        pl.when("has_ended")
        .then(pl.lit(Outlook.ENDED.value))
        .when(~told.fill_null(value=False))
        .then(pl.lit(Outlook.NOT_KNOWN.value))
        .when(pl.col("used_hours") > hours)
        .then(pl.lit(Outlook.BELOW_USED.value))
        .when(pl.col("forecast_hours").is_null())
        .then(pl.lit(Outlook.NOT_KNOWN.value))
        .when(pl.col("forecast_hours") > SHORT_ABOVE_SHARE * hours)
        .then(pl.lit(Outlook.SHORT.value))
        .when(pl.col("forecast_hours") < UNUSED_BELOW_SHARE * hours)
        .then(pl.lit(Outlook.UNUSED.value))
        .otherwise(pl.lit(Outlook.ENOUGH.value))
    )


def _hours_in_words(changed: pl.DataFrame) -> str:
    parts = []
    for unit in HourUnit:
        rows = changed.filter(pl.col("unit") == unit.value)["hours_added"].drop_nulls()
        for amount, sign in ((float(rows.filter(rows > 0).sum()), "+"), (float(-rows.filter(rows < 0).sum()), "\N{MINUS SIGN}")):
            if amount > 0:
                parts.append(f"{sign}{numbers.machine_time(amount, unit)}")
    rest = changed.filter(pl.col("hours_added") == 0).height
    parts += [f"the hours of {numbers.counted(rest, 'project')} stay"] if rest else []
    other = changed["hours_added"].null_count()
    parts += [f"the unit of {numbers.counted(other, 'project')} changes"] if other else []
    return numbers.listed(parts)


def _cost_in_words(changed: pl.DataFrame) -> list[str]:
    valued = changed.filter(pl.col("energy_added_kwh").is_not_null())
    if changed.is_empty():
        return []
    if valued.is_empty():
        return ["Their energy is not available: no energy of an hour, or no PUE, is known for these machines."]
    energy = float(valued["energy_added_kwh"].sum())
    emitted = valued["emissions_added_kgco2e"]
    carbon = f" and {numbers.emissions(abs(float(emitted.sum())))}" if emitted.null_count() == 0 else ""
    sentence = f"If all hours are used, they {'cost' if energy >= 0 else 'save'} {numbers.energy(abs(energy))} of facility energy{carbon}"
    borrowed = valued.filter(kwh_basis=Basis.MACHINE.value).height
    beside = [f"{numbers.counted(borrowed, 'project')} at the mean of the machine"] if borrowed else []
    missing = changed.height - valued.height
    beside += [f"without {numbers.counted(missing, 'project')}, of which it is not known"] if missing else []
    return [f"{sentence}, each project at the energy of its own jobs{''.join(f', {part}' for part in beside)}."]


def _who(rows: pl.DataFrame) -> str:
    return numbers.counted(rows.height, "project") if rows.height != 1 else f"the project {rows['account'][0]}"
