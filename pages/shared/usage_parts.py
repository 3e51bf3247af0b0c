"""The parts of the usage page: groups over time and side by side, the map, and any two periods, machines or categories compared."""

from dataclasses import replace
from functools import partial
from typing import Any

import polars as pl
import streamlit as st

from analytics import comparison, groups
from analytics.charts import comparison as comparison_chart
from analytics.charts import groups as group_charts
from analytics.charts import map as map_chart
from analytics.charts import numbers
from analytics.charts.groups import Form
from analytics.charts.theme import category_name, sentence_case
from analytics.pivot import in_words
from data.terms import Dimension, Selection
from pages.shared import drill, filters, loaders, parts, protection, results, tables
from pages.shared.drill import Path
from pages.shared.pivot_choices import NAMES
from pages.shared.visit import Visit

FORMS = {"Stacked": Form.STACKED, "Lines": Form.LINES, "Small charts": Form.PANELS}
AS, CELLS, CAPACITY = "as", "shown-as", "capacity-line"
MOST_STACKED, MOST_PANELS, MOST_RANKED = 6, 8, 15
"""How many groups are drawn by themselves; the smaller ones are summed as others."""

MONTHS_BY_QUARTER = 40
"""From how many months on a quarter is one mark."""

ALIKE = 1.05
"""Up to how much longer than the other a period may be without a note."""

OTHERS_IN_WORDS, UNKNOWN_IN_WORDS = "All others", "Not known"
KINDS = ("Two periods", "Two machines", "Two user categories")


def over_time(here: Visit, dimension: Dimension, way: Path) -> None:
    """The machine time of the largest groups by month or quarter, as stacked bars, lines or small charts, as amounts or shares."""
    with st.container(horizontal=True, gap="medium", key="usage-bar", vertical_alignment="bottom"):
        form = FORMS[st.segmented_control("Drawn as", list(FORMS), default="Stacked", required=True, key=AS, bind="query-params")]
        shown = st.segmented_control("Shown as", ("Amounts", "Shares"), default="Amounts", required=True, key=CELLS, bind="query-params")
        fits = form is Form.STACKED and shown == "Amounts" and not way
        with_capacity = st.toggle("Capacity", value=True, key=CAPACITY, bind="query-params", disabled=not fits)
    chosen, unit = here.chosen, here.chosen.unit
    time = Dimension.QUARTER if len(chosen.period.months) > MONTHS_BY_QUARTER else Dimension.MONTH
    used = loaders.explored(here.seen, chosen, (dimension, time), _only(way))
    most = MOST_PANELS if form is Form.PANELS else MOST_STACKED
    rows = groups.largest_over_time(used, dimension, time, unit=unit, most=most)
    words = labels(here, dimension, rows["group"])
    offered = results.capacity_by_month(here) if fits and with_capacity and time is Dimension.MONTH else None
    whole = groups.largest(used, dimension, unit=unit, most=most)
    said = groups.finding_over_time(rows, words, time=time, unit=unit)
    against = ", and the capacity of the days with logs" if offered is not None else ""
    title = f"Machine time by {time.value} and {NAMES[dimension].lower()}{against}"
    figure = group_charts.over_time(rows, words, form=form, as_share=shown == "Shares", unit=unit, title=title, offered=offered)
    parts.chart(
        figure,
        alt=group_charts.summary(whole, words, unit=unit, what=title),
        data=_with_words(rows, words, dimension),
        name="machine-time-by-month",
        withholds=protection.of_groups(rows, dimension, time, only=_only(way)),
        finding=said,
        unit=numbers.UNIT_WORDS[unit],
        method="Usage",
        selection=_selection(here, way),
    )


