"""What each indicator comes to for the selection in the filter bar, to stand beside its explanation."""

from collections.abc import Callable, Mapping

from analytics import carbon, fairness, findings_energy, waiting
from analytics.charts import numbers, theme
from analytics.charts.power import power
from pages.shared import fairness_parts, loaders, results, results_energy, results_fairness
from pages.shared.visit import Visit

FLEXIBLE_SHARE = 0.25


def value(here: Visit, name: str) -> str:
    """Today's value of an indicator in words; empty for one that has no single value of its own."""
    return VALUES[name](here) if name in VALUES else ""


def _share(here: Visit) -> str:
    used = results.totals(here)
    return numbers.machine_time(used["hours"], here.chosen.unit)


def _capacity_share(here: Visit) -> str:
    share, sized, machines = results.capacity_share(here)
    return f"{numbers.percent(share)} of the capacity of {numbers.counted(sized, 'machine')} of {machines}"


def _demanded(here: Visit) -> str:
    asked = results.demand(here)["node_hours_demanded"].drop_nulls()
    return f"{numbers.amount(float(asked.sum()) if asked.len() else None, 'node-hours')} over {numbers.counted(asked.len(), 'project')}"


def _unmet(here: Visit) -> str:
    rows = results_fairness.unmet(here).drop_nulls("served")
    return numbers.amount(float(rows["node_hours_unmet"].sum()) if rows.height else None, "node-hours")


def _due(here: Visit) -> str:
    rows = results.due(here).drop_nulls("difference")
    parts = [f"{theme.category_name(category)} {numbers.points(off)}" for category, off in rows.select("category", "difference").rows()]
    return "; ".join(parts) or numbers.NOT_AVAILABLE


def _satisfaction(here: Visit) -> str:
    fair = results.inequality(here)
    return f"least {numbers.percent(fair.least)}, mean {numbers.percent(fair.mean)}, {numbers.counted(fair.projects, 'project')}"


def _theil_parts(here: Visit) -> str:
    fair = results.inequality(here)
    return f"between {numbers.plain(fair.theil_between)}, within {numbers.plain(fair.theil_within)}"


def _atkinson(here: Visit) -> str:
    served = results.satisfaction(here)["satisfaction"].to_numpy()
    return "; ".join(f"{numbers.plain(fairness.atkinson_index(served, alpha=alpha))} at α = {alpha}" for alpha in (0.5, 1))


def _intervals(here: Visit) -> str:
    found = results_fairness.intervals(here)
    named = (("Jain", "jain"), ("Gini", "gini"), ("Theil", "theil"))
    return "; ".join(f"{words} {fairness_parts.between(found, index)}" for words, index in named if index in found) or numbers.NOT_AVAILABLE


def _sure_shares(here: Visit) -> str:
    rows = results_fairness.sure_shares(here).select("category", "share_low", "share_high").rows()
    return "; ".join(f"{theme.category_name(name)} {numbers.percent(low)} to {numbers.percent(high)}" for name, low, high in rows)


def _waits(here: Visit) -> str:
    found = waiting.queue_waits(loaders.waits(here.seen, here.chosen)).row(0, named=True)
    median, nine, mean = (numbers.duration(found[name]) for name in ("median_wait_s", "p90_wait_s", "mean_wait_s"))
    return f"median {median}, nine in ten at most {nine}, mean {mean}"


def _wait_spread(here: Visit) -> str:
    found = waiting.wait_distribution(loaders.waits(here.seen, here.chosen)).row(0, named=True)
    return f"middle half of the jobs {numbers.duration(found['p25_s'])} to {numbers.duration(found['p75_s'])}"


def _slowdowns(here: Visit) -> str:
    found = waiting.slowdown_distribution(results_fairness.slowdowns(here)).row(0, named=True)
    return f"median {numbers.plain(found['median'])}, 95 % of jobs at most {numbers.plain(found['p95'])}"


def _emitted(here: Visit, name: str) -> str:
    return numbers.emissions(carbon.emissions_by(results.emission_rows(here)).row(0, named=True)[name])


def _energy(here: Visit) -> str:
    row = carbon.emissions_by(results.emission_rows(here)).row(0, named=True)
    return f"IT {numbers.energy(row['energy_it_kwh'])}, facility {numbers.energy(row['energy_facility_kwh'])}"


def _idle(here: Visit) -> str:
    idle = results_energy.where_it_went(here)["energy_idle_kwh"].drop_nulls()
    return (
        f"at most {numbers.energy(float(idle.sum()))} at {numbers.counted(idle.len(), 'machine')}" if idle.len() else numbers.NOT_AVAILABLE
    )


def _indicators(here: Visit) -> str:
    rows = results_energy.indicators(here)
    return f"{rows['value'].count()} of {rows.height} indicators of the machines with logs are available"


def _mean_power(here: Visit) -> str:
    rows = results_energy.power_over_time(here).drop_nulls("power_facility_kw")
    times = rows[results_energy.grain(here)].n_unique()
    return power(float(rows["power_facility_kw"].sum()) / times if times else None)


def _peak(here: Visit) -> str:
    found = results_energy.highest_hours(here)["peak_kw"].drop_nulls().to_list()
    return power(max(found, default=None))


def _limits(here: Visit) -> str:
    rows = results.against_limits(here)
    known, over, near = rows["over"].count(), int(rows["over"].sum()), int(rows["near"].sum())
    return f"over {over} of {numbers.counted(known, 'limit')} that can be told, near {near}"


def _saved(here: Visit) -> str:
    return findings_energy.saved(results_energy.moves(here, FLEXIBLE_SHARE), flexible_share=FLEXIBLE_SHARE)


VALUES: Mapping[str, Callable[[Visit], str]] = {
    "usage.share": _share,
    "usage.against_capacity": _capacity_share,
    "demand.demand_of_projects": _demanded,
    "gains.unmet_demand": _unmet,
    "fairness.against_due": _due,
    "fairness.satisfaction_of_projects": _satisfaction,
    "fairness.jain_index": lambda here: numbers.plain(results.inequality(here).jain),
    "fairness.gini_coefficient": lambda here: numbers.plain(results.inequality(here).gini),
    "fairness.theil_index": lambda here: numbers.plain(results.inequality(here).theil),
    "fairness.theil_parts": _theil_parts,
    "fairness.equally_distributed_equivalent": lambda here: numbers.percent(results.inequality(here).ede),
    "fairness.atkinson_index": _atkinson,
    "certainty.index_intervals": _intervals,
    "certainty.share_intervals": _sure_shares,
    "waiting.queue_waits": _waits,
    "waiting.wait_distribution": _wait_spread,
    "waiting.slowdown_distribution": _slowdowns,
    "energy.energy": _energy,
    "energy.idle_energy": _idle,
    "regulation.indicators": _indicators,
    "efficiency.where_it_went": lambda here: findings_energy.lost(results_energy.where_it_went(here), period=here.chosen.period.name),
    "power.power_over_time": _mean_power,
    "power.peaks": _peak,
    "carbon.emissions": lambda here: (
        f"{_emitted(here, 'emissions_location_kgco2e')} location-based, {_emitted(here, 'emissions_market_kgco2e')} market-based"
    ),
    "limits.against_limits": _limits,
    "flexibility.most_saved": _saved,
}
"""How the value of each indicator is written."""
