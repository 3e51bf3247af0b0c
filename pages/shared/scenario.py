"""What a reader sets for a split at the side of its page, kept in the address; and the split itself, kept for this state of the store."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import polars as pl
import streamlit as st
from streamlit.delta_generator import DeltaGenerator
from streamlit.elements.lib.mutable_expander_container import ExpanderContainer

from analytics.allocation.objectives import Objective
from analytics.allocation.solution import Refusal, Solution
from analytics.allocation.solve import solve
from analytics.carbon_hourly import monthly_intensity
from analytics.charts import numbers
from analytics.charts.theme import STACK, label
from analytics.recommendation import Recommendation, of_solution
from analytics.recommendation_changes import exaggeration_in_words
from analytics.recommendation_compare import served_of_worst
from analytics.recommendation_frontier import without_factors
from analytics.split_problem import SplitChoices, SplitFacts, split_problem
from data.terms import Selection
from data.units import KG_PER_TONNE, KWH_PER_MWH
from pages.shared import loaders, parts, results, split_address, split_capacity
from pages.shared.parts import Figure
from pages.shared.split_address import AIMS, CAP, CAPACITY, CARBON, DUES, ENERGY, FLOOR, SHARES, USUAL_AIM, WEIGHT, Value
from pages.shared.visit import Visit

AIM_BOX, LIMITS_BOX, ROW_BOX = "split-aim", "split-limits", "split-instrument"
NARROW = f"""
<style>
@media (max-width: 40rem) {{
  .st-key-{ROW_BOX} [data-testid="stColumn"]:has(.st-key-{AIM_BOX}),
  .st-key-{ROW_BOX} [data-testid="stColumn"]:has(.st-key-{AIM_BOX}) > div {{ display: contents; }}
  .st-key-{ROW_BOX} [data-testid="stLayoutWrapper"]:has(> .st-key-{AIM_BOX}) {{ order: -1; width: 100%; }}
  .st-key-{ROW_BOX} [data-testid="stLayoutWrapper"]:has(> .st-key-{LIMITS_BOX}) {{ order: 1; width: 100%; }}
}}
</style>
"""
"""How the page lies on a narrow screen: the aim, then the answer, then what is set less often."""
BESIDE, MORE = "aims-beside", "more-asked"
"""The keys of what is computed when it is opened."""
LAST = "split-last-solution"
"""Where the session keeps the solution from which the next search starts."""

AIM_DOES = {
    "Most hours": "Every further hour counts the same towards what is due, however well a project is served already.",
    "Many hours": "A further hour counts somewhat more for a project that has little.",
    "Proportional": "One per cent more counts the same for every project, however large or small.",
    "More for the worst-served": "One per cent more counts twice as much for a project that is half as well served.",
    "Much more": "One per cent more counts eight times as much for a project that is half as well served.",
    "Worst-served first": "The worst-served project comes first, whatever that costs the others.",
}
"""What each aim does, in one sentence."""

SERIES_IN_WORDS = next(iter(results.SERIES_OF)).lower()


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What the reader set."""

    values: dict[str, Value]
    """The value of each control by its name in the address."""
    choices: SplitChoices
    """The choices that they make."""
    cost_place: ExpanderContainer
    """Where it is said what the aim costs against its neighbours, to those who ask."""
    due_place: ExpanderContainer
    """Where it is said what asking for more than one needs would bring, to those who ask."""
    faults: tuple[str, ...] = ()
    """What of it cannot be read; there is no split then."""

    @property
    def aim(self) -> str:
        """The aim by the name on its slider."""
        return str(self.values["aim"])


def chosen_by_reader(here: Visit) -> Asked:
    """The aims and limits, after drawing their controls: the aim first, and what a reader sets less often apart from it."""
    with st.container(key=AIM_BOX):
        aim, cost_place = _aim()
    with st.container(key=LIMITS_BOX):
        values, due_place = _limits()
        values[CAPACITY], faults = split_capacity.changes(here)
    values = {"aim": aim, **values}
    return Asked(values=values, choices=split_address.choices_of(values), cost_place=cost_place, due_place=due_place, faults=tuple(faults))


def _aim() -> tuple[str, ExpanderContainer]:
    st.markdown("**Aim**")
    aim = st.select_slider(
        "Aim",
        AIMS,
        value=USUAL_AIM,
        key="aim",
        bind="query-params",
        label_visibility="collapsed",
        help="What the split tries to bring about.",
    )
    left, right = st.columns(2)
    left.caption("◀ most hours, whoever gets them")
    right.caption("the worst-served first ▶", text_alignment="right")
    st.markdown(f"**{aim}.** {AIM_DOES[aim]}")
    return aim, st.expander("Against the aims beside it", key=BESIDE, on_change="rerun", bind="query-params")


