"""A decided call as tables to be filed: award list, reserve list, all applications, limits, rules compared, rules and sources, record."""

from collections.abc import Iterable, Mapping
from typing import Any

import polars as pl

from analytics.calls import words
from analytics.calls.call import AwardRule
from analytics.calls.decision import Decision, Outcome
from analytics.calls.standing import Standing

TRAINING_COLUMNS = {"training_runs": "runs", "training_days": "days", "training_months_alone": "months_alone"}
INVENTED = "invented applications, for demonstration"


def award_table(decision: Decision, training: pl.DataFrame | None = None) -> pl.DataFrame:
    """Every application with its award, the hours on each machine in a column of its own, and what they train.

    `training` is what the awards mean for a training run: application, runs, days and months alone.
    """
    rows = decision.awards.with_columns(standing=pl.col("standing").replace({each.value: words.STANDINGS[each] for each in Standing}))
    table = rows
    for name in decision.by_machine["name"].unique(maintain_order=True):
        mine = decision.by_machine.filter(pl.col("name") == name).select("application", pl.col("hours_awarded").alias(f"hours on {name}"))
        table = table.join(mine, on="application", how="left", validate="1:1", maintain_order="left").with_columns(
            pl.col(f"hours on {name}").fill_null(0)
        )
    if training is not None:
        wanted = training.select("application", **{column: pl.col(name) for column, name in TRAINING_COLUMNS.items()})
        table = table.join(wanted, on="application", how="left", validate="1:1", maintain_order="left")
    told = ("reason", "would_help")
    return table.select(*(name for name in table.columns if name not in told), *told)


def tables(
    decision: Decision, *, training: pl.DataFrame | None = None, sources: Iterable[tuple[str, str, str]] = (), invented: bool = False
) -> dict[str, pl.DataFrame]:
    """The tables of a decision by their names, in the order in which they are read.

    `sources` are what the call rests on: what, source, flag in words. Invented applications are marked in every row.
    """
    every = award_table(decision, training)
    is_awarded, is_reserve = pl.col("hours_awarded") > 0, pl.col("standing") == words.STANDINGS[Standing.RESERVE]
    empty = [name for name in every.columns if name.startswith(("hours on ", "training_"))]
    reserve = every.filter(is_reserve).drop("share_awarded", "machines_awarded", *empty)
    rules = pl.DataFrame(
        words.rules_in_words(decision.call, decision.machines), schema={"rule": pl.String, "in_words": pl.String}, orient="row"
    )
    found = {
        "award_list": every.filter(is_awarded).drop("passed_over_by", "would_help"),
        "reserve_list": reserve.drop("hours_awarded", "energy_mwh", "emissions_t", "standing").with_row_index("reserve_place", 1),
        "applications": every,
        "limits": decision.limits,
        "rules_compared": decision.comparison.with_columns(
            pl.col("rule").replace({rule.value: words.RULES[rule] for rule in AwardRule}), chosen=pl.col("rule") == decision.call.rule.value
        ),
        "rules": rules,
        "sources": pl.DataFrame(list(sources), schema={"what": pl.String, "source": pl.String, "known": pl.String}, orient="row"),
    }
    return {name: table.with_columns(note=pl.lit(INVENTED)) if invented else table for name, table in found.items()}


def csv(table: pl.DataFrame) -> bytes:
    """The table as CSV in UTF-8; text that a spreadsheet would run as a formula is kept text.

    >>> csv(pl.DataFrame({"organisation": ["=cmd()"]})).decode().split()[1]
    "'=cmd()"
    """
    texts = [name for name, kind in table.schema.items() if kind == pl.String]
    return table.with_columns(pl.col(texts).str.replace(r"^([=+\-@\t\r])", "'$1")).write_csv().encode()


