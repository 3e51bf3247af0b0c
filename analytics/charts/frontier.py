"""The chart that answers what can be had at best: hours against the worst-served, one line a carbon budget, one point an aim."""

import numpy as np
import plotly.graph_objects as go
import polars as pl
from plotly.colors import sample_colorscale

from analytics.charts import numbers, theme
from analytics.charts.drawing import Mark, scatter
from analytics.recommendation_frontier import FRONTIER_OF_SPLIT
from data.schema import check
from data.terms import HourUnit

SYMBOLS = ("circle", "square", "diamond", "triangle-up", "cross", "star")
"""The marker of each aim, in their order."""
SCALE = "Cividis"
NO_POINTS = "No point of the frontier exists: the limits clash for every aim and budget."
NO_BUDGET = "no carbon budget"


def frontier(points: pl.DataFrame, *, current: tuple[float, float] | None = None, title: str = "") -> go.Figure:
    """The best splits: node-hours to the right, the share of what is due that the worst-served tenth gets upwards.

    Args:
        points: Frame FRONTIER_OF_SPLIT; each trace is a carbon budget, and each point carries its sentence.
        current: Node-hours and share of the worst-served of the split on the page, marked with a ring.
        title: The finding.
    """
    known = check(points, FRONTIER_OF_SPLIT).drop_nulls("node_hours")
    if known.is_empty():
        return theme.words_instead(title, NO_POINTS)
    factor, prefix = numbers.scale(float(known["node_hours"].max()))  # type: ignore[arg-type]
    figure = theme.canvas(title, "% of what is due that the worst-served tenth of projects gets", height=360, right=24, legend=True)
    budgets = _budgets(known)
    shades = sample_colorscale(SCALE, [0.15 + 0.75 * place / max(len(budgets) - 1, 1) for place in range(len(budgets))])
    for budget, shade in zip(budgets, shades, strict=True):
        figure.add_trace(_line(known, budget, shade, factor))
    if current is not None:
        figure.add_trace(_ring(current, factor))
    _name_aims(figure, _of_budget(known, budgets[-1]), factor)
    figure.update_xaxes(title={"text": numbers.axis(prefix, HourUnit.NODE_HOURS), "standoff": 6}, showgrid=True, gridcolor=theme.GRID)
    return figure.update_yaxes(ticksuffix=numbers.THIN_SPACE + "%").update_layout(clickmode="event+select", margin_b=52)


def title(points: pl.DataFrame) -> str:
    """The finding: what halving the emissions, or as far as the points go, costs at the aim that serves the worst-served best."""
    known = check(points, FRONTIER_OF_SPLIT).drop_nulls(["node_hours", "served_of_worst", "emissions_location_t"])
    if known.is_empty():
        return "What can be had at best"
    best = known.filter(pl.col("carbon_budget_t").is_null()).sort("served_of_worst")[-1:]
    same = known.filter(pl.col("aim").is_in(best["aim"].to_list())).sort("emissions_location_t")
    if best.is_empty() or same.height < 2:
        return "What can be had at best"
    least, most = same.row(0, named=True), best.row(0, named=True)
    cut = 1 - least["emissions_location_t"] / most["emissions_location_t"] if most["emissions_location_t"] else 0.0
    lost = 1 - least["node_hours"] / most["node_hours"] if most["node_hours"] else 0.0
    before, after = numbers.percent(most["served_of_worst"]), numbers.percent(least["served_of_worst"])
    served = f"leaves the worst-served tenth at {after}" if before == after else f"takes the worst-served tenth from {before} to {after}"
    return f"{numbers.percent(cut)} less carbon costs {numbers.percent(lost)} of the hours at the aim “{most['aim']}”, and {served}"


def frontier_summary(points: pl.DataFrame) -> str:
    """The frontier in words: what its ends give."""
    known = check(points, FRONTIER_OF_SPLIT).drop_nulls("node_hours")
    if known.is_empty():
        return NO_POINTS
    ends = {"Most hours": known.sort("node_hours")[-1], "Best for the worst-served tenth": known.sort("served_of_worst")[-1]}
    ends["Least carbon"] = known.sort("emissions_location_t", nulls_last=True)[0]
    said = [f"{what}: {sentence(row.row(0, named=True))}" for what, row in ends.items()]
    return f"{known.height} best splits for aims and carbon budgets. {'. '.join(said)}."