def _limits() -> tuple[dict[str, Value], ExpanderContainer]:
    due = st.selectbox("Projects are satisfied against", DUES, key="due", bind="query-params")
    due_place = st.expander("What asking for more would bring", key=MORE, on_change="rerun", bind="query-params")
    law = st.toggle("Keep the limits of law and access policy", value=True, key="law", bind="query-params")
    values: dict[str, Value] = {"due": due, "law": law}
    left, right = st.columns(2)
    values[ENERGY] = _budget(left, "Most energy (MWh)", ENERGY)
    values[CARBON] = _budget(right, "Most emissions (t CO₂e)", CARBON)
    for kind, title in TITLES.items():
        values |= _per_category(kind, title)
    return values, due_place


def facts_of(here: Visit, chosen: Selection) -> SplitFacts:
    """What is known about the period and machines of a selection, kept for this state of the store."""
    return loaders.kept(here.seen, "facts of a split", (chosen,), lambda: _facts(replace(here, selection=chosen)))


def series_in_words(here: Visit, chosen: Selection) -> str:
    """Which carbon intensity a split counts with, and whether an hourly series tells that of any month."""
    hourly = facts_of(here, chosen).hourly
    by_month = hourly is not None and not hourly.is_empty()
    return SERIES_IN_WORDS + (", of the month where an hourly series covers it, else of the year" if by_month else ", of the year")


def best_split(here: Visit, chosen: Selection, choices: SplitChoices) -> Recommendation | Refusal:
    """The best split of the selection for these choices, or why there is none; the search starts from the last one of this session.

    Raises:
        InputError: if nothing is asked for or offered, or a budget counts what is not known of a machine.
    """
    solved = _solved(here, chosen, choices)
    if isinstance(solved, Refusal):
        return solved
    st.session_state[LAST] = solved
    return loaders.kept(here.seen, "split", (chosen, choices), lambda: of_solution(facts_of(here, chosen), choices, solved))


def uncounted(here: Visit, chosen: Selection, choices: SplitChoices) -> list[str]:
    """The machines that no budget of the choices can count; none where there is no budget."""
    if choices.energy_budget_mwh is None and choices.carbon_budget_t is None:
        return []
    return without_factors(facts_of(here, chosen), choices)


def cost_of_aim(here: Visit, chosen: Selection, asked: Asked, found: Recommendation) -> None:
    """Say below the aim what it costs against the aims beside it, to those who ask: each is a split of its own."""
    if not asked.cost_place.open:
        return
    names = list(AIMS)
    place = names.index(asked.aim)
    for other in (names[at] for at in (place - 1, place + 1) if 0 <= at < len(names)):
        beside = _solved(here, chosen, replace(asked.choices, objective=AIMS[other]))
        if isinstance(beside, Solution):
            asked.cost_place.caption(parts.escaped(_against(other, beside, found.solution)))


def worth_of_asking_more(here: Visit, chosen: Selection, asked: Asked, found: Recommendation) -> None:
    """Say below what satisfaction is measured against what asking for more than one needs would bring, to those who ask."""
    if not asked.due_place.open:
        return

    def made() -> str:
        return exaggeration_in_words(facts_of(here, chosen), found)

    asked.due_place.caption(parts.escaped(loaders.kept(here.seen, "exaggeration in a split", (chosen, found.choices), made)))


def figures(found: Recommendation) -> list[Figure]:
    """What the split grants, and what it costs against what was received, both by the same model."""
    got, asked, given = (float(found.by_category[f"node_hours_{what}"].sum()) for what in ("received", "demanded", "recommended"))
    cost = {row["what"]: row for row in found.energy.iter_rows(named=True)}
    was, would = cost["received"], cost["recommended"]
    proof = found.solution.certificate
    return [
        Figure(
            label="Node-hours granted",
            value=numbers.amount(given, ""),
            note=f"of {numbers.amount(asked, '')} asked for",
            meaning="Over all projects that asked for hours in the period, by award or in the queue.",
        ),
        Figure(
            label="Against received",
            value=numbers.change(_relative(given, got)),
            note=f"{numbers.amount(got, '')} were used",
        ),
        Figure(
            label="Facility energy",
            value=numbers.energy(_times(would["energy_facility_mwh"], KWH_PER_MWH)),
            note=_change(would["energy_facility_mwh"], was["energy_facility_mwh"], "power or PUE not known"),
            meaning="By the model of node power × PUE, for both the split and what was received.",
        ),
        Figure(
            label="Location-based CO₂e",
            value=numbers.emissions(_times(would["emissions_location_t"], KG_PER_TONNE)),
            note=_change(would["emissions_location_t"], was["emissions_location_t"], "energy or intensity not known"),
            meaning="Facility energy × the carbon intensity of the machine's grid, for both the split and what was received.",
        ),
        Figure(
            label="Satisfaction",
            value=numbers.percent(proof.objective_ede),
            note=f"at most {numbers.percent(proof.bound_ede)} possible",
            meaning="What, given to every project alike, would be as good as this split; the bound is proven from its prices alone.",
        ),
    ]


