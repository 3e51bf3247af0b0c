"""What the pages show of fairness beyond shares due: states, spread of waits, unmet demand, and how sure the indices are."""

from collections.abc import Mapping

import polars as pl

from analytics import certainty, fairness, gains, usage, waiting
from analytics.certainty import Interval
from data.terms import HourUnit
from pages.shared import loaders, results
from pages.shared.visit import Visit


def due_by_state(here: Visit) -> pl.DataFrame:
    """What the projects of each participating state received against what was due to them by demand, in node-hours."""
    used = usage.hours(loaders.usage(here.seen, here.chosen, "country"), HourUnit.NODE_HOURS).select("country", "hours")
    told = used.with_columns(pl.col("country").fill_null(fairness.UNKNOWN_STATE))
    return fairness.against_due(told, fairness.due_by_demand(results.demand(here), "country"), "country")


def wait_spread(here: Visit) -> pl.DataFrame:
    """How the waits of each category are spread (frame of `waiting.wait_distribution`)."""
    return waiting.wait_distribution(loaders.waits(here.seen, here.chosen, "category"), "category")


def slowdown_spread(here: Visit) -> pl.DataFrame:
    """How the bounded slowdowns of each category are spread (frame of `waiting.slowdown_distribution`)."""
    return waiting.slowdown_distribution(slowdowns(here, "category"), "category")


def slowdowns(here: Visit, *by: str) -> pl.DataFrame:
    """The histogram of bounded slowdowns in the selection (frame `slowdowns_by`)."""
    return loaders.slowdowns(here.seen, here.chosen, *by)


def unmet(here: Visit) -> pl.DataFrame:
    """Unmet demand of each category, and its gain from one percent more machine time (frame GAINS)."""
    return gains.unmet_demand(results.demand(here))


def curves(here: Visit) -> pl.DataFrame:
    """The Lorenz curves of satisfaction, of all projects and of each category (frame LORENZ)."""
    return gains.lorenz_by(results.satisfaction(here), "satisfaction")


def intervals(here: Visit) -> Mapping[str, Interval]:
    """Between what each index of inequality lies in nine of ten trials; the state of the store is the seed, so they can be made again."""

    def made() -> Mapping[str, Interval]:
        return certainty.index_intervals(results.satisfaction(here)["satisfaction"].to_numpy(), seed=here.seen.snapshot_id)

    return loaders.kept(here.seen, "intervals", (here.chosen,), made)


def sure_shares(here: Visit) -> pl.DataFrame:
    """The share of each category with its interval, over projects (frame of `certainty.share_intervals`)."""
    return certainty.share_intervals(hours_of_projects(here), "category")


def hours_of_projects(here: Visit) -> pl.DataFrame:
    """Category and node-hours of each project on a machine, unknown where none are known."""
    used = loaders.usage(here.seen, here.chosen, "system", "account", "category").filter(pl.col("jobs") > 0)
    return usage.hours(used, HourUnit.NODE_HOURS).select("category", "hours")


def index_by_month(here: Visit) -> pl.DataFrame:
    """The indices of inequality between projects by month (frame of `fairness.inequality_by`)."""

    def made(here: Visit) -> pl.DataFrame:
        served = fairness.satisfaction_of_projects(results.monthly_demand(here))
        return fairness.inequality_by(served, "month")

    return results.of_months(here, "indices by month", made)
