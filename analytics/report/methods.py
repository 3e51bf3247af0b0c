"""How the figures of reports are computed: the words beside the code itself, so that method and figure cannot drift apart."""

from collections.abc import Collection, Mapping

from analytics import carbon, carbon_hourly, demand, energy, fairness, limits, split_problem, usage, waiting
from analytics.explained import TOPICS, Indicator, method_of
from analytics.report.document import Method

_CAPACITY = (usage.capacity, usage.against_capacity)
_FAIR = (
    fairness.satisfaction_of_projects,
    fairness.jain_index,
    fairness.gini_coefficient,
    fairness.theil_index,
    fairness.theil_parts,
    fairness.equally_distributed_equivalent,
    fairness.atkinson_index,
)
_ENERGY = (energy.energy, energy.idle_energy)
_CARBON = (carbon.emissions, carbon.annual_intensity, carbon_hourly.intensity_under_load)
_EMISSIONS = (energy.energy, *_CARBON)
EXPLAINED: tuple[Indicator, ...] = (
    usage.share,
    *_CAPACITY,
    usage.change,
    limits.against_limits,
    demand.demand_of_projects,
    fairness.against_due,
    *_FAIR,
    waiting.queue_waits,
    *_ENERGY,
    *_CARBON,
    split_problem.split_problem,
)
"""The indicators of reports in the order in which a reader meets them."""

OF_SECTION: Mapping[str, tuple[Indicator, ...]] = {
    "received": (usage.share, *_CAPACITY, usage.change),
    "machines": (usage.share, *_CAPACITY),
    "countries": (usage.share,),
    "limits": (usage.share, usage.capacity, limits.against_limits),
    "due": (usage.share, demand.demand_of_projects, fairness.against_due),
    "projects": (demand.demand_of_projects, *_FAIR),
    "waits": (waiting.queue_waits,),
    "information": _ENERGY,
    "indicators": (),
    "energy": _ENERGY,
    "emissions": _EMISSIONS,
    "recommended": (demand.demand_of_projects, split_problem.split_problem, usage.capacity, *_EMISSIONS),
    "coverage": (usage.share, demand.demand_of_projects, energy.energy),
    "state": (usage.share,),
    "state-machines": (usage.share, *_EMISSIONS),
}
"""Which of them each section shows, or rests on."""


def methods(sections: Collection[str]) -> tuple[Method, ...]:
    """The method of every indicator of these sections of a report, under the title that it has on the methods page.

    >>> [method.title for method in methods(["countries", "waits"])]
    ['Share of machine time', 'Queue wait']
    """
    titles = {indicator: title for indicators in TOPICS.values() for title, indicator in indicators.items()}
    shown = {indicator for section in sections for indicator in OF_SECTION[section]}
    return tuple(method_of(indicator, titles[indicator]) for indicator in EXPLAINED if indicator in shown)
