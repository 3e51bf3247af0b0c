"""One split for demand that is not yet known: best on the average over scenarios, and what that costs against planning for the mean.

The hours are granted here and now; in each scenario a project uses what it then asks for, at most what it was granted. The split
maximises the expected α-fair welfare over the scenarios (not the worst case, which would plan for the thinnest demand alone and
leave machines idle in all others). In a scenario in which a project asks for nothing it is not counted.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import polars as pl

from analytics.allocation import tables
from analytics.allocation.aggregate import reduced
from analytics.allocation.certificate import GAP, VIOLATION, costs, equivalent_of, limit_use, rows_worth
from analytics.allocation.objectives import Aim, Objective, equivalent, utility
from analytics.allocation.problem import Problem
from analytics.allocation.program import Index, Mask, Vector, program
from analytics.allocation.scaling import can_be_served
from analytics.allocation.scenarios import with_demand
from analytics.allocation.solution import Outcome, Refusal, Solution
from analytics.allocation.solve import solve
from data.errors import InputError

STEPS_AT_MOST = 100
SLACK = 1e-7
"""The relative difference from which a project would rather move past a kink of its demand."""

BY_SCENARIO = {
    "scenario": pl.String,
    "likelihood": pl.Float64,
    "robust_ede": pl.Float64,  # equivalent satisfaction of the robust split in this scenario
    "mean_ede": pl.Float64,  # and of the split that is best for the mean demand
}
ACROSS = {
    "scenario": pl.String,
    "satisfaction": pl.Float64,  # equivalent satisfaction over who asks for something
    "node_hours_used": pl.Float64,  # of those granted
}
FLOORS = {"name": pl.String, "scenario": pl.String, "value": pl.Float64, "used": pl.Float64, "holds": pl.Boolean}


@dataclass(frozen=True, slots=True, kw_only=True)
class RobustSplit:
    """A split that is proven best for the expected welfare over scenarios of demand."""

    solution: Solution
    """The split; its own problem carries the likelihood of demand in its weights and bounds."""
    expected_ede: float
    """Equivalent satisfaction over all projects and scenarios."""
    bound_ede: float
    """What no split within the limits can pass."""
    mean_ede: float | None
    """The same figure for the split that is best for the mean demand; None where that has no split."""
    by_scenario: pl.DataFrame
    """scenario, likelihood, robust_ede, mean_ede (null where the mean demand has no split)."""
    floors: pl.DataFrame
    """name, scenario, value, used, holds: every limit of at least, by the hours that are used in the scenario."""

    @property
    def gap(self) -> float:
        """bound ÷ expected − 1."""
        return self.bound_ede / self.expected_ede - 1 if self.expected_ede > 0 else float("inf")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Demand:
    """The scenarios as arrays, projects in the order of the problem's table."""

    names: tuple[str, ...]
    most: Vector
    """(scenario, project): the most satisfaction it asks for."""
    likelihood: Vector
    """(scenario): parts of 1."""
    weight: Vector
    """(project): its weight."""
    cap: Vector
    """(project): more than this it is not granted, whatever it asks for."""

    @property
    def kinks(self) -> Vector:
        """(segment, project): the levels of demand, rising."""
        return np.minimum(np.sort(self.most, axis=0), self.cap)

    @property
    def chance(self) -> Vector:
        """(segment, project): how likely it asks for all of a segment."""
        order = np.argsort(self.most, axis=0, kind="stable")
        return np.asarray(np.cumsum(self.likelihood[order][::-1], axis=0)[::-1])

    def ede(self, u: Vector, alpha: float) -> float:
        """The equivalent satisfaction of granted satisfactions over all scenarios."""
        used = np.minimum(u, self.most)
        weight = np.outer(self.likelihood, self.weight)
        counted = self.most > 0
        return equivalent(used[counted], weight[counted], alpha)


