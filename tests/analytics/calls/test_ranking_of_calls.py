"""Awards in rank order: every limit kept, nobody below minimum, and nobody passed over but for a reason that holds."""

import numpy as np
import polars as pl
import pytest
from random_calls import Recipe, random_call

from analytics.allocation.award_whole import Room
from analytics.calls.limits import Posed, posed
from analytics.calls.ranking import in_rank_order

SEEDS = range(100, 107)


def question(seed: int, *, divisible: bool = False, floors: bool = True) -> Posed:
    return posed(*random_call(Recipe(seed=seed, applications=15, machines=3, divisible=divisible, floors=floors)))


@pytest.mark.parametrize("divisible", [False, True])
@pytest.mark.parametrize("seed", SEEDS)
def test_every_ceiling_and_minimum_is_kept(seed: int, divisible: bool) -> None:
    call = question(seed, divisible=divisible)
    for strict in (False, True):
        assert call.program.keeps(in_rank_order(call, strict=strict).hours)


@pytest.mark.parametrize("seed", SEEDS)
def test_whoever_received_nothing_did_not_fit_beside_those_of_better_rank(seed: int) -> None:
    call = question(seed, floors=False)
    hours = in_rank_order(call, strict=False).hours
    before = np.zeros_like(hours)
    for application in map(int, call.program.order):
        mine = call.program.application == application
        if not hours[mine].any():
            room = Room(call.program, before)
            fits = max(room.of_option(int(option)) for option in np.flatnonzero(mine))
            assert fits < call.program.least[application] or not room.may_be_awarded(application)
        before[mine] = hours[mine]


@pytest.mark.parametrize("seed", SEEDS)
def test_under_strict_ranking_nobody_is_served_on_a_machine_where_a_better_one_found_too_little(seed: int) -> None:
    call = question(seed, floors=False)
    filled = in_rank_order(call, strict=True)
    closed: set[int] = set()
    for application in map(int, call.program.order):
        mine = np.flatnonzero(call.program.application == application)
        served = [int(call.program.machine[option]) for option in mine if filled.hours[option]]
        assert closed.isdisjoint(served)
        if not served and any(call.rows[row].is_capacity for row in filled.turns[application].held_by):
            closed.update(int(call.program.machine[option]) for option in mine)


@pytest.mark.parametrize("seed", SEEDS)
def test_awards_do_not_depend_on_the_order_of_the_table_where_scores_differ(seed: int) -> None:
    call, applications, machines = random_call(Recipe(seed=seed, applications=12))
    distinct = applications.with_columns(score=pl.col("score") / 2 + pl.int_range(pl.len()) / 100)
    hours = []
    for table in (distinct, distinct.reverse()):
        program = posed(call, table, machines)
        given = program.program.by_application(in_rank_order(program, strict=False).hours)
        hours.append(dict(zip(table["application"], given.tolist(), strict=True)))
    assert hours[0] == hours[1]
