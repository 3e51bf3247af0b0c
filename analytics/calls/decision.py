"""A call decided: who is awarded what and why, who is on the reserve list, what every limit has left, and what the rule costs."""

from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np
import polars as pl

from analytics.allocation.award import Best, Ending, best_awards, reachable_floors
from analytics.allocation.award_program import Places, slip
from analytics.calls import reasons
from analytics.calls.call import AwardRule, Call, checked
from analytics.calls.limits import Posed, posed
from analytics.calls.ranking import Filled, in_rank_order
from analytics.calls.standing import Standing
from data.schema import Schema

AWARDS: Schema = {
    "rank": pl.Int64,  # among those that reached the threshold; null below it
    "application": pl.String,
    "organisation": pl.String,
    "category": pl.String,
    "country": pl.String,
    "score": pl.Float64,
    "standing": pl.String,
    "machines_wished": pl.String,
    "machines_awarded": pl.String,
    "hours_asked": pl.Int64,
    "hours_least": pl.Int64,
    "hours_awarded": pl.Int64,
    "share_awarded": pl.Float64,  # of the request
    "energy_mwh": pl.Float64,  # null: not known of one of its machines
    "emissions_t": pl.Float64,
    "passed_over_by": pl.Int64,  # awarded applications of lower rank, where it received nothing; else 0
    "reason": pl.String,
    "would_help": pl.String,
}
"""One row an application, best rank first, those below the threshold last."""

BY_MACHINE: Schema = {"application": pl.String, "machine": pl.String, "name": pl.String, "hours_awarded": pl.Int64}
"""One row an award and machine."""

LIMITS: Schema = {
    "name": pl.String,
    "limit": pl.String,
    "sense": pl.String,  # max | min
    "unit": pl.String,
    "value": pl.Float64,
    "used": pl.Float64,
    "slack": pl.Float64,  # left under a ceiling, above a floor
    "share_used": pl.Float64,  # null where the limit is 0
    "kept": pl.Boolean,
}
"""One row a limit, the hours offered first."""

COMPARISON: Schema = {
    "rule": pl.String,
    "awards": pl.Int64,
    "hours_awarded": pl.Int64,
    "mean_score": pl.Float64,  # of the hours awarded
    "lowest_score": pl.Float64,
    "worth": pl.Float64,
    "below_bound": pl.Float64,  # by which part the worth lies below what no list can exceed
    "passed_over": pl.Int64,  # applications that received nothing while one of lower rank was awarded
    "floors_missed": pl.Int64,
}
"""One row a rule, on the same applications and limits."""


class Outcome(StrEnum):
    """How a decision ended."""

    DECIDED = "decided"
    """Every limit is kept."""
    FLOOR_MISSED = "floor_missed"
    """A floor could not be reached under the rule, or under any rule."""

    @property
    def exit_status(self) -> int:
        """The exit status of the command line."""
        return 0 if self is Outcome.DECIDED else 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """A call decided by its rule."""

    call: Call
    """The rules."""
    outcome: Outcome
    """Whether every limit is kept."""
    awards: pl.DataFrame
    """Frame AWARDS."""
    by_machine: pl.DataFrame
    """Frame BY_MACHINE."""
    limits: pl.DataFrame
    """Frame LIMITS."""
    comparison: pl.DataFrame
    """Frame COMPARISON: each rule on the same call."""
    best: Best
    """The search for the greatest total, with its proven bound."""
    worth: float
    """What these awards are worth together."""
    machines: pl.DataFrame
    """Frame MACHINES: those that offer hours, are wished for, or limited."""
    floors_in_reach: bool
    """Whether some list keeps every floor."""

    @property
    def gap(self) -> float:
        """By which part another list within the limits could be worth more at most."""
        return max(0.0, self.best.bound / self.worth - 1) if self.worth > 0 else (0.0 if self.best.bound <= 0 else float("inf"))

    @property
    def awarded(self) -> pl.DataFrame:
        """The award list: applications with hours, best rank first."""
        return self.awards.filter(pl.col("hours_awarded") > 0)

    @property
    def reserve(self) -> pl.DataFrame:
        """The reserve list: applications that reached the threshold and received nothing, in rank order."""
        return self.awards.filter(pl.col("standing") == Standing.RESERVE)


def decide(call: Call, applications: pl.DataFrame, machines: pl.DataFrame) -> Decision:
    """The awards of a call under its rule, in whole hours, with a reason for every application.

    Ranking: by score, the highest first; at the same score as the tie-break says. An application below the threshold is not awarded.
    An award is nothing, or from the application's minimum up to its request. In rank order each application receives as much as the
    limits leave, floors being served first; the greatest total is found by a mixed-integer program over all lists within the
    limits, and its bound says by how much any list, that of the rule too, could be better at most.

    Raises:
        InputError: naming everything that is wrong with the call, its machines or its applications.
    """
    checked(call, applications, machines)
    concerned = [*applications["machines"].explode().unique(), *(key for limit in call.limits for key in limit.machines)]
    machines = machines.filter((pl.col("hours_offered") > 0) | pl.col("machine").is_in(concerned))
    question = posed(call, applications, machines)
    strict, fill = (in_rank_order(question, strict=each) for each in (True, False))
    best, in_reach = _best(question, fill)
    chosen, turns = {
        AwardRule.RANK_STRICT: (strict.hours, strict.turns),
        AwardRule.RANK_FILL: (fill.hours, fill.turns),
        AwardRule.BEST_TOTAL: (best.hours, None),
    }[call.rule]
    limits = _limits(question, chosen)
    return Decision(
        call=call,
        outcome=Outcome.DECIDED if limits["kept"].all() else Outcome.FLOOR_MISSED,
        awards=_awards(question, chosen, Filled(hours=chosen, turns=turns) if turns is not None else None),
        by_machine=_by_machine(question, chosen),
        limits=limits,
        comparison=_comparison(
            question, {AwardRule.RANK_STRICT: strict.hours, AwardRule.RANK_FILL: fill.hours, AwardRule.BEST_TOTAL: best.hours}, best
        ),
        best=best,
        worth=question.program.total(chosen),
        machines=machines,
        floors_in_reach=in_reach,
    )