def record(decision: Decision) -> dict[str, Any]:
    """The decision for machines to read: outcome, proof, rules, limits and the rules compared."""
    call, best = decision.call, decision.best
    counts = dict(decision.awards.group_by("standing").len().sort("standing").rows())
    return {
        "outcome": decision.outcome.value,
        "finding": words.finding(decision),
        "proof": words.proof(decision),
        "missed": words.missed(decision),
        "ties": words.ties(decision),
        "rule": call.rule.value,
        "tie_break": call.tie_break.value,
        "worth": call.worth.value,
        "unit": call.unit.value,
        "threshold": call.threshold,
        "best_score": call.best_score,
        "most_awards": call.most_awards,
        "reducible": call.reducible,
        "divisible": call.divisible,
        "applications": decision.awards.height,
        "standings": {standing.value: counts.get(standing.value, 0) for standing in Standing},
        "hours_offered": dict(decision.machines.filter(pl.col("hours_offered") > 0).select("machine", "hours_offered").rows()),
        "hours_awarded": int(decision.awards["hours_awarded"].sum()),
        "total": decision.worth,
        "bound": best.bound,
        "gap": decision.gap if decision.outcome is Outcome.DECIDED and decision.gap != float("inf") else None,
        "search": {"ending": best.ending.value, "branches": best.nodes, "best_total": best.total, "gap": best.gap if best.total else None},
        "floors_in_reach": decision.floors_in_reach,
        "limits": decision.limits.to_dicts(),
        "rules_compared": decision.comparison.to_dicts(),
    }


def by_group(decision: Decision, group: str) -> pl.DataFrame:
    """Applications, hours asked for and awarded of each country or category, the most awarded first.

    Columns: the group, applications, awards, hours_asked, hours_awarded, share_awarded (of all hours awarded).
    """
    total = int(decision.awards["hours_awarded"].sum())
    awarded = pl.col("hours_awarded")
    return (
        decision.awards.group_by(group)
        .agg(applications=pl.len(), awards=(awarded > 0).sum(), hours_asked=pl.col("hours_asked").sum(), hours_awarded=awarded.sum())
        .with_columns(share_awarded=pl.col("hours_awarded") / total if total else pl.lit(None, pl.Float64))
        .sort(pl.col("hours_awarded").neg(), pl.col("hours_asked").neg(), group)
    )


HEADERS: Mapping[str, str] = {
    "rank": "Rank",
    "reserve_place": "Place",
    "application": "Application",
    "organisation": "Organisation",
    "category": "User category",
    "country": "Country",
    "score": "Score",
    "standing": "Decision",
    "machines_wished": "Machines wished for",
    "machines_awarded": "Awarded on",
    "hours_asked": "Hours asked for",
    "hours_least": "Minimum",
    "hours_awarded": "Hours awarded",
    "share_awarded": "Part of the request",
    "energy_mwh": "Facility energy (MWh)",
    "emissions_t": "Emissions, location-based (t CO₂e)",
    "passed_over_by": "Awards of lower rank",
    "reason": "Reason",
    "would_help": "What would help",
    "training_runs": "Training runs that the hours pay for",
    "training_days": "Days of one training run",
    "training_months_alone": "Months of it on one's own GPUs",
    "limit": "Limit",
    "sense": "At most or at least",
    "unit": "Unit",
    "value": "Allowed or asked for",
    "used": "Used",
    "slack": "Left",
    "share_used": "Part used",
    "kept": "Kept",
    "rule": "Rule",
    "in_words": "In words",
    "awards": "Awards",
    "mean_score": "Mean score of an hour awarded",
    "lowest_score": "Lowest score awarded",
    "worth": "Total",
    "below_bound": "Below the greatest possible total",
    "passed_over": "Passed over by one of lower rank",
    "floors_missed": "Floors missed",
    "chosen": "Chosen",
    "what": "What",
    "source": "Source",
    "known": "How well known",
    "note": "Note",
    "name": "Name",
}
"""Column names as people read them."""


def readable(column: str) -> str:
    """A column's name as a header.

    >>> readable("hours_awarded"), readable("hours on LUMI-G")
    ('Hours awarded', 'Hours on LUMI-G')
    """
    return HEADERS.get(column, column[:1].upper() + column[1:].replace("_", " "))
