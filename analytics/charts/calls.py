"""Charts that answer where the hours of a call go, and how near its limits they come."""

import re

import numpy as np
import plotly.graph_objects as go
import polars as pl

from analytics.charts import numbers, theme
from analytics.charts.drawing import bar, scatter
from data.schema import Schema, check
from data.terms import HourUnit

AWARDED: Schema = {"name": pl.String, "category": pl.String, "hours_awarded": pl.Int64}
"""One row a machine and user category."""

OFFERED: Schema = {"name": pl.String, "hours_offered": pl.Int64}
"""One row a machine."""

USE: Schema = {"limit": pl.String, "sense": pl.String, "share_used": pl.Float64, "kept": pl.Boolean}
"""One row a limit, with the part of it that is used."""

GROUPS: Schema = {"hours_asked": pl.Int64, "hours_awarded": pl.Int64}
"""One row a country, with what its applications asked for and received."""

NOTHING = "Nothing is awarded."
MOST_ROWS = 12
LONGEST = 40


def by_machine(awarded: pl.DataFrame, offered: pl.DataFrame, *, unit: HourUnit, title: str = "") -> go.Figure:
    """The hours awarded on each machine as stacked bars by user category, with a dashed line where the hours offered end."""
    check(awarded, AWARDED)
    names = check(offered, OFFERED)["name"].to_list()
    if not names:
        return theme.words_instead(title, NOTHING)
    factor, prefix = numbers.scale(float(max(offered["hours_offered"].to_list(), default=0)))
    figure = theme.rows_canvas(title, numbers.axis(prefix, unit), names, right=110, legend=True)
    for category in theme.in_order(awarded["category"]):
        hours = dict(awarded.filter(category=category).select("name", "hours_awarded").rows())
        given = [hours.get(name, 0) for name in names]
        said = [
            theme.safe(f"{theme.label(category)}, {name}: {numbers.machine_time(each, unit)}")
            for name, each in zip(names, given, strict=True)
        ]
        bar = theme.stacked_bar(category, said, x=np.array(given) / factor, y=np.arange(len(names)), orientation="h", width=0.62)
        figure.add_trace(bar)
    _mark_offered(figure, offered, awarded, factor)
    return figure.update_layout(barmode="stack").update_xaxes(rangemode="tozero")


def by_machine_summary(awarded: pl.DataFrame, offered: pl.DataFrame, *, unit: HourUnit) -> str:
    """The bars in words: what each machine awards of what it offers."""
    given = dict(check(awarded, AWARDED).group_by("name").agg(pl.col("hours_awarded").sum()).rows())
    parts = []
    for name, hours in check(offered, OFFERED).select("name", "hours_offered").rows():
        share = numbers.percent(given.get(name, 0) / hours if hours else None)
        parts.append(f"{name} {numbers.machine_time(given.get(name, 0), unit)} ({share} of what is offered)")
    return f"Hours awarded by machine and user category: {numbers.listed(parts)}." if parts else NOTHING


def limits_used(limits: pl.DataFrame, *, title: str = "") -> go.Figure:
    """The part used of each limit as bars against a dashed line at 100 %; a floor must reach it, a ceiling must not pass it."""
    rows = _fullest(limits)
    if rows.is_empty():
        return theme.words_instead(title, "No limit to show.")
    figure = theme.rows_canvas(title, "% of the limit used; limit dashed", [_shortened(name) for name in rows["limit"]], right=130)
    shares = 100 * rows["share_used"].to_numpy()
    reach = max(100.0, min(float(shares.max()), 300.0))
    figure.add_trace(
        bar(
            x=np.minimum(shares, reach),
            y=np.arange(rows.height),
            orientation="h",
            width=0.62,
            marker={"color": [theme.NEUTRAL if kept else theme.OVER for kept in rows["kept"]]},
            text=[_used(row["share_used"], row["sense"], kept=row["kept"]) for row in rows.iter_rows(named=True)],
            textposition="outside",
            cliponaxis=False,
            customdata=[theme.safe(f"{row['limit']}: {numbers.percent(row['share_used'])} used") for row in rows.iter_rows(named=True)],
            hovertemplate=theme.HOVER,
        )
    )
    theme.limit_line(figure, 100, "", axis="x")
    return figure.update_xaxes(range=[0, reach * 1.02])


def limits_used_summary(limits: pl.DataFrame) -> str:
    """The bars in words: how many limits are used up, and which are not kept."""
    rows = check(limits, USE)
    full = rows.filter((pl.col("share_used") > 0.9995) & (pl.col("sense") == "max")).height
    broken = rows.filter(~pl.col("kept"))["limit"].to_list()
    end = f"; not kept: {numbers.listed(broken)}" if broken else "; all are kept"
    return f"Part of each limit that is used: {full} of {rows.height} are used up{end}."