def _best(question: Posed, fill: Filled) -> tuple[Best, bool]:
    """The greatest total; where the floors clash, with floors lowered to what can be reached."""
    best = best_awards(question.program, fallback=fill.hours)
    if best.ending is not Ending.INFEASIBLE:
        return best, True
    lowered = replace(question.program, value=reachable_floors(question.program))
    return best_awards(lowered, fallback=fill.hours), False


def _limits(question: Posed, hours: Places) -> pl.DataFrame:
    program, used = question.program, question.program.used(hours)
    rows = [
        {
            "name": row.name,
            "limit": row.title,
            "sense": "min" if program.is_floor[place] else "max",
            "unit": question.call.unit.value if row.quantity == "hours" else row.quantity.value,
            "value": float(program.value[place]),
            "used": float(used[place]),
            "slack": float((used[place] - program.value[place]) * (1 if program.is_floor[place] else -1)) + 0.0,
            "share_used": float(used[place] / program.value[place]) if program.value[place] > 0 else None,
            "kept": _kept(question, place, float(used[place])),
        }
        for place, row in enumerate(question.rows)
    ]
    return pl.DataFrame(rows, schema=dict(LIMITS))


def _kept(question: Posed, place: int, used: float) -> bool:
    value = float(question.program.value[place])
    spare = float(slip(np.array([value]))[0])
    return used >= value - spare if question.program.is_floor[place] else used <= value + spare


def _awards(question: Posed, hours: Places, filled: Filled | None) -> pl.DataFrame:
    given = question.program.by_application(hours)
    ranks = {int(application): rank for rank, application in enumerate(question.program.order, 1)}
    last = max((rank for application, rank in ranks.items() if given[application]), default=0)
    names = dict(question.machines.select("machine", "name").rows())
    told = reasons.reasons(question, hours, filled)
    worst = _awarded_below(question, given)
    options = question.program.options_of
    rows = []
    for place, row in enumerate(question.applications.iter_rows(named=True)):
        rank = ranks.get(place)
        mine = [int(option) for option in options[place] if hours[option]]
        rows.append(
            {name: row[name] for name in ("application", "organisation", "category", "country", "score", "hours_asked", "hours_least")}
            | {
                "rank": rank,
                "standing": told[place].standing.value,
                "machines_wished": "; ".join(names[key] for key in dict.fromkeys(row["machines"])),
                "machines_awarded": "; ".join(question.machines["name"][int(question.program.machine[option])] for option in mine) or None,
                "hours_awarded": int(given[place]),
                "share_awarded": float(given[place] / row["hours_asked"]),
                "energy_mwh": _spent(question, hours, mine, "mwh_per_hour"),
                "emissions_t": _spent(question, hours, mine, "tco2e_per_hour"),
                "passed_over_by": worst[rank] if rank is not None and rank < last and not given[place] else 0,
                "reason": told[place].reason,
                "would_help": told[place].would_help,
            }
        )
    return pl.DataFrame(rows, schema=dict(AWARDS)).sort(pl.col("rank"), pl.col("score").neg(), "application", nulls_last=True)


def _awarded_below(question: Posed, given: Places) -> dict[int, int]:
    """How many applications of lower rank are awarded, by rank."""
    found, count = {}, 0
    for rank in range(len(question.program.order), 0, -1):
        found[rank] = count
        count += bool(given[question.program.order[rank - 1]])
    return found


def _spent(question: Posed, hours: Places, options: list[int], factor: str) -> float | None:
    """Energy or emissions of an award, unknown where that of a machine is; none is spent where nothing is awarded."""
    each = [question.machines[factor][int(question.program.machine[option])] for option in options]
    if any(value is None for value in each):
        return None
    return float(sum(value * int(hours[option]) for value, option in zip(each, options, strict=True)))


def _by_machine(question: Posed, hours: Places) -> pl.DataFrame:
    names, places = question.applications["application"], question.machines.select("machine", "name").rows()
    options = question.program.options_of
    rows = [
        (names[int(application)], *places[int(question.program.machine[option])], int(hours[option]))
        for application in question.program.order
        for option in options[int(application)]
        if hours[option]
    ]
    return pl.DataFrame(rows, schema=dict(BY_MACHINE), orient="row")


def _comparison(question: Posed, lists: dict[AwardRule, Places], best: Best) -> pl.DataFrame:
    program, score = question.program, question.applications["score"].to_numpy()
    rows = []
    for rule, hours in lists.items():
        given, worth = program.by_application(hours), program.total(hours)
        limits, below = _limits(question, hours), _awarded_below(question, given)
        rows.append(
            {
                "rule": rule.value,
                "awards": int((given > 0).sum()),
                "hours_awarded": int(given.sum()),
                "mean_score": float(score @ given / given.sum()) if given.any() else None,
                "lowest_score": float(score[given > 0].min()) if given.any() else None,
                "worth": worth,
                "below_bound": 1 - worth / best.bound if best.bound > 0 else 0.0,
                "passed_over": sum(1 for rank, each in below.items() if each and not given[program.order[rank - 1]]),
                "floors_missed": int((~limits["kept"]).sum()),
            }
        )
    return pl.DataFrame(rows, schema=dict(COMPARISON))
