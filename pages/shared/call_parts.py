"""The parts of a decided call on screen: figures, charts, award list, reserve list, limits, what each rule costs, downloads."""

import json
from typing import Any

import polars as pl
import streamlit as st

from analytics.calls import words
from analytics.calls.call import AwardRule
from analytics.calls.decision import Decision, Outcome
from analytics.calls.exports import csv, readable, record, tables
from analytics.charts import numbers, theme
from data.export.workbook import workbook
from data.ingest.application_table import ApplicationRows
from data.terms import Action
from data.units import KG_PER_TONNE, KWH_PER_MWH
from pages.shared import parts, visit
from pages.shared import tables as shown_tables
from pages.shared.parts import Figure

MOST_WAITING = 12
"""So many of the reserve list are shown to be read at once; the others one click away."""

MOST_READ = 60
"""So many lines are shown as a list to be read and printed; more are scrolled through."""

ROW_PX, HEADER_PX = 33, 36


def figures(decision: Decision) -> None:
    """What is awarded, of what, and at which cost."""
    unit = numbers.UNIT_WORDS[decision.call.unit]
    given, offered = int(decision.awards["hours_awarded"].sum()), int(decision.machines["hours_offered"].sum())
    awarded = decision.awarded
    energy, emissions = (_sum(awarded[name]) for name in ("energy_mwh", "emissions_t"))
    mean = float((awarded["score"] * awarded["hours_awarded"]).sum() / given) if given else None
    parts.figures(
        [
            Figure(
                label="Awards", value=numbers.exact(awarded.height), note=f"of {numbers.counted(decision.awards.height, 'application')}"
            ),
            Figure(
                label=f"{theme.sentence_case(unit)} awarded",
                value=numbers.amount(given, ""),
                note=f"{numbers.percent(given / offered if offered else None)} of the hours offered",
            ),
            Figure(
                label="Mean score of an hour",
                value=numbers.plain(mean),
                note=_below_best(decision) if given else "",
                meaning=f"The total compared is {words.WORTHS[decision.call.worth]}; the bound is proven over all lists within the limits.",
            ),
            Figure(
                label="Facility energy",
                value=numbers.energy(energy and energy * KWH_PER_MWH),
                note="" if energy is not None else "power or PUE not known",
            ),
            Figure(
                label="Location-based CO₂e",
                value=numbers.emissions(emissions and emissions * KG_PER_TONNE),
                note="" if emissions is not None else "energy or intensity not known",
            ),
        ]
    )


def faults(rows: ApplicationRows) -> None:
    """Every cell that cannot be believed, with its sentence, and that the decision leaves its row out."""
    for note in rows.notes:
        st.caption(f"⚠ {parts.escaped(note)}")
    if rows.faults.is_empty():
        return
    left = numbers.counted(rows.left_out, "application")
    st.warning(
        f"**{left} of {numbers.exact(rows.rows)} cannot be read and {'is' if rows.left_out == 1 else 'are'} left out of this decision.** "
        "The list is not final before each is mended, in the file or in the table above.",
        icon=":material/error:",
    )
    _many(rows.faults, name="faults", alt="Every cell that cannot be read, with what is wrong and how to mend it")


def lists(decision: Decision, training: pl.DataFrame) -> None:
    """The award list with reasons and what the hours train, and the reserve list in order."""
    st.header("Award list", anchor=False)
    st.caption("Time to train: months on GPUs of one's own → days on the award's machine, for the run chosen below.")
    every = decision.awarded.join(training, on="application", how="left", validate="1:1", maintain_order="left")
    if every.is_empty():
        st.caption("Nobody is awarded: see why at each application on the reserve list.")
    elif every.height > MOST_READ:
        _many(every.drop("would_help", "passed_over_by"), name="award-list", alt="The award list, best rank first")
    else:
        rows = every.with_row_index().iter_rows(named=True)
        shown_tables.plain_table(pl.DataFrame([_line(row) for row in rows]), alt="The award list, best rank first, with reasons")
    st.header("Reserve list, in order", anchor=False)
    reserve = decision.reserve
    if reserve.is_empty():
        st.caption("Nobody: every application that reached the threshold is awarded.")
        return
    columns = (
        "rank",
        "application",
        "organisation",
        "country",
        "score",
        "hours_asked",
        "hours_least",
        "passed_over_by",
        "reason",
        "would_help",
    )
    waiting = [_waiting(row) for row in reserve.head(MOST_WAITING).iter_rows(named=True)]
    shown_tables.plain_table(pl.DataFrame(waiting), alt="The first of the reserve list in rank order, with reasons and what would help")
    if reserve.height > MOST_WAITING:
        with st.expander(f"The whole reserve list: {numbers.counted(reserve.height, 'application')}"):
            _many(reserve.select(columns), name="reserve-list", alt="The reserve list in rank order, with reasons and what would help")


