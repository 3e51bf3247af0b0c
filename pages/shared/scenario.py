"""What a reader sets for a split: its aim, guarantees, ceilings, weights and budgets, kept in the address; and the split itself."""

from collections.abc import Mapping
from dataclasses import replace

import streamlit as st

from analytics.allocation.objectives import Aim, Objective
from analytics.allocation.solution import Refusal
from analytics.charts import numbers
from analytics.charts.theme import STACK, label
from analytics.recommendation import Recommendation, recommendation
from analytics.split_problem import Due, SplitChoices, SplitFacts
from data.terms import Selection, UserCategory
from data.units import KG_PER_TONNE, KWH_PER_MWH
from pages.shared import loaders, results
from pages.shared.parts import Figure
from pages.shared.visit import Visit

AIMS = {
    "Most hours": Objective(alpha=0.0),
    "Many hours": Objective(alpha=0.5),
    "Proportional": Objective(alpha=1.0),
    "More for the worst-served": Objective(alpha=2.0),
    "Much more": Objective(alpha=4.0),
    "Worst-served first": Objective(aim=Aim.MAX_MIN),
}
"""The aims a reader can choose, from most hours served to the worst-served first."""

DUES = {"the usual request of their access mode": Due.MODE_MEDIAN, "their own request": Due.REQUEST}
SERIES_IN_WORDS = next(iter(results.SERIES_OF)).lower()


def chosen_by_reader() -> SplitChoices:
    """The aims and limits, after drawing their controls."""
    left, right = st.columns([3, 2], gap="large")
    aim = left.select_slider(
        "Aim, from most hours served to the worst-served first",
        AIMS,
        value="Proportional",
        key="aim",
        bind="query-params",
        help="What the split tries to bring about.",
    )
    due = right.selectbox("Projects are satisfied against", DUES, key="due", bind="query-params")
    with st.popover("Guarantees, ceilings, weights and budgets", help="What must hold, whatever the aim"):
        keep_law = st.toggle("Keep the limits of law and access policy", value=True, key="law", bind="query-params")
        floors, caps, weights = (_per_category(*kind) for kind in _KINDS)
        energy = _budget("Most facility energy (MWh)", "energy-budget")
        carbon = _budget("Most emissions (t CO₂e)", "carbon-budget")
    return SplitChoices(
        objective=AIMS[aim],
        due=DUES[due],
        floors={category: percent / 100 for category, percent in floors.items() if percent > 0},
        caps={category: percent / 100 for category, percent in caps.items() if percent < 100},
        weights={category: weight for category, weight in weights.items() if weight != 1},
        energy_budget_mwh=energy,
        carbon_budget_t=carbon,
        keep_law=keep_law,
    )


def best_split(here: Visit, chosen: Selection, choices: SplitChoices) -> Recommendation | Refusal:
    """The best split of the selection for these choices, or why there is none; kept for this state of the store."""

    def solved() -> Recommendation | Refusal:
        return recommendation(_facts(replace(here, selection=chosen)), choices)

    with st.spinner("Computing the split and its proof…"):
        return loaders.kept(here.seen, "split", (chosen, choices), solved)


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
            label="Emissions, location-based",
            value=numbers.emissions(_times(would["emissions_location_t"], KG_PER_TONNE)),
            note=_change(would["emissions_location_t"], was["emissions_location_t"], "energy or intensity not known"),
        ),
        Figure(
            label="Satisfaction",
            value=numbers.percent(proof.objective_ede),
            note=f"at most {numbers.percent(proof.bound_ede)} possible",
            meaning="What, given to every project alike, would be as good as this split; the bound is proven from its prices alone.",
        ),
    ]


_KINDS: tuple[tuple[str, str, float, float, float], ...] = (
    ("At least, % of the hours offered", "floor", 0.0, 0.0, 100.0),
    ("At most, % of the hours offered", "cap", 100.0, 0.0, 100.0),
    ("Weight of a project's satisfaction", "weight", 1.0, 0.1, 100.0),
)


def _budget(title: str, key: str) -> float | None:
    return st.number_input(title, min_value=0.0, value=None, key=key, placeholder="no budget", bind="query-params")


def _per_category(title: str, name: str, default: float, least: float, most: float) -> Mapping[UserCategory, float]:
    st.caption(title)
    columns = st.columns(len(STACK))
    return {
        category: column.number_input(
            label(category), min_value=least, max_value=most, value=default, key=f"{name}-{category.value}", bind="query-params"
        )
        for category, column in zip(STACK, columns, strict=True)
    }


def _facts(here: Visit) -> SplitFacts:
    return SplitFacts(
        demand=results.demand(here),
        usage=loaders.usage(here.seen, here.chosen, "system", "account", "category", "partition", "month"),
        offered=loaders.offered(here.seen, here.chosen),
        partitions=loaders.partitions(here.state, here.chosen.systems),
        intensity=loaders.intensity(),
        limits=loaders.policy_limits(),
    )


def _change(now: float | None, before: float | None, reason: str) -> str:
    relative = _relative(now, before)
    return reason if relative is None else f"{numbers.change(relative)} against received"


def _relative(now: float | None, before: float | None) -> float | None:
    return now / before - 1 if now is not None and before else None


def _times(value: float | None, factor: float) -> float | None:
    return None if value is None else value * factor