def robust_split(
    problem: Problem,
    demands: Mapping[str, pl.DataFrame],
    objective: Objective | None = None,
    likelihood: Mapping[str, float] | None = None,
) -> RobustSplit | Refusal:
    """The split with the highest expected welfare over scenarios of demand (columns project, hours_asked), equally likely unless said.

    Expected welfare bends where a scenario's request ends, so the split is sought from segment to segment of demand: every step is
    a proven α-fair split, and the last is proven best by its prices. Floors must hold in every scenario: where one would not, the
    projects that it counts are granted no more than they ask for in their thinnest scenario, so that all they are granted is used.

    Raises:
        InputError: for an aim other than α-fairness, prices in the objective, no scenario, or a likelihood that is not above zero.
    """
    objective = objective or Objective()
    demand = _demand(problem, demands, objective, likelihood)
    found = _by_segments(problem, demand, objective)
    capped = np.zeros(problem.projects.height, bool)
    while isinstance(found, Solution):
        more = capped | _counted_by(problem, _floors(demand, problem, found).filter(~pl.col("holds"))["name"])
        if (more == capped).all():
            break
        capped = more
        demand = replace(demand, cap=np.where(capped, demand.most.min(axis=0), np.inf))
        found = _by_segments(problem, demand, objective)
    return found if isinstance(found, Refusal) else _judged(problem, demand, objective, found)