def limits(decision: Decision) -> None:
    """The effect on every limit, and what each rule would give."""
    st.header("Every limit, and what is left", anchor=False)
    rows = [
        {
            "Limit": parts.escaped(theme.sentence_case(row["limit"])),
            "Used": numbers.exact(row["used"]),
            "Left": numbers.exact(row["slack"]),
            "Part used": numbers.percent(row["share_used"]),
            "Kept": "yes" if row["kept"] else "no: missed",
        }
        for row in decision.limits.iter_rows(named=True)
    ]
    if len(rows) > MOST_READ:
        _many(decision.limits.drop("name"), name="limits", alt="Every limit with what is used and left")
    else:
        shown_tables.plain_table(pl.DataFrame(rows), alt="Every limit with what is used of it and what is left")
    st.header("What each rule would give", anchor=False)
    compared = [
        {
            "Rule": words.RULES[AwardRule(row["rule"])] + (" (chosen)" if row["rule"] == decision.call.rule else ""),
            "Awards": numbers.exact(row["awards"]),
            "Hours awarded": numbers.whole(row["hours_awarded"]),
            "Mean score": numbers.plain(row["mean_score"]),
            "Lowest score": numbers.plain(row["lowest_score"]),
            "Below the greatest total": numbers.percent(max(0.0, row["below_bound"])),
            "Passed over": numbers.exact(row["passed_over"]),
            "Limits missed": numbers.exact(row["floors_missed"]),
        }
        for row in decision.comparison.iter_rows(named=True)
    ]
    shown_tables.plain_table(pl.DataFrame(compared), alt="Awards, hours and total under each rule")
    st.caption("Passed over: applications that receive nothing while one of lower rank is awarded.")


def downloads(decision: Decision, training: pl.DataFrame, sources: list[tuple[str, str, str]], *, invented: bool) -> None:
    """The award list as a workbook and as CSV, and the record of the decision."""
    if Action.EXPORT not in visit.now().person.may:
        return
    name = f"equinode{'_demo' if invented else ''}_call"

    def found() -> dict[str, pl.DataFrame]:
        return tables(decision, training=training, sources=sources, invented=invented)

    with st.container(horizontal=True, key="data-of-call"):
        for title, file, mime, make in (
            (
                "Workbook (XLSX)",
                f"{name}.xlsx",
                "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
                lambda: _book(decision, found()),
            ),
            ("Award list (CSV)", f"{name}_award_list.csv", "text/csv", lambda: csv(found()["award_list"])),
            ("Reserve list (CSV)", f"{name}_reserve_list.csv", "text/csv", lambda: csv(found()["reserve_list"])),
            ("All applications (CSV)", f"{name}_applications.csv", "text/csv", lambda: csv(found()["applications"])),
            ("Decision (JSON)", f"{name}_decision.json", "application/json", lambda: json.dumps(record(decision), indent=2).encode()),
        ):
            st.download_button(
                title, data=make, file_name=file, mime=mime, key=f"download-{file}", on_click="ignore", icon=":material/download:"
            )


def _book(decision: Decision, found: dict[str, pl.DataFrame]) -> bytes:
    heads = {sheet: [decision.call.title, words.finding(decision)] for sheet in found}
    return workbook(found, heads=heads, title=decision.call.title, header=readable)


def _below_best(decision: Decision) -> str:
    below = 1 - decision.worth / decision.best.bound if decision.best.bound > 0 else 0.0
    if decision.outcome is Outcome.FLOOR_MISSED:
        return "a floor is missed"
    if below <= words.NEGLIGIBLE:
        return "no list is better"
    return f"{numbers.percent(below)} below the best" if below >= 5e-4 else f"under {numbers.percent(5e-4)} below the best"


def _line(row: dict[str, Any]) -> dict[str, str]:
    """One line of the award list as it is read."""
    return {
        "Rank": str(row["rank"]),
        "Application": f"**{parts.escaped(str(row['application']))}**  \n{_who(row)}",
        "Score": f"{row['score']:g}",
        "Asked for": numbers.whole(row["hours_asked"]),
        "Awarded": f"**{numbers.whole(row['hours_awarded'])}**",
        "Time to train": _trains(row),
        "Reason": parts.escaped(str(row["reason"])),
    }


def _waiting(row: dict[str, Any]) -> dict[str, str]:
    least = row["hours_least"]
    return {
        "Rank": str(row["rank"]),
        "Application": f"**{parts.escaped(str(row['application']))}**  \n{_who(row)}",
        "Score": f"{row['score']:g}",
        "Asked for": numbers.whole(row["hours_asked"]),
        "Minimum": "none stated" if least is None else numbers.whole(least),
        "Reason": parts.escaped(str(row["reason"])),
        "What would help": parts.escaped(str(row["would_help"] or "")),
    }


def _who(row: dict[str, Any]) -> str:
    home = numbers.country(str(row["country"])) if row["country"] is not None else "country not known"
    return parts.escaped(f"{row['organisation']}, {home}")


def _trains(row: dict[str, Any]) -> str:
    runs, days = row.get("runs"), row.get("days")
    if not isinstance(runs, float) or not isinstance(days, float):
        return "not available: no GPUs there, or their peak is not known"
    hours = f"{numbers.plain(runs)} runs" if runs >= 1 else f"{numbers.percent(runs)} of a run"
    return f"{numbers.plain(row['months_alone'])} months → {numbers.plain(days)} days; hours for {hours}"


def _many(table: pl.DataFrame, *, name: str, alt: str) -> None:
    look = shown_tables.for_people(table.select(pl.exclude(pl.List)))
    config = {column: _column(readable(column), column, kind) for column, kind in look.schema.items()}
    st.dataframe(
        look, hide_index=True, column_config=config, alt=alt, key=f"table-{name}", height=HEADER_PX + ROW_PX * min(15, max(1, look.height))
    )


def _column(label: str, name: str, kind: pl.DataType) -> Any:
    if not kind.is_numeric():
        return st.column_config.Column(label)
    return st.column_config.NumberColumn(label, format="percent" if name.startswith("share") else "localized")


def _sum(values: pl.Series) -> float | None:
    """The sum, unknown where a part is."""
    return None if values.null_count() else float(values.sum())
