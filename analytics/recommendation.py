"""A recommended split beside what was received: who would gain, what binds at what price, and what it means for energy and carbon."""

from dataclasses import dataclass

import polars as pl

from analytics.allocation.objectives import Aim
from analytics.allocation.solution import Refusal, Solution
from analytics.allocation.solve import solve
from analytics.capacity_changes import PART
from analytics.split_problem import JOIN, SplitChoices, SplitFacts, capacity_with_factors, split_problem
from data.schema import Schema

BY_PROJECT: Schema = {
    "project": pl.String,
    "system": pl.String,
    "account": pl.String,
    "category": pl.String,
    "mode": pl.String,
    "country": pl.String,
    "node_hours_received": pl.Float64,
    "node_hours_demanded": pl.Float64,
    "node_hours_recommended": pl.Float64,
    "change": pl.Float64,  # recommended - received, node-hours
    "satisfaction": pl.Float64,
    "limited_by": pl.String,
}
"""One row a project that asked for hours."""

ENERGY_OF_SPLIT: Schema = {
    "node_hours": pl.Float64,
    "node_hours_with_energy": pl.Float64,
    "energy_facility_mwh": pl.Float64,  # of the node-hours with a known factor; null where there are none
    "node_hours_with_emissions": pl.Float64,
    "emissions_location_t": pl.Float64,
}
"""Modelled energy and emissions of a set of hours, with the hours they cover."""

HELD = 1e-6
"""The gain below which a limit does not count as holding a split back."""