def by_country(groups: pl.DataFrame, *, title: str = "") -> go.Figure:
    """The share of the hours asked for (open) and of the hours awarded (filled) of each country, largest awarded first."""
    rows = _countries(groups)
    if rows.is_empty():
        return theme.words_instead(title, NOTHING)
    figure = theme.rows_canvas(title, "% of hours: asked for ○, awarded ●", rows["name"].to_list())
    places = np.arange(rows.height)
    for share, symbol, size in (("asked", "circle-open", 16), ("awarded", "circle", 11)):
        said = [
            theme.safe(f"{name}: {numbers.percent(each)} of the hours {'asked for' if share == 'asked' else 'awarded'}")
            for name, each in rows.select("name", share).rows()
        ]
        figure.add_trace(
            scatter(
                x=100 * rows[share].fill_null(0).to_numpy(),
                y=places,
                mode="markers",
                cliponaxis=False,
                marker={
                    "color": theme.NEUTRAL,
                    "size": size,
                    "symbol": symbol,
                    "line": {"color": theme.NEUTRAL, "width": 2.5},
                    "opacity": 1,
                },
                customdata=said,
                hovertemplate=theme.HOVER,
            )
        )
    for place, asked, given in zip(places, rows["asked"].fill_null(0), rows["awarded"].fill_null(0), strict=True):
        line = {"color": theme.NEUTRAL, "width": 2}
        figure.add_shape(type="line", x0=100 * asked, x1=100 * given, y0=float(place), y1=float(place), line=line, layer="below")
    largest = max(float(rows[name].fill_null(0).max() or 0.0) for name in ("asked", "awarded"))  # type: ignore[arg-type]
    return figure.update_xaxes(range=theme.from_zero(100 * largest), ticksuffix=numbers.THIN_SPACE + "%")


def by_country_summary(groups: pl.DataFrame) -> str:
    """The dumbbells in words: the countries with most of the hours awarded."""
    rows = _countries(groups).filter(pl.col("awarded") > 0).head(3)
    parts = [f"{name} {numbers.percent(share)}" for name, share in rows.select("name", "awarded").rows()]
    return f"Share of the hours asked for and awarded by country; most awarded: {numbers.listed(parts)}." if parts else NOTHING


def _mark_offered(figure: go.Figure, offered: pl.DataFrame, awarded: pl.DataFrame, factor: float) -> None:
    given = dict(awarded.group_by("name").agg(pl.col("hours_awarded").sum()).rows())
    for place, (name, hours) in enumerate(offered.select("name", "hours_offered").rows()):
        line = {"color": theme.LIMIT, "width": 1.5, "dash": "dash"}
        figure.add_shape(type="line", x0=hours / factor, x1=hours / factor, y0=place - 0.42, y1=place + 0.42, line=line)
        label = f"{numbers.percent(given.get(name, 0) / hours if hours else None)} of {numbers.amount(hours, '')}"
        figure.add_annotation(theme.small(label, x=hours / factor, y=place, xanchor="left", xshift=6))


def _fullest(limits: pl.DataFrame) -> pl.DataFrame:
    """The limits with most of them used, those not kept first."""
    rows = check(limits, USE).drop_nulls("share_used")
    return rows.sort("kept", pl.col("share_used").neg(), "limit").head(MOST_ROWS)


def _countries(groups: pl.DataFrame) -> pl.DataFrame:
    rows = check(groups, GROUPS).with_columns(
        name=pl.col("country").map_elements(numbers.country, return_dtype=pl.String).fill_null("country not known"),
        asked=_share("hours_asked"),
        awarded=_share("hours_awarded"),
    )
    return rows.sort(pl.col("hours_awarded").neg(), pl.col("hours_asked").neg(), "name").head(MOST_ROWS)


def _share(column: str) -> pl.Expr:
    return pl.when(pl.col(column).sum() > 0).then(pl.col(column) / pl.col(column).sum())


def _used(share: float, sense: str, *, kept: bool) -> str:
    if not kept:
        return f"{numbers.percent(share)}, {'missed' if sense == 'min' else 'over'}"
    return f"{numbers.percent(share)}{' (at least)' if sense == 'min' else ''}"


def _shortened(name: str) -> str:
    bare = re.sub(r"^the [\d,]+ \S+ offered on ", "", name)
    text = theme.sentence_case(re.sub(r" of the \S+ offered", "", bare).replace("at most ", "≤ ").replace("at least ", "≥ "))
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"