TITLES = {
    FLOOR: "At least, % of the hours offered",
    CAP: "At most, % of the hours offered",
    WEIGHT: "Weight of a project's satisfaction",
}
"""What can be set for each user category."""


def _budget(place: DeltaGenerator, title: str, key: str) -> float | None:
    return place.number_input(title, min_value=0.0, value=None, key=key, placeholder="none", bind="query-params")


def _per_category(kind: str, title: str) -> Mapping[str, Value]:
    """What is set for each user category, after drawing a control for each; those that bind something are seen at once."""
    amount, keys = SHARES[kind], {category: f"{kind}-{category.value}" for category in STACK}
    assert amount.usual is not None
    is_set = any(st.session_state.get(key, amount.usual) != amount.usual for key in keys.values())
    found: dict[str, Value] = {}
    with st.expander(title, expanded=is_set):
        for category, key in keys.items():
            if kind == WEIGHT:
                found[key] = st.number_input(
                    label(category), min_value=amount.least, max_value=amount.most, value=amount.usual, key=key, bind="query-params"
                )
            else:
                found[key] = st.slider(
                    label(category), amount.least, amount.most, amount.usual, step=0.5, format="%g %%", key=key, bind="query-params"
                )
    return found


def _solved(here: Visit, chosen: Selection, choices: SplitChoices) -> Solution | Refusal:
    """The solution of the split for these choices; the problem is the same whatever the aim, and so put together once for all of them."""

    def made() -> Solution | Refusal:
        last = st.session_state.get(LAST)
        whatever_aim = replace(choices, objective=Objective())
        facts = facts_of(here, chosen)
        problem = loaders.kept(here.seen, "problem of a split", (chosen, whatever_aim), lambda: split_problem(facts, whatever_aim))
        return solve(problem, choices.objective, warm=last if isinstance(last, Solution) else None)

    return loaders.kept(here.seen, "solution of a split", (chosen, choices), made)


def _against(other: str, beside: Solution, found: Solution) -> str:
    """What the split gives up and wins against that of another aim."""
    hours = [float(each.allocation["node_hours"].sum()) for each in (found, beside)]
    mine, theirs = (
        served_of_worst(each.problem, each.allocation.group_by("project").agg(pl.sum("node_hours"))) for each in (found, beside)
    )
    more = _relative(hours[0], hours[1])
    said = "as many hours" if more is None or abs(more) < 5e-4 else f"hours {numbers.change(more)}"
    return (
        f"Against “{other}”: {said}; the worst-served tenth of projects gets {numbers.percent(mine)} of what is due, not "
        f"{numbers.percent(theirs)}."
    )


def _facts(here: Visit) -> SplitFacts:
    facts, usual = loaders.partitions(here.state, here.chosen.systems), SplitChoices()
    hours = results.intensity_by_hour(here, facts, results.Series(method=usual.method, scope=usual.scope))
    return SplitFacts(
        demand=results.demand(here),
        usage=loaders.usage(here.seen, here.chosen, "system", "account", "category", "partition", "month"),
        offered=loaders.offered(here.seen, here.chosen),
        partitions=facts,
        intensity=loaders.intensity(),
        limits=loaders.policy_limits(),
        hourly=monthly_intensity(hours, here.chosen.period),
    )


def _change(now: float | None, before: float | None, reason: str) -> str:
    relative = _relative(now, before)
    return reason if relative is None else f"{numbers.change(relative)} against received"


def _relative(now: float | None, before: float | None) -> float | None:
    return now / before - 1 if now is not None and before else None


def _times(value: float | None, factor: float) -> float | None:
    return None if value is None else value * factor