SHOWN_DECIMALS = 3
"""To a thousandth of a node-hour: beneath that lie the last bits of the solve and of sums."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recommendation:
    """A split that is proven best for the choices made, beside what was received in the same period on the same machines."""

    choices: SplitChoices
    """What was asked for."""
    solution: Solution
    """The split with its prices and its proof."""
    by_project: pl.DataFrame
    """Frame BY_PROJECT."""
    by_category: pl.DataFrame
    """category, projects, node_hours_received, _demanded, _recommended, change, share_received, share_recommended, satisfaction."""
    by_category_system: pl.DataFrame
    """category, system, node_hours_received, node_hours_recommended."""
    by_category_month: pl.DataFrame
    """category, month, node_hours_received, node_hours_recommended."""
    by_system: pl.DataFrame
    """system, node_hours_offered, node_hours_received, node_hours_recommended."""
    binding: pl.DataFrame
    """name, kind, system, partition, months, price, unit, gain: what holds the split back, the keenest first.

    `gain` is by how much the figure of merit would rise, relatively, if the limit were one per cent looser."""
    energy: pl.DataFrame
    """what (received | recommended) and ENERGY_OF_SPLIT, both modelled in the same way."""


def recommendation(facts: SplitFacts, choices: SplitChoices, *, warm: Solution | None = None) -> Recommendation | Refusal:
    """The best split of the period for the choices made, or the reason why there is none.

    Args:
        facts: What is known about the period and machines.
        choices: What a person set.
        warm: The solution for like choices, from which the search starts; it makes the answer quicker, and its proof is the same.

    Raises:
        InputError: if nothing is asked for or offered, or a choice cannot be.
    """
    solution = solve(split_problem(facts, choices), choices.objective, warm=warm)
    return solution if isinstance(solution, Refusal) else of_solution(facts, choices, solution)


def of_solution(facts: SplitFacts, choices: SplitChoices, solution: Solution) -> Recommendation:
    """A solution of the split of these choices, beside what was received."""
    capacity = capacity_with_factors(facts, choices)
    received = _received(facts, capacity)
    recommended = _recommended(solution)
    by_project = _by_project(solution, received, recommended)
    return Recommendation(
        choices=choices,
        solution=solution,
        by_project=by_project,
        by_category=_by_category(by_project),
        by_category_system=_side_by_side(received, recommended, "category", "system"),
        by_category_month=_side_by_side(received, recommended, "category", "month"),
        by_system=_by_system(capacity, received, recommended),
        binding=_binding(solution),
        energy=pl.concat([_energy("received", received, capacity), _energy("recommended", recommended, capacity)]),
    )


def _received(facts: SplitFacts, capacity: pl.DataFrame) -> pl.DataFrame:
    """project, category, system, partition, month, node_hours that were used, on the machines that offered hours."""
    return facts.usage.filter(pl.col("system").is_in(capacity["system"].unique().to_list())).select(
        "category",
        "system",
        "month",
        "node_hours",
        project=pl.col("account").fill_null("no account") + JOIN + pl.col("system"),
        partition=pl.col("system") + PART + pl.col("partition"),
    )


def _recommended(solution: Solution) -> pl.DataFrame:
    """The same columns for the hours that the split grants."""
    categories = solution.problem.projects.select("project", "category")
    return solution.allocation.join(categories, on="project", how="left", validate="m:1").select(
        "category",
        "node_hours",
        "project",
        "partition",
        system=pl.col("partition").str.split(PART).list.first(),
        month=(pl.col("period") + "-01").str.to_date("%Y-%m-%d"),
    )


def _by_project(solution: Solution, received: pl.DataFrame, recommended: pl.DataFrame) -> pl.DataFrame:
    asked = solution.problem.projects.select("project", "category", "mode", "country", node_hours_demanded="hours_asked")
    got = received.group_by("project").agg(node_hours_received=pl.col("node_hours").sum())
    given = recommended.group_by("project").agg(node_hours_recommended=pl.col("node_hours").sum())
    rows = (
        asked.join(got, on="project", how="left", validate="1:1")
        .join(given, on="project", how="left", validate="1:1")
        .join(solution.satisfaction, on="project", how="left", validate="1:1")
        .with_columns(pl.col("node_hours_received", "node_hours_recommended").fill_null(0.0).round(SHOWN_DECIMALS))
    )
    return (
        rows.with_columns(
            system=pl.col("project").str.split(JOIN).list.last(),
            account=pl.col("project").str.replace(f"{JOIN}[^{JOIN}]*$", ""),
            change=pl.col("node_hours_recommended") - pl.col("node_hours_received"),
        )
        .select(list(BY_PROJECT))
        .sort("project")
    )


def _by_category(by_project: pl.DataFrame) -> pl.DataFrame:
    sums = [pl.col(f"node_hours_{what}").sum() for what in ("received", "demanded", "recommended")]
    rows = by_project.group_by("category").agg(
        *sums, projects=pl.len().cast(pl.Int64), change=pl.col("change").sum(), satisfaction=pl.col("satisfaction").mean()
    )
    shares = {
        f"share_{what}": pl.when(pl.col(f"node_hours_{what}").sum() > 0).then(
            pl.col(f"node_hours_{what}") / pl.col(f"node_hours_{what}").sum()
        )
        for what in ("received", "recommended")
    }
    return rows.with_columns(**shares).sort("category")


def _side_by_side(received: pl.DataFrame, recommended: pl.DataFrame, *by: str) -> pl.DataFrame:
    got = received.group_by(by).agg(node_hours_received=pl.col("node_hours").sum())
    given = recommended.group_by(by).agg(node_hours_recommended=pl.col("node_hours").sum())
    both = got.join(given, on=by, how="full", coalesce=True, validate="1:1")
    return both.with_columns(pl.col("node_hours_received", "node_hours_recommended").fill_null(0.0).round(SHOWN_DECIMALS)).sort(by)


def _by_system(capacity: pl.DataFrame, received: pl.DataFrame, recommended: pl.DataFrame) -> pl.DataFrame:
    offered = capacity.group_by("system").agg(node_hours_offered=pl.col("node_hours").sum())
    both = _side_by_side(received, recommended, "system")
    return offered.join(both, on="system", how="left", validate="1:1").with_columns(pl.selectors.numeric().fill_null(0.0)).sort("system")


def _binding(solution: Solution) -> pl.DataFrame:
    """The limits that cost something, capacity gathered to one row a partition; none where the aim looks at somebody who gets all."""
    if solution.objective.aim is not Aim.ALPHA and _worst_served_has_all(solution):
        return pl.DataFrame(schema=_BINDING)
    sizes = pl.concat([_capacity_sizes(solution), _limit_sizes(solution)])
    held = solution.prices.filter(pl.col("price") > 0).join(sizes, on="name", how="left", validate="1:1")
    rows = held.with_columns(worth=pl.col("price") * pl.col("size"), unit=pl.col("unit").str.replace("welfare per ", ""))
    gathered = rows.group_by("group", "kind", "system", "partition", "unit").agg(
        months=pl.len().cast(pl.Int64), worth=pl.col("worth").sum(), price=pl.col("worth").sum() / pl.col("size").sum()
    )
    gain = gathered.with_columns(gain=pl.col("worth") * _relative_gain(solution)).filter(pl.col("gain") > HELD)
    return gain.select("kind", "system", "partition", "months", "price", "unit", "gain", name="group").sort(
        "gain", "name", descending=[True, False]
    )


def _worst_served_has_all(solution: Solution) -> bool:
    """Whether the least satisfaction is that of a project which gets all it asks for, so that no limit can be loosened to raise it."""
    served = solution.satisfaction.drop_nulls("satisfaction")
    least = served.filter(pl.col("satisfaction") <= float(served["satisfaction"].min() or 0.0) * (1 + HELD))  # type: ignore[arg-type]
    return bool((least["limited_by"] == "own request").any())


def _relative_gain(solution: Solution) -> float:
    """What one unit of welfare is worth, as a relative rise of the figure of merit for one per cent of a limit.

    The figure of merit E is the equally-distributed-equivalent satisfaction; dE/E = dW / (Σw · E^(1-α)), and for max-min dE/E = dW / E.
    """
    merit = solution.certificate.objective_ede
    if merit <= 0:
        return 0.0
    if solution.objective.aim is not Aim.ALPHA:
        return 0.01 / merit
    weights = float(solution.problem.projects.filter(pl.col("hours_asked") > 0)["weight"].sum())
    return float(0.01 / (weights * merit ** (1 - solution.objective.alpha)))


def _capacity_sizes(solution: Solution) -> pl.DataFrame:
    name = pl.concat_str([pl.lit("capacity"), pl.col("partition"), pl.col("period")], separator=":")
    parts = pl.col("partition").str.splitn(PART, 2)
    return solution.problem.capacity.select(
        name=name,
        group=pl.lit("capacity:") + pl.col("partition"),
        kind=pl.lit("capacity"),
        system=parts.struct.field("field_0"),
        partition=parts.struct.field("field_1"),
        size=pl.col("node_hours"),
    )


def _limit_sizes(solution: Solution) -> pl.DataFrame:
    """The right-hand side of every limit in its own quantity."""
    offered = solution.problem.capacity.join(solution.problem.partitions, on="partition", how="left", validate="m:1")
    whole = offered.group_by("system").agg(pl.col("node_hours").sum())
    every = float(whole["node_hours"].sum())
    limits = solution.problem.limits.join(whole, on="system", how="left", validate="m:1")
    base = pl.when(pl.col("unit") == "share").then(pl.col("node_hours").fill_null(every)).otherwise(1.0)
    return limits.select(
        "name",
        group="name",
        kind=pl.col("name").str.split(PART).list.first(),
        system="system",
        partition=pl.lit(None, pl.String),
        size=base * pl.col("value"),
    )


_BINDING: Schema = {
    "kind": pl.String,
    "system": pl.String,
    "partition": pl.String,
    "months": pl.Int64,
    "price": pl.Float64,
    "unit": pl.String,
    "gain": pl.Float64,
    "name": pl.String,
}


def _energy(what: str, rows: pl.DataFrame, capacity: pl.DataFrame) -> pl.DataFrame:
    factors = capacity.select(
        "partition", "mwh_per_node_hour", "tco2e_per_node_hour", month=(pl.col("period") + "-01").str.to_date("%Y-%m-%d")
    )
    valued = rows.join(factors, on=["partition", "month"], how="left", validate="m:1")
    hours, mwh, tonnes = pl.col("node_hours"), pl.col("mwh_per_node_hour"), pl.col("tco2e_per_node_hour")
    return valued.select(
        what=pl.lit(what),
        node_hours=hours.sum(),
        node_hours_with_energy=hours.filter(mwh.is_not_null()).sum(),
        energy_facility_mwh=pl.when(mwh.is_not_null().any()).then((hours * mwh).sum()),
        node_hours_with_emissions=hours.filter(tonnes.is_not_null()).sum(),
        emissions_location_t=pl.when(tonnes.is_not_null().any()).then((hours * tonnes).sum()),
    )
