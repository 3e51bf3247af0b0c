"""Before and after a change of quotas: a planted effect is found within its interval, and where there is none, seldom one is seen."""

from datetime import date, timedelta
from typing import Any

import numpy as np
import polars as pl
import pytest

from analytics.effect import (
    AFFECTED,
    BEYOND,
    EFFECT,
    LEAST_WEEKS,
    MEANWHILE,
    MOST_WEEKS,
    OTHERS,
    Measure,
    Verdict,
    Windows,
    effect,
    windows,
)
from analytics.effect_trials import clustering
from analytics.usage import usage_frame
from analytics.waiting import waits_frame
from data.schema import PARTITIONS
from data.terms import Period

CHANGED = date(2026, 6, 1)
NODE = {"node_idle_w": 500.0, "node_max_w": 1_500.0, "utilisation": 0.5, "pue": 1.2}
PARTITION = pl.DataFrame([dict.fromkeys(PARTITIONS) | {"system": "lumi", "partition": "C"} | NODE], schema=dict(PARTITIONS))


def frames(affected: np.ndarray, others: np.ndarray, **measures: Any) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Usage and waits of two groups over the same weeks; the mean wait of a group in a week is as long as its hours are many."""
    used, waited = [], []
    for account, hours in ((AFFECTED, affected), (OTHERS, others)):
        for place, amount in enumerate(hours):
            day = CHANGED + timedelta(weeks=place - len(hours) // 2)
            key = {
                "system": "lumi",
                "partition": "C",
                "account": account,
                "category": "sme" if account == AFFECTED else "research",
                "day": day,
            }
            used.append(key | {"jobs": 10, "node_hours": float(amount), "wall_hours": float(amount)} | measures)
            waited.append(key | {"bin": int(8 * np.log2(1 + amount)), "jobs": 10, "wait_s": float(amount) * 10})
    return usage_frame(*used), waits_frame(*waited)


def found(affected: np.ndarray, others: np.ndarray, due: dict[str, tuple[float, float]] | None = None, **measures: Any) -> pl.DataFrame:
    usage, waits = frames(affected, others, **measures)
    rows = effect(usage, waits, PARTITION, Windows(changed=CHANGED, weeks=len(affected) // 2), due)
    assert dict(rows.schema) == dict(EFFECT)
    return rows


def row(rows: pl.DataFrame, group: str, measure: Measure) -> dict[str, Any]:
    return rows.filter(group=group, measure=measure.value).row(0, named=True)


def noisy(rng: np.random.Generator, weeks: int, *, level: float, spread: float = 0.3) -> np.ndarray:
    return level * rng.lognormal(-(spread**2) / 2, spread, 2 * weeks)


def test_before_and_after_are_means_of_a_week_and_the_figures_of_all_jobs() -> None:
    rows = found(np.array([10.0] * 4 + [30.0] * 4), np.array([100.0] * 8))
    assert [row(rows, AFFECTED, Measure.NODE_HOURS)[name] for name in ("before", "after", "change")] == [10, 30, 20]
    assert [row(rows, AFFECTED, Measure.MEAN_WAIT)[name] for name in ("before", "after")] == [10, 30]
    assert [row(rows, AFFECTED, Measure.ENERGY)[name] for name in ("before", "after")] == [10, 30]  # 1 kW a node
    assert row(rows, "sme", Measure.NODE_HOURS)["after"] == 30
    assert row(rows, OTHERS, Measure.NODE_HOURS)["verdict"] == Verdict.NOT_CLEAR


def test_beyond_the_others_means_beyond_what_they_changed_by() -> None:
    rows = found(np.array([10.0] * 4 + [30.0] * 4), np.array([100.0] * 4 + [200.0] * 4))
    hours, wait = row(rows, BEYOND, Measure.NODE_HOURS), row(rows, BEYOND, Measure.MEAN_WAIT)
    assert (hours["before"], hours["after"], hours["change"]) == (20, 30, 10)
    assert (wait["before"], wait["after"], wait["change"]) == (20, 30, 10)


def test_who_begins_or_ends_meanwhile_is_no_effect() -> None:
    used, waited = frames(np.full(8, 10.0), np.full(8, 100.0))
    newcomers, waits = frames(np.array([0.0] * 4 + [50.0] * 4), np.array([0.0] * 4 + [900.0] * 4))
    later = pl.col("account") + MEANWHILE
    rows = effect(
        pl.concat([used, newcomers.with_columns(account=later)]),
        pl.concat([waited, waits.with_columns(account=later)]),
        PARTITION,
        Windows(changed=CHANGED, weeks=4),
    )
    assert row(rows, AFFECTED, Measure.NODE_HOURS)["after"] == 60
    assert row(rows, OTHERS, Measure.NODE_HOURS)["after"] == 1_000
    assert row(rows, BEYOND, Measure.NODE_HOURS)["change"] == 0


def test_the_share_received_is_measured_against_the_share_due_then() -> None:
    due = {AFFECTED: (50.0, 100.0), OTHERS: (50.0, 100.0), "sme": (50.0, 100.0)}
    rows = found(np.array([10.0] * 4 + [50.0] * 4), np.array([90.0] * 4 + [50.0] * 4), due)
    received = row(rows, AFFECTED, Measure.RECEIVED_OF_DUE)
    assert (received["before"], received["after"]) == pytest.approx((0.2, 1.0))
    assert row(rows, "sme", Measure.RECEIVED_OF_DUE)["after"] == pytest.approx(1.0)
    assert row(rows, "research", Measure.RECEIVED_OF_DUE)["verdict"] == Verdict.NOT_KNOWN


def test_a_planted_effect_lies_within_its_interval_about_nine_times_in_ten_and_is_seen() -> None:
    inside, seen = [], []
    for seed in range(40):
        rng = np.random.default_rng(seed)
        mood = np.r_[np.ones(8), np.full(8, 1.3)]
        planted = np.r_[np.ones(8), np.full(8, 2.0)]
        one = row(found(noisy(rng, 8, level=100) * mood * planted, noisy(rng, 8, level=900) * mood), BEYOND, Measure.NODE_HOURS)
        inside.append(one["change_low"] <= 130 <= one["change_high"])
        seen.append(one["verdict"] == Verdict.ROSE)
    assert np.mean(inside) >= 0.8
    assert np.mean(seen) >= 0.8


def test_where_there_is_no_effect_seldom_one_is_seen() -> None:
    alarms = []
    for seed in range(60):
        rng = np.random.default_rng(1_000 + seed)
        mood = np.r_[np.ones(6), np.full(6, 0.7)]
        rows = found(noisy(rng, 6, level=100) * mood, noisy(rng, 6, level=900) * mood)
        alarms += [
            row(rows, BEYOND, measure)["verdict"] in (Verdict.ROSE, Verdict.FELL) for measure in (Measure.NODE_HOURS, Measure.MEAN_WAIT)
        ]
    assert np.mean(alarms) <= 0.15


@pytest.mark.nightly
@pytest.mark.parametrize("weeks", [4, 8, 13])
@pytest.mark.parametrize("alike", [0.0, 0.3])
def test_over_many_logs_false_alarms_stay_near_their_nominal_rate(weeks: int, alike: float) -> None:
    alarms = []
    for seed in range(300):
        rng = np.random.default_rng(seed)
        moods = rng.normal(size=(2, 2 * weeks))
        for place in range(1, 2 * weeks):
            moods[:, place] = alike * moods[:, place - 1] + np.sqrt(1 - alike**2) * moods[:, place]
        one = row(found(100 * np.exp(0.4 * moods[0]), 900 * np.exp(0.2 * moods[1])), BEYOND, Measure.NODE_HOURS)
        alarms.append(one["verdict"] in (Verdict.ROSE, Verdict.FELL))
    assert np.mean(alarms) <= (0.13 if alike == 0 else 0.18)


def test_a_few_weeks_are_too_early_to_tell_and_show_no_interval() -> None:
    for weeks in range(LEAST_WEEKS):
        rows = found(np.array([10.0] * weeks + [900.0] * weeks), np.full(2 * weeks, 100.0)) if weeks else _nothing()
        assert set(rows["verdict"]) == {Verdict.TOO_EARLY.value}
        assert rows["change_low"].null_count() == rows.height


def _nothing() -> pl.DataFrame:
    usage, waits = frames(np.ones(2), np.ones(2))
    return effect(usage, waits, PARTITION, Windows(changed=CHANGED, weeks=0))


def test_hours_of_jobs_of_unknown_size_are_not_known() -> None:
    rows = found(np.full(8, 10.0), np.full(8, 10.0), wall_hours_without_nodes=5.0, jobs_without_nodes=5)
    for measure in (Measure.NODE_HOURS, Measure.ENERGY):
        assert row(rows, AFFECTED, measure)["verdict"] == Verdict.NOT_KNOWN
        assert row(rows, AFFECTED, measure)["before"] is None
    assert row(rows, AFFECTED, Measure.MEAN_WAIT)["before"] == 10


def test_windows_are_equal_whole_weeks_that_all_logs_cover() -> None:
    def days(before: int, after: int) -> Period:
        return Period(CHANGED - timedelta(days=before), CHANGED + timedelta(days=after))

    assert windows(CHANGED, [days(400, 48), days(90, 300)]).weeks == 6
    assert windows(CHANGED, [days(30, 300)]).weeks == 4
    assert windows(CHANGED, [days(900, 900)]).weeks == MOST_WEEKS
    assert windows(CHANGED, [days(900, 6)]).is_too_early
    assert windows(CHANGED, []).weeks == 0


def test_weeks_beyond_days_without_any_job_are_not_compared() -> None:
    def silence(first: int, end: int) -> Period:
        return Period(CHANGED + timedelta(days=first), CHANGED + timedelta(days=end))

    logged = [Period(CHANGED - timedelta(days=900), CHANGED + timedelta(days=900))]
    assert windows(CHANGED, logged, [silence(-50, -36)]).weeks == 5
    assert windows(CHANGED, logged, [silence(-300, -290), silence(44, 60), silence(100, 120)]).weeks == 6
    assert windows(CHANGED, logged, [silence(-5, 5)]).weeks == 0
    assert windows(CHANGED, logged, [silence(0, 8)]).weeks == 0


def test_weeks_alike_widen_the_interval() -> None:
    rng = np.random.default_rng(3)
    walk = np.cumsum(rng.normal(size=16)) + 50
    assert clustering(walk) > clustering(rng.permutation(walk)) >= 1
