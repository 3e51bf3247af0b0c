"""The map draws every country once, marks what is few, and says what it cannot show."""

import math

import polars as pl
import pytest

from analytics.charts import map as map_chart
from analytics.charts import map_labels
from analytics.charts.svg import svg
from data.facts import systems
from data.outline import cities, europe
from data.terms import HourUnit

NODE_HOURS = HourUnit.NODE_HOURS
USERS = pl.DataFrame(
    {
        "country": ["DE", "FI", "US", None],
        "hours": [60.0, 20.0, 15.0, 5.0],
        "share": [0.6, 0.2, 0.15, 0.05],
        "jobs": [9, 8, 7, 6],
        "jobs_without_hours": [0, 1, 0, 0],
        "projects": [7, 2, 3, 4],
    }
)
MACHINES = pl.DataFrame(
    {
        "machine": ["LUMI", "Nowhere", "<b>"],
        "city": ["Kajaani", None, "Maribor"],
        "latitude": [64.23, None, 46.56],
        "longitude": [27.73, None, 15.65],
        "hours": [100.0, 3.0, None],
    },
    schema_overrides={"latitude": pl.Float64, "longitude": pl.Float64},
)


def test_the_map_is_drawn_on_paper_with_machines_and_names_made_harmless() -> None:
    figure = map_chart.users_and_machines(europe(), USERS, MACHINES, unit=NODE_HOURS, title="Users")
    drawn = svg(figure, alt=map_chart.users_summary(USERS, unit=NODE_HOURS))
    assert "LUMI" in drawn
    assert "&lt;b&gt;" in drawn


def test_every_country_with_an_outline_has_one_area_and_the_colour_of_its_share() -> None:
    figure = map_chart.users_and_machines(europe(), USERS, MACHINES, unit=NODE_HOURS)
    areas = {trace.name: trace.fillcolor for trace in figure.data if trace.fill == "toself"}
    assert len(areas) == europe()["country"].n_unique()
    assert areas["Germany"] == areas["Finland"] == map_chart.STEPS[-1][1]
    assert areas["France"] == map_chart.EMPTY


def test_what_cannot_be_drawn_is_said_with_its_share() -> None:
    said = " ".join(map_chart.not_drawn(europe(), USERS, MACHINES)).replace("\N{NARROW NO-BREAK SPACE}", " ")
    assert "5.0 % of the machine time, 6 jobs" in said
    assert "United States 15 %" in said
    assert "Nowhere" in said


def test_countries_with_few_projects_are_marked() -> None:
    figure = map_chart.users_and_machines(europe(), USERS, MACHINES, unit=NODE_HOURS)
    marked = next(trace for trace in figure.data if trace.name.startswith("fewer than"))
    assert len(marked.x) == 1
    alone = map_chart.users_and_machines(europe(), USERS.with_columns(projects=pl.lit(9, pl.Int64)), MACHINES, unit=NODE_HOURS)
    assert not [trace for trace in alone.data if trace.name.startswith("fewer than")]


def test_every_machine_of_the_facts_has_a_place_within_its_country() -> None:
    outlines = europe()
    known = {(row["city"], row["country"]): (row["latitude"], row["longitude"]) for row in cities().iter_rows(named=True)}
    for system in systems().values():
        x, y = map_chart.placed_km(*known[(str(system.city), system.country)])
        rings = outlines.filter(country=system.country).select("x_km", "y_km").rows()
        assert any(_within(x, y, xs, ys) or _near(x, y, xs, ys) for xs, ys in rings), system.name


def test_the_names_of_the_machines_lie_on_no_other_name_or_mark() -> None:
    known = {(row["city"], row["country"]): (row["latitude"], row["longitude"]) for row in cities().iter_rows(named=True)}
    found = list(systems().values())
    names, places = [each.name for each in found], [map_chart.placed_km(*known[(str(each.city), each.country)]) for each in found]
    assert map_labels.overlaps(names, places, map_labels.sides(names, places)) == 0
    assert map_labels.overlaps(names, places, [map_labels.SIDES[0]] * len(names)) > 0, "so crowded places prove nothing"


@pytest.mark.parametrize(("country", "area_km2"), [("FR", 544_000), ("DE", 357_600), ("FI", 338_400), ("IT", 302_000), ("LU", 2_590)])
def test_the_projection_keeps_areas(country: str, area_km2: float) -> None:
    rings = europe().filter(country=country).select("x_km", "y_km").rows()
    drawn = sum(abs(sum(xs[i - 1] * ys[i] - xs[i] * ys[i - 1] for i in range(len(xs)))) / 2 for xs, ys in rings)
    assert drawn == pytest.approx(area_km2, rel=0.04)


def _within(x: float, y: float, xs: list[float], ys: list[float]) -> bool:
    crossings = 0
    for i in range(len(xs)):
        (x1, y1), (x2, y2) = (xs[i - 1], ys[i - 1]), (xs[i], ys[i])
        if (y1 > y) != (y2 > y) and x < x1 + (y - y1) * (x2 - x1) / (y2 - y1):
            crossings += 1
    return crossings % 2 == 1


def _near(x: float, y: float, xs: list[float], ys: list[float]) -> bool:
    """Within twelve kilometres of a corner, as a harbour may lie outside of a simplified coast."""
    return min(math.dist((x, y), corner) for corner in zip(xs, ys, strict=True)) < 12
