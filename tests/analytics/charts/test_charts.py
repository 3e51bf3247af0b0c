"""Every chart keeps the laws of the house: fixed colours, both themes, sentences, and words where nothing is known."""

import json
from collections.abc import Callable, Iterator
from datetime import date
from itertools import pairwise
from typing import Any

import plotly.graph_objects as go
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from made_charts import MORE_CHARTS, PEAKS

from analytics import carbon as carbon_of
from analytics import energy as energy_of
from analytics import fairness as fairness_of
from analytics import usage, waiting
from analytics.charts import carbon, energy, fairness, machines, power, received, split, theme
from analytics.charts import waiting as waiting_chart
from analytics.usage import usage_frame
from data.errors import InputError, SchemaError
from data.schema import PARTITIONS
from data.terms import HourUnit, Period, UserCategory

UNIT = HourUnit.NODE_HOURS
Q1 = Period(date(2026, 1, 1), date(2026, 4, 1))
FACTS = {
    "system": "alpha",
    "system_name": "Alpha",
    "partition": "gpu",
    "grid_zone": "FI",
    "status": "operating",
    "nodes": 10.0,
    "cores_per_node": 64.0,
    "gpus_per_node": 4.0,
    "node_idle_w": 500.0,
    "node_max_w": 2_000.0,
    "utilisation": 0.5,
    "pue": 1.1,
    "union_share": 0.5,
}
DARK = FACTS | {"system": "dark", "system_name": "<b>Dark</b>", "nodes": None, "node_max_w": None}
PARTS = pl.DataFrame([dict.fromkeys(PARTITIONS) | row for row in (FACTS, DARK)], schema=dict(PARTITIONS))
USED = usage_frame(
    *(
        {"system": s, "partition": "gpu", "category": c, "month": m, "jobs": 10, "node_hours": h, "jobs_without_nodes": int(c == "sme")}
        for s in ("alpha", "dark")
        for m in Q1.months
        for c, h in (("research", 900.0), ("sme", 300.0), ("start_up", 120.0))
    )
)
OFFERED = usage.capacity(PARTS, Q1)
SHARES = usage.share(USED, "category", unit=UNIT)
MONTHLY = usage.share(USED, "category", "month", unit=UNIT)
DUE = fairness_of.against_due(SHARES, {"research": 1, "sme": 1, "public_sector": 1})
MONTHLY_DUE = pl.concat([DUE.select(pl.lit(month).alias("month"), pl.all()) for month in Q1.months])
ENERGY = energy_of.energy(usage.total_by(USED, "system", "partition", "month"), PARTS)
EMITTED = carbon_of.emissions(
    ENERGY,
    PARTS,
    carbon_of.intensity_frame(("FI", 2024, 72.0)),
    method=carbon_of.IntensityMethod.PRODUCTION,
    scope=carbon_of.IntensityScope.LIFE_CYCLE,
)
WAITS = waiting.queue_waits(waiting.waits_frame({"category": "sme", "bin": 90, "jobs": 4, "wait_s": 9_000.0}), "category", among=SHARES)
SPLIT = usage.total_by(USED, "category", "system").select(
    "category", "system", node_hours_received="node_hours", node_hours_recommended=pl.col("node_hours") * 1.1
)
BY_SYSTEM = usage.with_system_names(
    usage.against_capacity(usage.total_by(USED, "system", "category"), OFFERED, unit=UNIT),
    PARTS,
)

CHARTS: dict[str, tuple[Callable[..., go.Figure], Callable[..., str], pl.DataFrame, dict[str, Any]]] = {
    "months": (received.by_month, received.by_month_summary, MONTHLY, {"unit": UNIT}),
    "categories": (received.by_category, received.by_category_summary, SHARES, {"unit": UNIT}),
    "machines": (machines.by_system, machines.by_system_summary, BY_SYSTEM, {"unit": UNIT}),
    "due": (fairness.against_due, fairness.against_due_summary, DUE, {}),
    "due by month": (fairness.over_time, fairness.over_time_summary, MONTHLY_DUE, {}),
    "energy": (energy.by_group, energy.by_group_summary, energy_of.energy_by(ENERGY, "system"), {}),
    "carbon": (carbon.by_group, carbon.by_group_summary, carbon_of.emissions_by(EMITTED, "system"), {}),
    "waits": (waiting_chart.by_group, waiting_chart.by_group_summary, WAITS, {}),
    "split": (split.by_category, split.by_category_summary, SPLIT, {}),
    "split by machine": (split.by_system, split.by_system_summary, SPLIT, {}),
    **MORE_CHARTS,
}


