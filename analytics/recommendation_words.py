"""A recommended split in plain words: what it would change and why, what binds, and what stands in the way where there is none."""

import re
from collections.abc import Mapping, Sequence

import polars as pl

from analytics import capacity_changes
from analytics.allocation.objectives import Aim, Objective
from analytics.allocation.solution import Refusal
from analytics.capacity_changes import PART
from analytics.charts import numbers
from analytics.charts.theme import category_name, sentence_case
from analytics.recommendation import Recommendation
from analytics.split_problem import JOIN, Due
from data.terms import HourUnit, PolicyLimit

AIMS = (
    (0.25, "most hours served, whoever gets them"),
    (0.75, "many hours served, with some regard for small projects"),
    (1.5, "proportional fairness: a project's relative gain weighs the same, whatever its size"),
    (3.0, "more for the worst-served, at some cost in hours"),
)
"""Up to which α an objective is said in which words."""

BUDGET = "_budget"
"""How the names of limits end that have no parts."""

NOTICEABLE = 0.005
"""The part of all hours below which a category's change is not worth a sentence."""


def aim_in_words(objective: Objective) -> str:
    """What an objective does, for a person who never heard of α.

    >>> aim_in_words(Objective(alpha=0.0))
    'most hours served, whoever gets them'
    """
    if objective.aim is not Aim.ALPHA:
        return "the worst-served project first, as far as it can be helped"
    return next((words for most, words in AIMS if objective.alpha < most), "nearly all weight on the worst-served projects")


def limit_in_words(name: str, limits: Sequence[PolicyLimit], names: Mapping[str, str]) -> str:
    """The name of a limit as people say it.

    Args:
        name: As the problem names it, such as `floor:sme`, `commercial_use:lumi` or `capacity:lumi:LUMI-G:2026-03`.
        limits: The limits of law and policy.
        names: Names of machines by identifier.

    >>> limit_in_words("floor:sme", (), {})
    'the floor for SMEs'
    >>> limit_in_words("capacity:lumi:LUMI-G:2026-03", (), {"lumi": "LUMI"})
    'the capacity of LUMI LUMI-G in 2026-03'
    """
    kind, _, rest = name.partition(PART)
    titles = {limit.id: limit for limit in limits}
    if kind in titles:
        return f"the {numbers.percent(titles[kind].share)} limit on {titles[kind].title} at {names.get(rest, rest)}"
    if kind in ("floor", "cap"):
        return f"the {kind} for {category_name(rest)}"
    if kind == "capacity":
        system, partition, *month = rest.split(PART)
        return f"the capacity of {names.get(system, system)} {partition}" + (f" in {month[0]}" if month else "")
    return {"energy_budget": "the energy budget", "carbon_budget": "the carbon budget"}.get(name, name)


def what_if(found: Recommendation, names: Mapping[str, str]) -> str:
    """What machines are taken to give otherwise than they did, as a sentence; empty where they are taken as they were."""
    changes = [capacity_changes.in_words(change, names.get(change.system, change.system)) for change in found.choices.capacity]
    return f"It supposes that {numbers.listed(changes)}." if changes else ""


def in_words(sentence: str, limits: Sequence[PolicyLimit], names: Mapping[str, str]) -> str:
    """A sentence of the engine with the name of every limit, partition and project said as people say it.

    >>> in_words("p_1@lumi gets 5 node-hours (5 on lumi:LUMI-G).", (), {"lumi": "LUMI"})
    'p_1 on LUMI gets 5 node-hours (5 on LUMI LUMI-G).'
    """
    words = sentence.split(" ")
    return " ".join(_said(word, limits, names) for word in words)


def paragraph(found: Recommendation, limits: Sequence[PolicyLimit], names: Mapping[str, str], *, period: str) -> str:
    """What the recommended split would change against what was received, why, and what that means for energy and carbon."""
    return " ".join(
        filter(
            None,
            (
                f"For {period} the split aims at {aim_in_words(found.choices.objective)}.",
                what_if(found, names),
                who_changes(found),
                _how_served(found),
                _what_binds(found, limits, names),
                _what_it_costs(found),
                _honesty(found),
            ),
        )
    )


def refusal_in_words(refusal: Refusal, limits: Sequence[PolicyLimit], names: Mapping[str, str]) -> list[str]:
    """Why there is no split, one sentence each: the reason, the limits that clash, and what would mend it."""
    sentences = [refusal.reason, *refusal.clash["sentence"].to_list(), *refusal.relaxation["sentence"].to_list(), refusal.mend]
    return [_in_full(in_words(sentence, limits, names)) for sentence in dict.fromkeys(sentences) if sentence]