def ranked(here: Visit, dimension: Dimension, way: Path) -> None:
    """The groups side by side, each of which can be looked into by a click, or from a list."""
    unit = here.chosen.unit
    used = loaders.explored(here.seen, here.chosen, (dimension,), _only(way))
    rows = groups.largest(used, dimension, unit=unit, most=MOST_RANKED)
    words = labels(here, dimension, rows["group"])
    title = f"By {NAMES[dimension].lower()}"
    leads_to = drill.below(dimension, way)
    parts.chart(
        group_charts.side_by_side(rows, words, unit=unit, title=title),
        alt=group_charts.summary(rows, words, unit=unit, what=title),
        data=_with_words(rows, words, dimension),
        name="machine-time-by-group",
        withholds=protection.of_groups(rows, dimension, only=_only(way)),
        finding=groups.finding(rows, words, period=here.chosen.period.name, unit=unit, within=drill.in_sentence(here, way)),
        picks=None if leads_to is None else partial(drill.into, rows["group"].to_list(), dimension, way),
        unit=numbers.UNIT_WORDS[unit],
        method="Usage",
        selection=_selection(here, way),
    )
    if leads_to is not None:
        st.caption(f"Click a bar to look into it, by {NAMES[leads_to].lower()}.")


def users_map(here: Visit, way: Path) -> None:
    """Where the users of the groups one looks into sit, and where the machines stand."""
    users, places, outlines = results.users_by_country(here, _only(way)), results.machine_places(here, _only(way)), loaders.outlines()
    unit, within = here.chosen.unit, drill.in_sentence(here, way)
    parts.chart(
        map_chart.users_and_machines(
            outlines, users, places, unit=unit, title="Machine time by the country of its users, and the machines"
        ),
        alt=map_chart.users_summary(users, unit=unit),
        data=users,
        name="users-and-machines",
        finding=map_chart.finding(users, period=here.chosen.period.name, unit=unit, within=within),
        unit=f"% of {numbers.UNIT_WORDS[unit]}",
        coverage=map_chart.not_drawn(outlines, users, places),
        method="Usage",
        selection=_selection(here, way),
    )


def compared(here: Visit, dimension: Dimension, way: Path) -> None:
    """Any two periods, machines or user categories side by side, in words and numbers."""
    kinds, one, other = st.columns(3, gap="small")
    kind = kinds.selectbox("Compare", KINDS, key="compare", bind="query-params")
    options = _options(here, kind)
    if len(options) < 2:
        st.info(f"There is only one to compare: {', '.join(options)}.")
        return
    names = list(options)
    usual = _usual(here, options) if kind == KINDS[0] else (0, 1)
    first = one.selectbox("First", names, index=usual[0], key=_key("first", kind), bind="query-params")
    second = other.selectbox("Second", names, index=usual[1], key=_key("second", kind), bind="query-params")
    told = Dimension.MODE if kind == KINDS[2] and dimension is Dimension.CATEGORY else dimension
    told = Dimension.CATEGORY if kind == KINDS[1] and told in (Dimension.SYSTEM, Dimension.PARTITION) else told
    sides = [loaders.explored(here.seen, options[name], (told,), _only(way)) for name in (first, second)]
    bar = filters.in_words(options[second], loaders.system_names(here.seen))
    _shown(here, sides, told, first, second, " · ".join((f"{bar} against {first}", *drill.in_sentence(here, way))))
    lengths = sorted(options[name].period.days for name in (first, second))
    if kind == KINDS[0] and lengths[1] > ALIKE * lengths[0]:
        st.caption(
            f"{first} has {options[first].period.days} days and {second} {options[second].period.days}: "
            "compare shares, or choose periods of the same length."
        )
    if kind == KINDS[0]:
        _note_unlogged(here, {name: options[name] for name in (first, second)})


def all_logs(here: Visit) -> None:
    """What is in the store, in full precision, whatever is selected."""
    st.header("All logs in the store", anchor=False)
    rows = loaders.spans(here.seen).sort("system")
    columns = {
        "Machine": results.named(here, rows)["system"].to_list(),
        "First month": [numbers.month(month) for month in rows["first_month"]],
        "Last month": [numbers.month(month) for month in rows["last_month"]],
        "Jobs in the logs": [numbers.whole(count) for count in rows["jobs_logged"]],
        "Jobs that ran": [numbers.whole(count) for count in rows["jobs"]],
        "Core-hours": [_core_hours(row) for row in rows.iter_rows(named=True)],
    }
    tables.plain_table(pl.DataFrame(columns), alt="Jobs and core-hours of every machine with a log")
    tables.download(rows, name="all-logs")


