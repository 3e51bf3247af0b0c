"""Every indicator by topic, so that each can be explained in its own words beside today's value, and linked to from every chart."""

import inspect
import re
from collections.abc import Callable, Mapping
from typing import Any

from analytics import (
    carbon,
    carbon_hourly,
    certainty,
    comparison,
    demand,
    effect,
    efficiency,
    energy,
    fair_tree,
    fairness,
    flexibility,
    gains,
    limits,
    power,
    quota_draft,
    quota_forecast,
    quota_progress,
    reclaim,
    reclaim_offers,
    recommendation_robust,
    regulation,
    split_problem,
    training,
    usage,
    waiting,
)
from analytics.allocation import explain, rounding
from analytics.calls import decision
from analytics.report.document import Method

Indicator = Callable[..., Any]

TOPICS: Mapping[str, Mapping[str, Indicator]] = {
    "Usage": {
        "Share of machine time": usage.share,
        "Machine time by country": usage.by_country,
        "Capacity": usage.capacity,
        "Share of capacity and of the Union's share": usage.against_capacity,
        "Change against the period before": usage.change,
        "Comparison of two selections": comparison.compared,
    },
    "Demand": {"Demand": demand.demand_of_projects, "Unmet demand, and one percent more": gains.unmet_demand},
    "Fairness": {
        "Share received against share due": fairness.against_due,
        "How sure a share is": certainty.share_intervals,
        "Satisfaction": fairness.satisfaction_of_projects,
        "Jain's index": fairness.jain_index,
        "Gini coefficient": fairness.gini_coefficient,
        "Lorenz curve": gains.lorenz_curve,
        "Theil's index": fairness.theil_index,
        "Theil's index between and within categories": fairness.theil_parts,
        "Equally-distributed-equivalent satisfaction (EDE)": fairness.equally_distributed_equivalent,
        "Atkinson's index": fairness.atkinson_index,
        "How sure the indices are": certainty.index_intervals,
        "Slurm's fair tree": fair_tree.fair_tree,
    },
    "Waits": {
        "Queue wait": waiting.queue_waits,
        "Spread of waits": waiting.wait_distribution,
        "Bounded slowdown": waiting.slowdown_distribution,
    },
    "Energy": {
        "Energy": energy.energy,
        "Energy of idle nodes": energy.idle_energy,
        "Energy lost in failed jobs, and energy per useful hour": efficiency.where_it_went,
        "PUE, WUE, ERF and REF": regulation.indicators,
    },
    "Power": {
        "Power by the hour": power.hourly_power,
        "Power over time": power.power_over_time,
        "Highest hour": power.peaks,
        "Power against what the site may draw": power.against_power_limits,
        "Load through the week": power.week,
        "Carbon intensity through the week": power.intensity_week,
    },
    "Emissions": {
        "Emissions": carbon.emissions,
        "Annual carbon intensity": carbon.annual_intensity,
        "Carbon intensity by the hour": carbon_hourly.intensity_under_load,
    },
    "Moving work": {
        "Most emissions that moving work could save": flexibility.most_saved,
        "Moving by the hour": flexibility.hour_slots,
        "Moving by the day": flexibility.day_slots,
        "Moving by the site": flexibility.site_slots,
    },
    "Limits": {"Limits of law and access policy": limits.against_limits},
    "Split": {
        "The problem of a split": split_problem.split_problem,
        "Whole hours": rounding.rounded,
        "What exaggeration would bring": explain.exaggeration,
        "A split that holds under other demands": recommendation_robust.robust_recommendation,
    },
    "Quotas": {
        "Progress of a quota": quota_progress.progress,
        "Forecast of a project's use": quota_forecast.outlook,
        "What changes of quotas would do": quota_draft.changes,
        "Hours that will not be used": reclaim.reclaimable,
        "To whom such hours could be given": reclaim_offers.offered_back,
        "Effect of a change of quotas": effect.effect,
    },
    "Calls": {
        "Decision of a call": decision.decide,
        "GPU-hours of a training run": training.gpu_hours,
        "A training run on each machine": training.training_on,
        "A training run from GPU-hours": training.training_with,
        "Days that a training run takes alone": training.days_alone,
    },
}
"""The indicators by topic and title, in the order in which a reader meets them; charts name the topic that explains them."""

FOR_CALLERS = (">>>", "Raises:", "Args:", "Returns:")
"""How the paragraphs begin that speak to those who call the code, not to those who read its figures."""

SENTENCES_FOR_CALLERS = ("Needs ", "Takes ", "Gives ", "Adds ", "Columns:")
"""How such sentences begin."""


def explained(topic: str) -> dict[str, Method]:
    """What each indicator of a topic says about itself, by title: definition, formula, source and edge cases.

    >>> explained("Limits")["Limits of law and access policy"].name
    'limits.against_limits'
    """
    return {title: method_of(indicator, title) for title, indicator in TOPICS[topic].items()}


def method_of(indicator: Indicator, title: str) -> Method:
    """What an indicator says about itself, without its examples and without what only its callers must know.

    >>> method_of(fairness.jain_index, "Jain's index").name
    'fairness.jain_index'
    """
    text = inspect.getdoc(indicator) or ""
    told = (_for_readers(part) for part in text.split("\n\n") if not part.lstrip().startswith(FOR_CALLERS))
    paragraphs = [part for part in told if part]
    module = indicator.__module__.removeprefix("analytics.")
    return Method(name=f"{module}.{indicator.__name__}", title=title, summary=paragraphs[0], details=tuple(paragraphs[1:]))


def _for_readers(paragraph: str) -> str:
    """A paragraph on one line, without the sentences and the names of frames that only callers need.

    >>> _for_readers("What each group received (frame COMPARED). Takes usage by\\n    country. Unknown where nobody told it.")
    'What each group received. Unknown where nobody told it.'
    """
    text = re.sub(r" \((?:frame )?[A-Z_]{4,}\)", "", " ".join(paragraph.split()))
    sentences = re.split(r"(?<=[.;]) (?=[A-Z])", text)
    return " ".join(sentence for sentence in sentences if not sentence.startswith(SENTENCES_FOR_CALLERS))


def anchor(name: str) -> str:
    """The place of an indicator on the methods page, for links.

    >>> anchor("fairness.jain_index")
    'jain-index'
    """
    return name.rpartition(".")[2].replace("_", "-")
