"""How the figures of reports are computed: the words beside the code itself, so that method and figure cannot drift apart."""

from analytics import carbon, carbon_hourly, demand, energy, fairness, limits, split_problem, usage, waiting
from analytics.explained import TOPICS, Indicator, method_of
from analytics.report.document import Method

EXPLAINED: tuple[Indicator, ...] = (
    usage.share,
    usage.capacity,
    usage.against_capacity,
    usage.change,
    limits.against_limits,
    demand.demand_of_projects,
    fairness.against_due,
    fairness.satisfaction_of_projects,
    fairness.jain_index,
    fairness.gini_coefficient,
    fairness.theil_index,
    fairness.theil_parts,
    fairness.equally_distributed_equivalent,
    fairness.atkinson_index,
    waiting.queue_waits,
    energy.energy,
    energy.idle_energy,
    carbon.emissions,
    carbon.annual_intensity,
    carbon_hourly.intensity_under_load,
    split_problem.split_problem,
)
"""The indicators of reports in the order in which a reader meets them."""


def methods() -> tuple[Method, ...]:
    """The method of every indicator of the reports, under the title that it has on the methods page.

    >>> methods()[0].title
    'Share of machine time'
    """
    titles = {indicator: title for indicators in TOPICS.values() for title, indicator in indicators.items()}
    return tuple(method_of(indicator, titles[indicator]) for indicator in EXPLAINED)
