"""The letter to a project from which hours could be taken back: its own figures, the rule, what stays, and how to object."""

from collections.abc import Mapping, Sequence
from typing import Any

from analytics.charts import numbers
from analytics.reclaim import OBJECTION_DAYS, ReclaimRule, reason
from data.terms import HourUnit

LINE_WIDTH = 72


def letter(row: Mapping[str, Any], rule: ReclaimRule, *, system: str) -> str:
    """A letter to one project as plain text, ready to be signed.

    Args:
        row: A row of frame CANDIDATES.
        rule: By which its hours were found.
        system: The name of the machine.
    """
    unit = numbers.UNIT_WORDS[HourUnit(row["unit"])]
    called = f"{row['account']} ({row['title']})" if row["title"] else row["account"]
    holder = [f"To: {row['organisation']}"] if row["organisation"] else []
    return "\n".join(
        [
            *holder,
            f"Project: {called}",
            f"Machine: {system}",
            f"Subject: unused machine time, {numbers.exact(row['taken_hours'])} {unit}",
            "",
            "Your project has machine time left that, as far as can be told, it is not likely to use.",
            reason(row, rule),
            "",
            f"The rule: {rule.in_words}. Hours used, and those that your waiting jobs ask for, are never taken.",
            f"What would be taken would be offered to projects that wait for hours on {system}.",
            "",
            f"If you need these hours, tell us within {OBJECTION_DAYS} days of this letter what for and by when; nothing is taken before.",
            "",
        ]
    )


def letters(rows: Sequence[Mapping[str, Any]], rule: ReclaimRule, *, systems: Mapping[str, str]) -> str:
    """All letters one after the other, each under a line.

    Args:
        rows: Rows of frame CANDIDATES.
        rule: By which their hours were found.
        systems: Names of machines by identifier.
    """
    return ("-" * LINE_WIDTH + "\n").join(letter(row, rule, system=systems.get(row["system"], row["system"])) for row in rows)