def who_changes(found: Recommendation) -> str:
    """Which categories would go from which share of the hours to which."""
    rows = found.by_category.with_columns(points=pl.col("share_recommended") - pl.col("share_received")).drop_nulls("points")
    large = rows.filter(pl.col("points").abs() >= NOTICEABLE).sort("points", "category", descending=[True, False])
    if large.is_empty():
        return "It would leave the shares of all categories within half a percentage point of what they received."
    first, *others = [
        (category_name(row["category"]), f"from {numbers.percent(row['share_received'])} to {numbers.percent(row['share_recommended'])}")
        for row in large.iter_rows(named=True)
    ]
    said = [f"{first[0]} would go {first[1]} of the hours", *(f"{name} {moved}" for name, moved in others)]
    return f"{sentence_case(numbers.listed(said))}."


def _in_full(sentence: str) -> str:
    """The sentence with numbers such as 3.4e+07 written out.

    >>> _in_full("Lower limit x from 3.44881e+07 to 5,824.")
    'Lower limit x from 34,488,100 to 5,824.'
    """
    return re.sub(r"\d+(\.\d+)?e\+\d+", lambda found: f"{float(found[0]):,.0f}", sentence)


def _how_served(found: Recommendation) -> str:
    total = found.by_category.select(pl.col("node_hours_received", "node_hours_demanded", "node_hours_recommended").sum()).row(
        0, named=True
    )
    given, got = total["node_hours_recommended"], total["node_hours_received"]
    relative = numbers.change((given - got) / got) if got > 0 else "where nothing was received"
    granted, asked = numbers.machine_time(given, HourUnit.NODE_HOURS), numbers.amount(total["node_hours_demanded"], "").strip()
    return f"In all {granted} would be granted of {asked} asked for ({relative} against what was received)."


def _what_binds(found: Recommendation, limits: Sequence[PolicyLimit], names: Mapping[str, str]) -> str:
    if found.binding.is_empty():
        return nothing_binds(found)
    top = [
        f"{limit_in_words(row['name'], limits, names)} (one per cent more would raise satisfaction by {numbers.percent(row['gain'])})"
        for row in found.binding.head(3).iter_rows(named=True)
    ]
    return f"What holds it back most is {numbers.listed(top)}."


def nothing_binds(found: Recommendation) -> str:
    """What to say where no limit has a price: everybody gets all, or the aim looks at somebody who does."""
    short = found.by_project.filter(pl.col("node_hours_recommended") < (1 - NOTICEABLE) * pl.col("node_hours_demanded")).height
    if not short:
        return "No limit holds anybody back: every project gets what it asks for."
    if found.choices.objective.aim is not Aim.ALPHA:
        return (
            "No limit holds the worst-served project back: it gets all it asks for. Limits hold others back, but this aim looks at the "
            "worst-served alone, so they have no price."
        )
    return "No limit has a price that counts."


def _what_it_costs(found: Recommendation) -> str:
    rows = {row["what"]: row for row in found.energy.iter_rows(named=True)}
    was, would = rows["received"], rows["recommended"]
    if would["energy_facility_mwh"] is None or was["energy_facility_mwh"] is None:
        return "Its energy is not available, because the power or PUE of these machines is not known."
    energy = f"It would take {numbers.energy(would['energy_facility_mwh'] * 1000)} of facility energy by the model"
    if was["energy_facility_mwh"] > 0:
        energy += (
            f", {numbers.change(would['energy_facility_mwh'] / was['energy_facility_mwh'] - 1)} against what was used by the same model"
        )
    if would["emissions_location_t"] is None:
        return f"{energy}; its emissions are not available."
    covered = would["node_hours_with_energy"] / would["node_hours"] if would["node_hours"] else 1.0
    part = "" if covered > 1 - NOTICEABLE else f" (for the {numbers.percent(covered)} of the hours whose power and PUE are known)"
    return f"{energy}, and {numbers.emissions(would['emissions_location_t'] * 1000)} location-based{part}."


def _honesty(found: Recommendation) -> str:
    if found.choices.due is Due.REQUEST:
        return (
            "Satisfaction is measured against each project's own request, so whoever asks for more than needed is favoured (but at α = 1)."
        )
    return "Satisfaction is measured against the median request of each access mode, so asking for more than needed brings nothing."


def _said(word: str, limits: Sequence[PolicyLimit], names: Mapping[str, str]) -> str:
    if PART not in word and BUDGET not in word and JOIN not in word:
        return word
    bare = word.strip(".,;()'\"")
    known = {limit.id for limit in limits} | {"floor", "cap", "capacity"}
    is_limit = bare in ("energy_budget", "carbon_budget") or (PART in bare and bare.split(PART)[0] in known)
    if is_limit:
        return word.replace(bare, limit_in_words(bare, limits, names))
    system, _, partition = bare.partition(PART)
    project, _, machine = bare.rpartition(JOIN)
    if system in names and partition:
        return word.replace(bare, f"{names[system]} {partition}")
    return word.replace(bare, f"{project} on {names[machine]}") if machine in names and project else word