@pytest.fixture(params=CHARTS)
def chart(request: pytest.FixtureRequest) -> tuple[Callable[..., go.Figure], Callable[..., str], pl.DataFrame, dict[str, Any]]:
    return CHARTS[request.param]


Chart = tuple[Callable[..., go.Figure], Callable[..., str], pl.DataFrame, dict[str, Any]]


def texts(figure: go.Figure) -> str:
    return json.dumps(figure.to_dict(), default=str, ensure_ascii=False)


def arrays(figure: go.Figure) -> Iterator[Any]:
    for trace in json.loads(figure.to_json())["data"]:
        yield from (trace[name] for name in ("x", "y", "z") if name in trace)


def test_a_chart_reads_on_light_and_dark_pages(chart: Chart) -> None:
    draws, _, frame, options = chart
    figure = draws(frame, title="A finding", **options)
    assert figure.layout.paper_bgcolor == figure.layout.plot_bgcolor == theme.CLEAR
    assert figure.layout.font.color is None
    assert figure.layout.title.text == "A finding"


def test_the_same_frame_draws_the_same_bytes(chart: Chart) -> None:
    draws, _, frame, options = chart
    assert draws(frame, **options).to_json() == draws(frame.reverse(), **options).to_json()


def test_numbers_travel_as_arrays_and_not_as_lists(chart: Chart) -> None:
    draws, _, frame, options = chart
    numeric = [a for a in arrays(draws(frame, **options)) if not (isinstance(a, list) and all(isinstance(v, str) for v in a))]
    assert numeric
    assert all(isinstance(a, dict) and "bdata" in a for a in numeric)


def test_every_mark_that_answers_the_pointer_answers_with_a_sentence(chart: Chart) -> None:
    draws, _, frame, options = chart
    for trace in draws(frame, **options).data:
        assert trace.hoverinfo == "skip" or trace.hovertemplate == theme.HOVER


def test_names_from_outside_stay_harmless(chart: Chart) -> None:
    draws, _, frame, options = chart
    assert "<b>Dark" not in texts(draws(frame, **options))
    assert "<use>" not in texts(draws(frame, **options))


def test_a_summary_is_one_or_two_sentences_without_gaps(chart: Chart) -> None:
    _, summary, frame, options = chart
    words = summary(frame, **options)
    assert words.endswith(".")
    assert "nan" not in words.lower()
    assert "None" not in words


def test_without_rows_a_chart_says_so_in_words(chart: Chart) -> None:
    draws, summary, frame, options = chart
    figure = draws(frame.clear(), **options)
    assert len(figure.data) == 0
    assert figure.layout.annotations[0].text.endswith(".")
    assert summary(frame.clear(), **options).endswith(".")


def test_a_frame_of_another_shape_is_stopped_at_the_door(chart: Chart) -> None:
    draws, summary, _, options = chart
    for door in (draws, summary):
        with pytest.raises(SchemaError):
            door(pl.DataFrame({"other": [1]}), **options)


def test_a_category_keeps_its_colour_in_every_chart() -> None:
    stacked = {trace.name: trace.marker.color for trace in received.by_month(MONTHLY, unit=UNIT).data}
    lines = {trace.name: trace.line.color for trace in fairness.over_time(MONTHLY_DUE).data}
    assert stacked["SMEs"] == lines["SMEs"] == "#56B4E9"
    assert stacked["Research"] == lines["Research"] == "#0072B2"


def test_every_category_has_its_own_colour_dash_marker_and_pattern() -> None:
    for styles in (theme.COLOURS, theme.DASHES, theme.MARKERS, theme.PATTERNS, theme.NAMES):
        assert set(styles) == set(UserCategory)
        assert len(set(styles.values())) == len(UserCategory)


def test_capacity_and_the_union_share_stand_in_the_chart_of_months() -> None:
    figure = received.by_month(MONTHLY, unit=UNIT, offered=usage.capacity_by(OFFERED, "month"))
    lines = {trace.name: trace for trace in figure.data if isinstance(trace, go.Scatter)}
    assert set(lines) == {"Capacity", "Union share"}
    assert lines["Union share"].line.dash == "dash"
    assert list(lines["Union share"].y * 2) == pytest.approx(list(lines["Capacity"].y))


def test_bars_of_jobs_without_hours_are_hatched() -> None:
    bars = received.by_category(SHARES, unit=UNIT).data[0]
    assert list(bars.marker.pattern.shape) == ["", "/", ""]  # research, SMEs with one job in ten unknown, start-ups


