"""How the figures are computed: the words beside the code itself, so that method and figure cannot drift apart."""

import inspect
from collections.abc import Callable
from typing import Any

from analytics import carbon, carbon_hourly, demand, energy, fairness, limits, split_problem, training, usage, waiting
from analytics.calls import decision
from analytics.report.document import Method

EXPLAINED: tuple[Callable[..., Any], ...] = (
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
    decision.decide,
    training.gpu_hours,
)
"""The indicators in the order in which a reader meets them."""

FOR_CALLERS = (">>>", "Raises:", "Args:", "Needs ", "Takes ", "Gives ", "Columns:")
"""How the paragraphs begin that speak to those who call the code, not to those who read its figures."""


def methods() -> tuple[Method, ...]:
    """The method of every indicator of the report."""
    return tuple(method_of(function) for function in EXPLAINED)


def method_of(indicator: Callable[..., Any]) -> Method:
    """What an indicator says about itself, without its examples and without what only its callers must know.

    >>> method_of(fairness.jain_index).name
    'fairness.jain_index'
    """
    text = inspect.getdoc(indicator) or ""
    paragraphs = [" ".join(part.split()) for part in text.split("\n\n") if not part.lstrip().startswith(FOR_CALLERS)]
    module = indicator.__module__.removeprefix("analytics.")
    return Method(name=f"{module}.{indicator.__name__}", summary=paragraphs[0], details=tuple(paragraphs[1:]))