def across(
    problem: Problem, demands: Mapping[str, pl.DataFrame], found: Solution, objective: Objective | None = None
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """What a split granted here and now brings in each scenario: frame ACROSS, and frame FLOORS of every limit of at least.

    A project uses what it then asks for, at most what it was granted, and on every partition the same part of its grant.
    """
    objective = objective or Objective()
    demand = _demand(problem, demands, objective, None)
    u, _ = _in_order(found)
    hours = found.split.hours[:, np.argsort(np.array(found.program.projects))].sum(axis=0)
    rows = []
    for name, most in zip(demand.names, demand.most, strict=True):
        used = np.minimum(u, most)
        part = np.divide(used, u, out=np.zeros_like(u), where=u > 0)
        rows.append((name, equivalent(used[most > 0], demand.weight[most > 0], objective.alpha), float(part @ hours)))
    return pl.DataFrame(rows, schema=ACROSS, orient="row"), _floors(demand, problem, found)


def _demand(problem: Problem, demands: Mapping[str, pl.DataFrame], objective: Objective, likelihood: Mapping[str, float] | None) -> _Demand:
    if objective.aim is not Aim.ALPHA or objective.has_prices:
        raise InputError("a robust split weighs expected α-fair welfare without prices; choose an alpha, and limit carbon by a budget.")
    if not demands:
        raise InputError("there is no scenario of demand; give at least one.")
    names = tuple(sorted(demands))
    parts = np.array([1.0 if likelihood is None else likelihood.get(name, 0.0) for name in names])
    if not (np.isfinite(parts).all() and (parts > 0).all()):
        raise InputError(f"every scenario needs a likelihood above zero; scenarios are {', '.join(names)}.")
    most = np.array([with_demand(problem, demands[name]).projects["most_satisfaction"].to_numpy() for name in names])
    most = np.where(_can_be_served(problem, objective), most, 0.0)
    return _Demand(
        names=names,
        most=most,
        likelihood=parts / parts.sum(),
        weight=problem.projects["weight"].to_numpy(),
        cap=np.full(most.shape[1], np.inf),
    )


def _can_be_served(problem: Problem, objective: Objective) -> Mask:
    """(project): whether a partition can give it anything, in the order of the problem's table; nobody else counts."""
    small = reduced(program(problem, objective))
    return can_be_served(small)[np.argsort(np.array(small.program.projects))]


def _by_segments(problem: Problem, demand: _Demand, objective: Objective) -> Solution | Refusal:
    """The split at which no project would rather move to another segment of its demand; segments without width are passed over."""
    kinks, chance, alpha = demand.kinks, demand.chance, objective.alpha
    every, segment = np.arange(kinks.shape[1]), (kinks > 0).argmax(axis=0)
    found: Solution | None = None
    for _ in range(STEPS_AT_MOST):
        answer = solve(_in_segment(problem, kinks, chance, segment), objective, warm=found)
        if isinstance(answer, Refusal):
            return answer
        found = answer
        _, cost = _in_order(found)
        top, bottom = kinks[segment, every], _bottom(kinks, segment)
        higher, lower = kinks > top, (kinks >= bottom) & (kinks > 0)
        above, below = higher.argmax(axis=0), lower.argmax(axis=0)
        keen_above, keen_below = (_keen(demand.weight * chance[one, every], at, alpha) for one, at in ((above, top), (below, bottom)))
        up = higher.any(axis=0) & (keen_above > cost + SLACK * np.abs(cost))
        down = (bottom > 0) & (keen_below < cost - SLACK * np.abs(cost)) & ~up
        if not (up | down).any():
            return found
        segment = np.where(up, above, np.where(down, below, segment))
    return _unproven(float("inf"))


def _in_segment(problem: Problem, kinks: Vector, chance: Vector, segment: Index) -> Problem:
    """The problem in which each project's satisfaction stays in one segment of its demand, weighed by how likely that is asked for."""
    every, projects = np.arange(kinks.shape[1]), problem.projects
    most, bottom = kinks[segment, every], _bottom(kinks, segment)
    least = np.minimum(np.maximum(projects["least_satisfaction"].to_numpy(), bottom), most)
    return replace(
        problem,
        projects=projects.with_columns(
            weight=pl.Series(projects["weight"].to_numpy() * chance[segment, every]),
            least_satisfaction=pl.Series(least),
            most_satisfaction=pl.Series(most),
        ),
    )


def _bottom(kinks: Vector, segment: Index) -> Vector:
    """(project): where its segment begins."""
    return np.where(segment > 0, kinks[np.maximum(segment - 1, 0), np.arange(kinks.shape[1])], 0.0)


def _keen(weight: Vector, u: Vector, alpha: float) -> Vector:
    with np.errstate(divide="ignore"):
        return np.asarray(weight * u**-alpha)


def _in_order(found: Solution) -> tuple[Vector, Vector]:
    """Satisfaction, and what a unit of it costs at least, of each project in the order of the problem's table."""
    order = np.argsort(np.array(found.program.projects))
    return found.split.satisfaction(found.program)[order], costs(found.program, found.marginal)[order]


def _judged(problem: Problem, demand: _Demand, objective: Objective, found: Solution) -> RobustSplit | Refusal:
    """The split with its proof, and beside it the split for the mean demand."""
    u, _ = _in_order(found)
    mean = demand.likelihood @ demand.most
    least = np.minimum(problem.projects["least_satisfaction"].to_numpy(), mean)
    plain = solve(
        replace(problem, projects=problem.projects.with_columns(least_satisfaction=pl.Series(least), most_satisfaction=pl.Series(mean))),
        objective,
    )
    u_mean = _in_order(plain)[0] if isinstance(plain, Solution) else None
    result = RobustSplit(
        solution=found,
        expected_ede=demand.ede(u, objective.alpha),
        bound_ede=_bound(problem, demand, objective.alpha, found),
        mean_ede=None if u_mean is None else demand.ede(u_mean, objective.alpha),
        by_scenario=_by_scenario(demand, objective.alpha, u, u_mean),
        floors=_floors(demand, problem, found),
    )
    return result if abs(result.gap) <= 10 * GAP else _unproven(result.gap)


def _bound(problem: Problem, demand: _Demand, alpha: float, found: Solution) -> float:
    """What no split within the limits can pass, from the prices: every project at its best answer to them, in whichever segment."""
    _, cost = _in_order(found)
    kinks = demand.kinks
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        dear = np.where(cost > 0, cost, 0.0)  # a floor pays for hours: at no cost a project wishes for all of its segment
        wished = (demand.weight * demand.chance / dear) ** (1 / alpha) if alpha > 0 else np.full(kinks.shape, np.inf)
    bottom = np.vstack([np.zeros(kinks.shape[1]), kinks[:-1]])
    least = np.minimum(problem.projects["least_satisfaction"].to_numpy(), kinks[-1])
    answers = np.maximum(np.clip(wished, bottom, kinks), least)
    weight = np.outer(demand.likelihood, demand.weight) * (demand.most > 0)
    asking = demand.most.max(axis=0) > 0
    best = np.full(kinks.shape[1], -np.inf)
    for u in (*answers, least):
        with np.errstate(divide="ignore", invalid="ignore"):
            worth = np.where(weight > 0, weight * utility(np.minimum(u, demand.most), alpha), 0.0).sum(axis=0) - np.where(
                u > 0, cost * u, 0.0
            )
        best = np.fmax(best, worth)
    total = rows_worth(found.program, found.marginal) + float(best[asking].sum())
    return equivalent_of(total / float(weight.sum()), alpha, 1.0)


def _by_scenario(demand: _Demand, alpha: float, u: Vector, u_mean: Vector | None) -> pl.DataFrame:
    def ede(granted: Vector, most: Vector) -> float:
        return equivalent(np.minimum(granted, most)[most > 0], demand.weight[most > 0], alpha)

    rows = [
        (name, float(part), ede(u, most), None if u_mean is None else ede(u_mean, most))
        for name, part, most in zip(demand.names, demand.likelihood, demand.most, strict=True)
    ]
    return pl.DataFrame(rows, schema=BY_SCENARIO, orient="row")


def _counted_by(problem: Problem, names: pl.Series) -> Mask:
    """(project): whether one of these limits counts it."""
    counted = np.zeros(problem.projects.height, bool)
    for limit in problem.limits.filter(pl.col("name").is_in(names.to_list())).iter_rows(named=True):
        counted |= _members(problem, limit)
    return counted


def _members(problem: Problem, limit: dict[str, str]) -> Mask:
    """(project): whether the limit counts it."""
    mask = np.ones(problem.projects.height, bool)
    for column in ("category", "country", "mode"):
        names = tables.chosen(limit[column])
        if names is not None:
            mask &= problem.projects[column].is_in(sorted(names)).fill_null(False).to_numpy()
    return mask


def _floors(demand: _Demand, problem: Problem, found: Solution) -> pl.DataFrame:
    """name, scenario, value, used, holds: every limit of at least, by the hours used in each scenario."""
    full, split, rows = found.program, found.split, []
    u = split.satisfaction(full)
    place = {name: column for column, name in enumerate(problem.projects["project"])}
    columns = [place[name] for name in full.projects]
    for name, most in zip(demand.names, demand.most, strict=True):
        part = np.divide(np.minimum(u, most[columns]), u, out=np.zeros_like(u), where=u > 0)
        used = limit_use(full, replace(split, hours=split.hours * part))
        for row in np.flatnonzero(full.limits.sign < 0):
            value = float(full.limits.value[row])
            rows.append((full.limits.names[row], name, value, float(used[row]), bool(used[row] >= value * (1 - VIOLATION))))
    return pl.DataFrame(rows, schema=FLOORS, orient="row")


def _unproven(gap: float) -> Refusal:
    return Refusal(
        outcome=Outcome.NOT_CERTIFIED,
        reason=f"No split could be proven best for all scenarios together: the closest has a gap of {gap:.1e}.",
        mend="Give fewer scenarios, or choose an α nearer to 1.",
        clash=pl.DataFrame(schema={"name": pl.String, "sentence": pl.String}),
        relaxation=pl.DataFrame(schema={"name": pl.String, "sentence": pl.String}),
    )