def test_a_machine_of_unknown_size_says_so() -> None:
    assert "capacity not available" in texts(machines.by_system(BY_SYSTEM, unit=UNIT))


def test_a_category_without_waits_says_so() -> None:
    notes = [note.text for note in waiting_chart.by_group(WAITS).layout.annotations]
    assert notes.count("not available") == 2


def test_energy_of_unknown_power_says_so_and_has_no_bar() -> None:
    figure = energy.by_group(energy_of.energy_by(ENERGY, "system"))
    assert "not available: power not known" in texts(figure)
    assert figure.data[1].x[1] == 0


def test_market_based_emissions_of_an_unknown_contract_say_so() -> None:
    assert "market-based not available" in texts(carbon.by_group(carbon_of.emissions_by(EMITTED, "system")))


def test_a_category_without_a_due_is_drawn_by_what_it_received() -> None:
    assert "no share set" in texts(fairness.against_due(DUE))


def test_an_index_that_is_never_defined_is_said_not_to_be_available() -> None:
    rows = pl.DataFrame({"month": list(Q1.months), "projects": [0, 0, 0], "jain": [None] * 3}, schema_overrides={"jain": pl.Float64})
    assert "not available" in texts(fairness.index_over_time(rows, "jain", name="Jain's index"))


def test_an_index_over_time_is_told_by_its_first_and_last_month() -> None:
    rows = pl.DataFrame({"month": list(Q1.months), "projects": [3, 3, 3], "jain": [0.5, None, 0.75]})
    said = fairness.index_over_time_summary(rows, "jain", name="Jain's index")
    assert said == "Jain's index by month: 0.5 in January 2026, 0.75 in March 2026."
    assert "not available" in fairness.index_over_time_summary(rows.clear(), "jain", name="Jain's index")


def test_a_machine_over_what_its_site_may_draw_says_so_in_a_word_and_not_in_colour_alone() -> None:
    figure = power.peaks_by_system(PEAKS)
    assert theme.OVER in {trace.marker.color for trace in figure.data}
    assert "(over)" in texts(figure)
    assert "limit not known" in texts(figure)


@pytest.mark.parametrize("months", [1, 6, 12, 24, 36, 60, 120])
def test_no_axis_of_months_names_more_than_fit_upright_on_a_narrow_page(months: int) -> None:
    axis = theme.months_axis(months)
    assert months / int(axis["dtick"][1:]) <= 10
    assert axis["tickangle"] == 0


def test_a_split_that_names_a_cell_twice_is_refused() -> None:
    with pytest.raises(InputError, match="more than once"):
        split.by_category(pl.concat([SPLIT, SPLIT]))


@given(st.lists(st.floats(-100, 100), max_size=12), st.floats(0.1, 10))
def test_labels_are_moved_apart_and_keep_their_order(positions: list[float], gap: float) -> None:
    placed = theme.spread(positions, gap)
    assert len(placed) == len(positions)
    ordered = [place for _, place in sorted(zip(positions, placed, strict=True))]
    assert all(after - before >= gap * (1 - 1e-6) for before, after in pairwise(ordered))


def contrast(one: str, other: str) -> float:
    """The contrast of two colours after WCAG 2.2."""

    def luminance(colour: str) -> float:
        parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("page", ["#FFFFFF", "#0E1117"])
@pytest.mark.parametrize("colour", [theme.LIMIT, theme.NEUTRAL, theme.OVER])
def test_lines_and_marks_without_a_name_of_their_own_stand_out_on_both_pages(colour: str, page: str) -> None:
    assert contrast(colour, page) >= 3


@pytest.mark.parametrize("cell", [colour for _, colour in split.DIVERGING])
def test_words_on_the_cells_of_a_matrix_can_be_read(cell: str) -> None:
    assert contrast(split.INK, cell) >= 4.5


def test_a_month_without_use_is_nothing_and_a_month_of_unknown_hours_is_not_available() -> None:
    march = MONTHLY.filter((pl.col("category") != "sme") | (pl.col("month") == Q1.months[2]))
    unknown = march.with_columns(pl.when(pl.col("category") != "sme").then(pl.col(name)).alias(name) for name in ("hours", "share"))
    bars = {trace.name: trace for trace in received.by_month(unknown, unit=UNIT).data}
    said = [sentence.split(":")[1] for sentence in bars["SMEs"].customdata]
    assert said[0].startswith(" 0 node-hours")
    assert said[2].startswith(" not available")
