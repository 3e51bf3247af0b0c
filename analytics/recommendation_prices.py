"""The price tags of a split: what each limit that holds it back costs, in the limit's own unit and in words."""

from collections.abc import Mapping, Sequence

import polars as pl

from analytics.allocation.objectives import Aim
from analytics.charts import numbers
from analytics.charts.theme import sentence_case
from analytics.recommendation import Recommendation
from analytics.recommendation_words import limit_in_words
from data.terms import PolicyLimit

EXACT = 1e-9
"""The breach of a limit, in parts of it, below which it is no more than the last digits of a sum."""
FINE_GAP = 1e-5
"""The gap below which its digits say nothing to a reader."""
TINY = 1e-5
"""The gain below which a step of one unit is said in a thousand of it."""


def price_tags(found: Recommendation, limits: Sequence[PolicyLimit], names: Mapping[str, str]) -> list[str]:
    """A sentence for each limit that holds the split back, the dearest first.

    The gain is the price of the limit at this split; because more room helps ever less, it is the most that the step can bring.
    """
    return [tag(row, found, limits, names) for row in found.binding.iter_rows(named=True)]


def tag(row: Mapping[str, object], found: Recommendation, limits: Sequence[PolicyLimit], names: Mapping[str, str]) -> str:
    """The sentence for one row of `Recommendation.binding`."""
    kind, name, gain = str(row["kind"]), str(row["name"]), float(str(row["gain"]))
    said = sentence_case(limit_in_words(name, limits, names))
    if kind == "capacity":
        months = int(str(row["months"]))
        full = f"full in {months} {'month' if months == 1 else 'months'}"
        place = said.removeprefix("The capacity of ")
        return f"1 % more hours on {place} ({full}) would raise {_merit(found)} by up to {numbers.percent(gain)}."
    if kind in ("energy_budget", "carbon_budget"):
        return _of_budget(said, kind, gain, found)
    if kind == "floor":
        share = _share(found, name)
        return f"{said} costs: {_points_lower(share)} would raise {_merit(found)} by up to {numbers.percent(gain * _steps(share))}."
    share = _share(found, name)
    higher = f"{numbers.percent(share + 0.01)} instead of {numbers.percent(share)}" if share else "1 % more room"
    return f"{said} costs: {higher} would raise {_merit(found)} by up to {numbers.percent(gain * _steps(share))}."


def proof_in_words(found: Recommendation) -> str:
    """How good the split is, how good any split can be, and how far its limits are kept."""
    proof = found.solution.certificate
    breach = proof.largest_violation
    kept = "no limit is passed" if breach <= EXACT else f"no limit is passed by more than {numbers.percent(breach)} of it"
    gap = max(proof.gap, 0.0)
    near = "below 0.001 %" if gap < FINE_GAP else f"of {numbers.percent(gap)}"
    return (
        f"Proven best: {_merit(found)} is {numbers.percent(proof.objective_ede)}, at most {numbers.percent(proof.bound_ede)} is possible "
        f"(a gap {near}); {kept}. The proof rests on the prices alone, whatever found the split."
    )


def _of_budget(said: str, kind: str, gain: float, found: Recommendation) -> str:
    value, unit = (found.choices.energy_budget_mwh, "MWh") if kind == "energy_budget" else (found.choices.carbon_budget_t, "t CO₂e")
    if not value:
        return f"{said} is 0, so nothing can run that takes any."
    one = gain * 100 / value
    step = 1 if one >= TINY else 1000
    what = said.removeprefix("The ")
    return (
        f"{'One' if step == 1 else 'A thousand'} more {unit} of the {what} ({numbers.exact(value)} {unit}) would raise {_merit(found)} by "
        f"up to {numbers.percent(one * step)}; 1 % more of it by up to {numbers.percent(gain)}."
    )


def _share(found: Recommendation, name: str) -> float:
    """The share at which a limit stands; 0 where it is none."""
    row = found.solution.problem.limits.filter(pl.col("name") == name, pl.col("unit") == "share")
    return float(row["value"].item()) if row.height else 0.0


def _steps(share: float) -> float:
    """How many times one per cent of a share makes one percentage point."""
    return 1 / share if share else 1.0


def _points_lower(share: float) -> str:
    return f"{numbers.percent(max(share - 0.01, 0.0))} instead of {numbers.percent(share)}" if share else "1 % less"


def _merit(found: Recommendation) -> str:
    return "satisfaction" if found.choices.objective.aim is Aim.ALPHA else "the least satisfaction"
