"""Groups add up to the whole however few are named, and two selections are compared without taking unknown for nothing."""

import numpy as np
import polars as pl
import pytest

from analytics import comparison, groups
from analytics.charts import comparison as comparison_chart
from analytics.charts import groups as group_charts
from analytics.charts.groups import Form
from analytics.charts.svg import svg
from analytics.groups import OTHERS
from analytics.usage import usage_frame
from data.terms import Dimension, HourUnit

NODE_HOURS = HourUnit.NODE_HOURS


def random_usage(seed: int, countries: int = 12) -> pl.DataFrame:
    """Usage by country and month with holes, an unknown country, and a country whose hours are not known."""
    rng = np.random.default_rng(seed)
    rows: list[dict[str, object]] = []
    for place in range(countries):
        for month in range(1, 7):
            if rng.random() < 0.8:
                known = place > 0
                rows.append(
                    {
                        "country": None if place == 1 else f"C{place}",
                        "month": f"2026-{month:02d}-01",
                        "jobs": 3,
                        "node_hours": float(rng.integers(1, 900)) if known else 0.0,
                        "jobs_without_nodes": 0 if known else 3,
                    }
                )
    return usage_frame(*({**row, "month": pl.Series([row["month"]]).str.to_date()[0]} for row in rows))


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize("most", [1, 4, 30])
def test_the_groups_named_and_the_others_are_all_the_machine_time(seed: int, most: int) -> None:
    used = random_usage(seed)
    rows = groups.largest(used, Dimension.COUNTRY, unit=NODE_HOURS, most=most)
    assert rows["hours"].sum() == pytest.approx(used["node_hours"].sum())
    assert rows["jobs"].sum() == used["jobs"].sum()
    assert rows["jobs_without_hours"].sum() == used["jobs_without_nodes"].sum()
    assert rows["share"].sum() == pytest.approx(1.0)
    named = rows.filter(pl.col("group") != OTHERS)["hours"].drop_nulls()
    assert named.to_list() == sorted(named, reverse=True)
    assert OTHERS not in rows["group"].to_list()[:-1]


@pytest.mark.parametrize("seed", range(10))
def test_groups_over_time_are_those_of_the_whole_period_and_shares_are_of_each_month(seed: int) -> None:
    used = random_usage(seed)
    rows = groups.largest_over_time(used, Dimension.COUNTRY, Dimension.MONTH, unit=NODE_HOURS, most=3)
    whole = groups.largest(used, Dimension.COUNTRY, unit=NODE_HOURS, most=3)
    assert set(rows["group"]) == set(whole["group"])
    assert rows["hours"].sum() == pytest.approx(used["node_hours"].sum())
    for (_,), month in rows.group_by("time"):
        assert month["share"].sum() == pytest.approx(1.0)


def test_a_single_group_left_over_keeps_its_name() -> None:
    used = usage_frame(*({"country": name, "jobs": 1, "node_hours": 1.0} for name in ("FI", "FR", "IT")))
    assert OTHERS not in groups.largest(used, Dimension.COUNTRY, unit=NODE_HOURS, most=2)["group"].to_list()


@pytest.mark.parametrize("form", list(Form))
@pytest.mark.parametrize("as_share", [True, False])
def test_every_form_of_groups_over_time_is_drawn_on_page_and_paper(form: Form, as_share: bool) -> None:
    rows = groups.largest_over_time(random_usage(1), Dimension.COUNTRY, Dimension.MONTH, unit=NODE_HOURS, most=5)
    labels = {group: f"<i>{group or 'not known'}</i>" for group in rows["group"]}
    figure = group_charts.over_time(rows, labels, form=form, as_share=as_share, unit=NODE_HOURS, title="By month")
    drawn = svg(figure, alt="groups over time")
    assert "&lt;i&gt;" in drawn
    assert "<i>" not in drawn


def test_a_month_in_which_a_group_used_nothing_is_nought_and_one_of_unknown_hours_is_a_gap() -> None:
    used = random_usage(3)
    rows = groups.largest_over_time(used, Dimension.COUNTRY, Dimension.MONTH, unit=NODE_HOURS, most=30)
    figure = group_charts.over_time(rows, {group: group for group in rows["group"]}, form=Form.LINES, as_share=False, unit=NODE_HOURS)
    unknown = next(trace for trace in figure.data if trace.name == "C0")
    months_with_jobs = used.filter(country="C0").height
    assert int(np.isnan(np.asarray(unknown.y, dtype=float)).sum()) == months_with_jobs
    assert int((np.asarray(unknown.y, dtype=float) == 0).sum()) == 6 - months_with_jobs


@pytest.mark.parametrize("seed", range(20))
def test_a_comparison_turned_round_has_the_opposite_changes(seed: int) -> None:
    first, second = random_usage(seed), random_usage(seed + 100)
    there = comparison.compared(first, second, Dimension.COUNTRY, unit=NODE_HOURS).sort("group")
    back = comparison.compared(second, first, Dimension.COUNTRY, unit=NODE_HOURS).sort("group")
    for column in ("change_hours", "change_share"):
        assert there[column].to_list() == pytest.approx([None if value is None else -value for value in back[column]])
    assert there["hours_first"].sum() == pytest.approx(first["node_hours"].sum())
    assert there["share_second"].sum() == pytest.approx(1.0)


def test_a_group_of_unknown_hours_or_a_side_without_any_log_has_no_change() -> None:
    known = usage_frame({"country": "FI", "jobs": 1, "node_hours": 4.0})
    unknown = usage_frame({"country": "FI", "jobs": 1, "jobs_without_nodes": 1}, {"country": "FR", "jobs": 1, "node_hours": 1.0})
    rows = comparison.compared(known, unknown, Dimension.COUNTRY, unit=NODE_HOURS)
    changes = dict(rows.select("group", "change_hours").rows())
    assert changes == {"FI": None, "FR": 1.0}
    nothing = comparison.compared(known, known.clear(), Dimension.COUNTRY, unit=NODE_HOURS)
    assert nothing["change_hours"].to_list() == [None]
    assert "cannot be compared" in comparison.finding(nothing, {"FI": "Finland"}, first="2025", second="2026", unit=NODE_HOURS)


def test_the_comparison_is_drawn_and_says_in_words_what_changed_most() -> None:
    first = usage_frame({"country": "FI", "jobs": 1, "node_hours": 4.0}, {"country": "FR", "jobs": 1, "node_hours": 6.0})
    second = usage_frame({"country": "FI", "jobs": 1, "node_hours": 6.0}, {"country": "FR", "jobs": 1, "node_hours": 4.0})
    rows, labels = comparison.compared(first, second, Dimension.COUNTRY, unit=NODE_HOURS), {"FI": "Finland", "FR": "France"}
    said = comparison.finding(rows, labels, first="2025", second="2026", unit=NODE_HOURS).replace("\N{NARROW NO-BREAK SPACE}", " ")
    assert "Finland 60 % instead of 40 % (+20 pp)" in said
    figure = comparison_chart.shares(rows, labels, first="2025", second="2026", unit=NODE_HOURS, title="Shares")
    assert "2025" in svg(figure, alt="a comparison")
