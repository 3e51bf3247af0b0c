"""The forms in which changes leave for Slurm, each as two files: one that makes them and one that takes them back exactly."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from itertools import groupby

from data.export.slurm_plan import Change, Held, Limit, Plan


class Form(StrEnum):
    """In which form changes are written."""

    COMMANDS = "commands"
    FLAT = "flat"
    REST = "rest"


class Way(StrEnum):
    """Which of the two files."""

    APPLY = "apply"
    UNDO = "undo"


NOT_SET = -1
"""By what Slurm takes a limit on a resource away."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """The two files of a form."""

    form: Form
    """The form."""
    files: Mapping[str, str]
    """Their texts by name."""
    how: str
    """How they are used."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What one account's limits shall be, in one of the two ways."""

    account: str
    """The account."""
    changes: tuple[Change, ...]
    """The changes behind."""
    way: Way
    """Whether the new or the old values are meant."""

    def value(self, change: Change) -> Held:
        """The value that is meant."""
        return change.new if self.way is Way.APPLY else change.old

    def tres(self, limit: Limit) -> dict[str, int]:
        """The resources that a limit is changed for, NOT_SET for one whose limit goes."""
        mine = [change for change in self.changes if change.limit is limit and change.tres is not None]
        return {str(change.tres): value if isinstance(value := self.value(change), int) else NOT_SET for change in mine}

    @property
    def fairshare(self) -> int | None:
        """The shares, where they are changed."""
        return next((value for each in self.changes if each.limit is Limit.FAIRSHARE and isinstance(value := self.value(each), int)), None)


def by_account(plan: Plan, way: Way) -> Iterator[Settings]:
    """The changes of each account, accounts by name."""
    ordered = sorted(plan.changes, key=lambda change: change.account)
    for account, changes in groupby(ordered, key=lambda change: change.account):
        yield Settings(account=account, changes=tuple(changes), way=way)


def refusals_of(plan: Plan, form: Form) -> list[str]:
    """What a form cannot carry, in sentences: only commands can take a QOS away again."""
    if form is Form.COMMANDS:
        return []
    rows = {change.asked.row: change.asked for change in plan.changes if change.limit in (Limit.QOS, Limit.DEFAULT_QOS)}
    return [f"{asked.named}: its QOS can be set in this form and not be taken back; choose the form commands." for asked in rows.values()]


def heading(plan: Plan, way: Way, other: str) -> list[str]:
    """What the file does, for whoever opens it."""
    accounts = len({change.account for change in plan.changes})
    done = "Sets" if way is Way.APPLY else "Sets back"
    return [
        f"{done} {len(plan.changes)} limits of {accounts} accounts on cluster {plan.cluster} ({plan.system.name}).",
        f"What it changes, in words and numbers: diff.txt. {'Taken back' if way is Way.APPLY else 'Made'} by {other}.",
    ]