def labels(here: Visit, dimension: Dimension, found: pl.Series) -> dict[str, str]:
    """The words for groups, by the group."""
    machines = loaders.system_names(here.seen)
    return {
        group: OTHERS_IN_WORDS if group == groups.OTHERS else in_words(dimension, group, machines) if group else UNKNOWN_IN_WORDS
        for group in found.unique()
    }


def _shown(here: Visit, sides: list[pl.DataFrame], told: Dimension, first: str, second: str, selection: str) -> None:
    unit = here.chosen.unit
    rows = comparison.compared(sides[0], sides[1], told, unit=unit)
    words = labels(here, told, rows["group"])
    parts.chart(
        comparison_chart.shares(rows, words, first=first, second=second, unit=unit, title=f"Shares by {NAMES[told].lower()}"),
        alt=comparison_chart.shares_summary(rows, words, first=first, second=second),
        data=_with_words(rows, words, told),
        name="comparison",
        finding=comparison.finding(rows, words, first=first, second=second, unit=unit),
        unit=f"% of {numbers.UNIT_WORDS[unit]}",
        method="Usage",
        selection=selection,
    )


def _options(here: Visit, kind: str) -> dict[str, Selection]:
    """What can be compared, by its words."""
    chosen = here.chosen
    if kind == KINDS[0]:
        return {name: replace(chosen, period=period) for name, period in filters.periods(here.seen).items()}
    if kind == KINDS[1]:
        names = loaders.system_names(here.seen)
        return {names[system]: replace(chosen, systems=(system,)) for system in loaders.spans(here.seen)["system"]}
    return {sentence_case(category_name(category)): replace(chosen, categories=(category,)) for category in filters.CATEGORY_OF.values()}


def _usual(here: Visit, options: dict[str, Selection]) -> tuple[int, int]:
    """The two newest quarters over which the logs reach, the earlier first; where there are none, the first two periods."""
    whole = [
        place
        for place, (name, side) in enumerate(options.items())
        if name.startswith("Q") and loaders.logged_throughout(here.seen, side, side.period)
    ]
    return (whole[1], whole[0]) if len(whole) > 1 else (1, 0)


def _note_unlogged(here: Visit, sides: dict[str, Selection]) -> None:
    """Note which period the logs do not reach over, so that less use in it may be less log."""
    short = [name for name, side in sides.items() if not loaders.logged_throughout(here.seen, side, side.period)]
    if short:
        parts.coverage(
            [f"The logs of the machines chosen do not reach over all of {numbers.listed(short)}; amounts are of the days with logs."]
        )


def _selection(here: Visit, way: Path) -> str:
    """The selection and within which groups one looks, in words; nothing where one looks within none, as then the bar says all."""
    bar = filters.in_words(here.chosen, loaders.system_names(here.seen))
    return " · ".join((bar, *drill.in_sentence(here, way))) if way else ""


def _with_words(rows: pl.DataFrame, words: dict[str, str], dimension: Dimension) -> pl.DataFrame:
    """The numbers with the words for each group beside its identifier, the column named by what groups are of."""
    named = rows.with_columns(group=pl.col("group").replace_strict(words, return_dtype=pl.String))
    return named.rename({"group": NAMES[dimension].lower().replace(" ", "_")} | ({"time": "month"} if "time" in rows.columns else {}))


def _only(way: Path) -> tuple[tuple[Dimension, tuple[str, ...]], ...]:
    return tuple((dimension, (value,)) for dimension, value in way)


def _key(side: str, kind: str) -> str:
    return f"{side}-{kind.split()[1]}" if kind != KINDS[2] else f"{side}-category"


def _core_hours(row: dict[str, Any]) -> str:
    """71,984.2764; or of how many jobs, where the log does not tell the cores of all."""
    if row["core_hours"] is None:
        return numbers.NOT_AVAILABLE
    known = 1 - row["jobs_without_cores"] / row["jobs"] if row["jobs"] else 1.0
    return tables.in_full(row["core_hours"]) + (f" (of {numbers.percent(known)} of the jobs)" if row["jobs_without_cores"] else "")