def sentence(point: dict[str, object]) -> str:
    """A point in words.

    >>> point = {"aim": "Proportional", "carbon_budget_t": None, "node_hours": 2e6, "served_of_worst": 0.25, "emissions_location_t": None}
    >>> sentence(point).replace(numbers.THIN_SPACE, " ")
    'Proportional, no carbon budget: 2.00 M node-hours, 25 % of what is due for the worst-served tenth, emissions not available'
    """
    tonnes = point["emissions_location_t"]
    emitted = "emissions not available" if tonnes is None else numbers.emissions(1000 * float(str(tonnes)))
    hours = numbers.machine_time(float(str(point["node_hours"])), HourUnit.NODE_HOURS)
    served = numbers.percent(None if point["served_of_worst"] is None else float(str(point["served_of_worst"])))
    where = f"{point['aim']}, {_budget_in_words(point['carbon_budget_t'])}"
    return f"{where}: {hours}, {served} of what is due for the worst-served tenth, {emitted}"


def point_at(points: pl.DataFrame, trace: int, place: int) -> dict[str, object] | None:
    """The row of the point that was clicked, none for the ring of the split on the page."""
    known = points.drop_nulls("node_hours")
    budgets = _budgets(known)
    if not 0 <= trace < len(budgets):
        return None
    rows = _of_budget(known, budgets[trace])
    return rows.row(place, named=True) if 0 <= place < rows.height else None


def _budgets(known: pl.DataFrame) -> list[float | None]:
    """The budgets from none to the tightest."""
    return known["carbon_budget_t"].unique().sort(descending=True, nulls_last=False).to_list()


def _of_budget(known: pl.DataFrame, budget: float | None) -> pl.DataFrame:
    same = pl.col("carbon_budget_t").is_null() if budget is None else pl.col("carbon_budget_t") == budget
    return known.filter(same)


def _line(known: pl.DataFrame, budget: float | None, shade: str, factor: float) -> Mark:
    rows = _of_budget(known, budget)
    aims = known["aim"].unique(maintain_order=True).to_list()
    return scatter(
        name=theme.sentence_case(_budget_in_words(budget)),
        x=np.array(rows["node_hours"] / factor),
        y=np.array(100 * rows["served_of_worst"]),
        mode="lines+markers",
        line={"color": shade, "width": 1.5, "dash": "dot"},
        marker={
            "color": shade,
            "size": 12,
            "symbol": [SYMBOLS[aims.index(aim) % len(SYMBOLS)] for aim in rows["aim"]],
            "line": {"color": theme.NEUTRAL, "width": 1},
        },
        cliponaxis=False,
        customdata=[sentence(row) for row in rows.iter_rows(named=True)],
        hovertemplate=theme.HOVER,
    )


def _name_aims(figure: go.Figure, rows: pl.DataFrame, factor: float) -> None:
    """Write the aims at the points of one line, in turn above to the right and below to the left, where the line does not run."""
    for place, row in enumerate(rows.iter_rows(named=True)):
        right = place % 2 == 0
        figure.add_annotation(
            theme.small(
                theme.safe(row["aim"]),
                x=row["node_hours"] / factor,
                y=100 * row["served_of_worst"],
                xanchor="left" if right else "right",
                yanchor="bottom" if right else "top",
                xshift=6 if right else -6,
                yshift=4 if right else -4,
            )
        )


def _ring(current: tuple[float, float], factor: float) -> Mark:
    return scatter(
        name="The split above",
        x=np.array([current[0] / factor]),
        y=np.array([100 * current[1]]),
        mode="markers",
        marker={"symbol": "circle-open", "size": 24, "color": theme.OVER, "line": {"width": 3, "color": theme.OVER}},
        cliponaxis=False,
        customdata=["The split above"],
        hovertemplate=theme.HOVER,
    )


def _budget_in_words(budget: object) -> str:
    return NO_BUDGET if budget is None else f"at most {numbers.exact(float(str(budget)))} t CO₂e"
