"""The greatest total is judged without its solver: by trying every list, and by another solver reading another form."""

from collections.abc import Iterator
from itertools import product

import cvxpy as cp
import numpy as np
import pytest
from random_calls import Recipe, random_call
from scipy.optimize import linprog

from analytics.allocation.award import Ending, best_awards
from analytics.allocation.award_program import AwardProgram
from analytics.calls.limits import posed
from analytics.calls.ranking import in_rank_order

PART = 1e-6


def lists(program: AwardProgram) -> Iterator[np.ndarray]:
    """Every choice of who is awarded, and where: the options that may take hours."""
    options = program.options_of
    choices = []
    for application, mine in enumerate(options):
        if application not in program.order:
            choices.append([()])
        elif program.divisible:
            choices.append([(), tuple(mine)])
        else:
            choices.append([(), *((option,) for option in mine)])
    for chosen in product(*choices):
        yield np.array([option for each in chosen for option in each], dtype=np.int64)


def most_worth(program: AwardProgram, chosen: np.ndarray) -> float | None:
    """What the best hours of these options are worth, none where they cannot keep the limits."""
    awarded = np.unique(program.application[chosen])
    count = np.zeros(len(program.asked))
    count[awarded] = 1.0
    left = program.value - program.per_award @ count
    sign = np.where(program.is_floor, -1.0, 1.0)
    own = (program.application[chosen][None, :] == awarded[:, None]).astype(float)
    rows = np.vstack([sign[:, None] * program.per_hour[:, chosen], own, -own])
    sides = np.concatenate([sign * left, program.asked[awarded], -program.least[awarded]])
    if not len(chosen):
        return 0.0 if (sides >= -1e-9).all() else None
    found = linprog(-program.worth[program.application[chosen]], A_ub=rows, b_ub=sides, bounds=(0, None))
    return -float(found.fun) if found.status == 0 else None


def by_trying(program: AwardProgram) -> float | None:
    """The greatest worth over all lists, hours not yet whole."""
    return max((worth for chosen in lists(program) if (worth := most_worth(program, chosen)) is not None), default=None)


@pytest.mark.parametrize("divisible", [False, True])
@pytest.mark.parametrize("seed", range(5))
def test_no_list_found_by_trying_them_all_exceeds_the_bound_or_beats_the_awards_by_more_than_rounding(seed: int, divisible: bool) -> None:
    program = posed(*random_call(Recipe(seed=seed, applications=4, divisible=divisible))).program
    tried, best = by_trying(program), best_awards(program)
    if tried is None:
        assert best.ending is Ending.INFEASIBLE
        return
    assert best.ending is Ending.PROVEN
    assert best.bound >= tried * (1 - PART)
    assert best.bound <= tried * (1 + PART) + 1e-6
    assert best.total <= tried * (1 + PART) + 1e-6
    assert best.total >= tried - float(program.worth.max()) * len(program.application)


@pytest.mark.parametrize("seed", range(20, 23))
def test_the_awards_are_worth_what_cvxpy_finds_in_its_own_form(seed: int) -> None:
    program = posed(*random_call(Recipe(seed=seed, applications=20, machines=3, floors=False))).program
    count, options = len(program.asked), len(program.application)
    hours, chosen = cp.Variable(options), cp.Variable(options, boolean=True)
    owner = (program.application[None, :] == np.arange(count)[:, None]).astype(float)
    eligible = np.isin(program.application, program.order).astype(float)
    constraints = [
        hours >= cp.multiply(program.least[program.application], chosen),
        hours <= cp.multiply(program.asked[program.application], chosen),
        owner @ chosen <= 1,
        chosen <= eligible,
        program.per_hour @ hours + program.per_award @ owner @ chosen <= program.value,
    ]
    referee = cp.Problem(cp.Maximize((program.worth @ owner) @ hours), constraints)
    value = float(referee.solve(solver=cp.HIGHS))
    best = best_awards(program)
    assert best.bound == pytest.approx(value, rel=1e-5)
    assert best.total >= value - float(program.worth.max()) * options


@pytest.mark.parametrize("divisible", [False, True])
@pytest.mark.parametrize("seed", range(40, 46))
def test_awards_are_whole_and_keep_every_limit_and_minimum(seed: int, divisible: bool) -> None:
    program = posed(*random_call(Recipe(seed=seed, applications=12, machines=3, divisible=divisible))).program
    best = best_awards(program)
    assert best.hours.dtype == np.int64
    if best.ending is not Ending.INFEASIBLE:
        assert program.keeps(best.hours)
        floors = program.is_floor
        assert (program.used(best.hours)[floors] >= program.value[floors] * (1 - 1e-9)).all()


@pytest.mark.parametrize("seed", [3, 365, 385, 479, *range(500, 506)])
def test_awards_known_before_shorten_the_search_and_change_nothing_in_its_proof(seed: int) -> None:
    question = posed(*random_call(Recipe(seed=seed, applications=14, machines=3, divisible=seed % 2 == 0)))
    fresh = best_awards(question.program)
    helped = best_awards(question.program, fallback=in_rank_order(question, strict=False).hours)
    assert (helped.ending is Ending.INFEASIBLE) is (fresh.ending is Ending.INFEASIBLE)
    assert helped.bound >= fresh.total * (1 - PART)
    assert helped.total >= fresh.total * (1 - 2 * PART)


def test_awards_known_before_are_kept_where_nothing_is_worth_more() -> None:
    program = posed(*random_call(Recipe(seed=3, applications=8, floors=False))).program
    best = best_awards(program)
    assert (best_awards(program, fallback=best.hours).hours == best.hours).all()


def test_a_search_that_is_cut_short_says_so_and_keeps_a_valid_bound() -> None:
    program = posed(*random_call(Recipe(seed=9, applications=60, machines=4, floors=False))).program
    whole, cut = best_awards(program), best_awards(program, nodes=1)
    assert (whole.ending, cut.ending) == (Ending.PROVEN, Ending.STOPPED)
    assert cut.gap > whole.gap
    assert cut.bound >= whole.total
