"""The parts of the fairness page: its figures with their intervals, and the marks of what rests on few projects."""

from collections.abc import Mapping

import polars as pl

from analytics.certainty import FEW_PROJECTS, Interval
from analytics.charts import numbers, theme
from analytics.fairness import Inequality, atkinson_index, gini_coefficient
from pages.shared import parts, results, results_fairness
from pages.shared.visit import Visit

AVERSION = 0.5
"""The aversion to inequality α of Atkinson's index: at 1 and above it is 1 as soon as a single project got nothing."""

NO_AWARD = "no project's award is known"


def row_of_figures(here: Visit, fair: Inequality, asked: int) -> None:
    """The indices of inequality between projects with an award; without any award, how machine time is concentrated."""
    parts.figures(_of_awards(here, fair, asked) if fair.projects else _of_hours(here))


def between(intervals: Mapping[str, Interval], index: str) -> str:
    """Between what an index lies in nine of ten trials, in words; empty where that is not known."""
    found = intervals.get(index)
    return f"{found.low:.2g} to {found.high:.2g} (90 %)" if found is not None else ""


def with_intervals(here: Visit, due: pl.DataFrame) -> pl.DataFrame:
    """Shares received and due with the interval of the share received, and the projects behind it."""
    sure = results_fairness.sure_shares(here).select("category", "share_low", "share_high", "projects", "few")
    return due.join(sure, on="category", how="left", validate="1:1")


def few(here: Visit) -> list[str]:
    """Which categories rest on fewer than ten projects."""
    small = results_fairness.sure_shares(here).filter("few")
    if small.is_empty():
        return []
    named = [f"{theme.category_name(category)} ({count})" for category, count in small.select("category", "projects").rows()]
    return [f"Fewer than {FEW_PROJECTS} projects, so one more or less changes the share much: {numbers.listed(named)}."]


def unknown_projects(unmet: pl.DataFrame) -> list[str]:
    """How many projects are left out of unmet demand."""
    left_out = int(unmet["projects_unknown"].sum() or 0)
    said = f"Left out: {numbers.counted(left_out, 'project')} whose hours used or asked for are not known."
    return [said] if left_out else []


def _of_awards(here: Visit, fair: Inequality, asked: int) -> list[parts.Figure]:
    intervals = results_fairness.intervals(here)
    share = fair.theil_between / fair.theil if fair.theil and fair.theil_between is not None else None
    atkinson = atkinson_index(results.satisfaction(here)["satisfaction"].to_numpy(), alpha=AVERSION)
    return [
        parts.Figure(
            label="Jain's index",
            value=numbers.plain(fair.jain),
            note=between(intervals, "jain"),
            meaning="1 where all projects are served alike, 1/n where one has all. The interval tells how far chance in which projects "
            "there were would move it.",
        ),
        parts.Figure(
            label="Gini coefficient",
            value=numbers.plain(fair.gini),
            note=between(intervals, "gini"),
            meaning="0 where all are served alike; half the mean difference between two projects, relative to the mean.",
        ),
        parts.Figure(
            label="Theil's index",
            value=numbers.plain(fair.theil),
            note=f"{numbers.percent(share)} between categories" if share is not None else "",
            meaning="0 where all are served alike; it splits exactly into what lies between categories and within them.",
        ),
        parts.Figure(
            label="Atkinson's index",
            value=numbers.plain(atkinson),
            note=f"served on average {numbers.percent(fair.mean)}",
            meaning=f"The part of all hours that could be given up without loss to society, if the rest were equal (α = {AVERSION}). "
            "Served is node-hours used ÷ node-hours due in the period.",
        ),
        parts.Figure(
            label="Projects with an award",
            value=numbers.exact(fair.projects),
            note=f"of {numbers.exact(asked)} that asked",
            meaning="Only a project with an award has hours due to it; the indices count these alone.",
        ),
    ]


def _of_hours(here: Visit) -> list[parts.Figure]:
    """What can be said where no award is known: how concentrated machine time is, which is no judgement of fairness."""
    hours = results_fairness.hours_of_projects(here)["hours"].drop_nulls()
    largest = hours.sort(descending=True).head(max(1, round(hours.len() / 10)))
    whole = float(hours.sum())
    return [
        parts.Figure(label="Jain's index", value=numbers.NOT_AVAILABLE, note=NO_AWARD, meaning="It needs the hours due to each project."),
        parts.Figure(
            label="Concentration (Gini)",
            value=numbers.plain(gini_coefficient(hours.to_numpy())),
            note="of node-hours over projects",
            meaning="How concentrated machine time is, which is not whether that is fair: projects need different amounts.",
        ),
        parts.Figure(
            label="Largest tenth of projects",
            value=numbers.percent(float(largest.sum()) / whole if whole > 0 else None),
            note=f"of node-hours; {numbers.counted(largest.len(), 'project')}",
            meaning="The share of machine time that the tenth of the projects with most of it has.",
        ),
        parts.Figure(label="Projects", value=numbers.exact(hours.len()), note="with known node-hours", meaning="Accounts in the logs."),
    ]
