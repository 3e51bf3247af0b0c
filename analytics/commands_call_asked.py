"""What a call on the command line was asked for: options as its report carries them, and the same options read back from a report."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from typing import Any

from analytics.calls.call import AwardRule, TieBreak, Worth
from analytics.report.award import AWARD
from data.errors import InputError
from data.terms import HourUnit

TEMPLATE, APPLICATIONS = "template", "applications"
"""The parameters of a report that name its kind and the file of its applications."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CallAsked:
    """The options of `python -m analytics call` that decide who is awarded what, under the names they have there."""

    example: str | None
    """A ready-made call, whose applications are made anew; none means a table of applications."""
    budget: tuple[str, ...]
    """Hours offered, as MACHINE=HOURS."""
    unit: HourUnit | None
    """Unit of all hours; none given means that of the ready-made call, or GPU-hours."""
    rule: AwardRule
    """How the call is decided."""
    tie_break: TieBreak
    """Who comes first at the same score."""
    worth: Worth
    """What the greatest total is a total of."""
    threshold: float | None
    """Score below which nobody is awarded."""
    best_score: float
    """The highest score that can be given."""
    most_awards: int | None
    """Most applications to award."""
    all_or_nothing: bool
    """Whether no award may be below what was asked for."""
    divisible: bool
    """Whether an award may lie on several machines."""
    commercial: float | None
    """Most part of each machine's hours for companies."""
    country_cap: float | None
    """Most part of all hours for one country."""
    floor: tuple[str, ...]
    """Least parts of all hours, as CATEGORY=PART."""
    cap: tuple[str, ...]
    """Most parts of all hours, as CATEGORY=PART."""
    energy_budget: float | None
    """Most facility energy, MWh."""
    carbon_budget: float | None
    """Most location-based emissions, t CO₂e."""
    mapping: tuple[str, ...]
    """What columns mean, as COLUMN=field."""
    leave_out_faulty: bool
    """Whether rows that cannot be read are left out."""
    train: str
    """The training run that awards are measured in."""
    gpus: float
    """GPUs that it uses at a time."""

    @property
    def parameters(self) -> tuple[tuple[str, str], ...]:
        """All of it as text by the names of the options; what is not asked for is left out."""
        found = {field.name: getattr(self, field.name) for field in fields(self)}
        told = {name.replace("_", " "): _written(value) for name, value in found.items() if value not in (None, False, ())}
        return ((TEMPLATE, AWARD), *told.items())


def asked_before(parameters: Mapping[str, str]) -> CallAsked:
    """What a report on an award decision was asked for, from the record that it carries.

    Raises:
        InputError: if the record does not name all options, or names what does not exist.
    """
    try:
        found = {name: _read(name, parameters.get(name.replace("_", " "))) for name in _READERS}
        return CallAsked(**found)
    except (KeyError, TypeError, ValueError) as error:
        raise InputError(
            f"the record in the file does not say by which rules it was decided ({error}); it was made by an earlier version, or saved "
            "anew since. `python -m analytics call` on its applications and rules makes it again."
        ) from None


def _written(value: Any) -> str:
    if isinstance(value, tuple):
        return json.dumps(value, ensure_ascii=False)
    return "yes" if value is True else str(value)


def _texts(text: str) -> tuple[str, ...]:
    found = json.loads(text)
    if not isinstance(found, list):
        raise ValueError(f"{text!r} is no list")
    return tuple(str(each) for each in found)


_READERS: Mapping[str, tuple[Callable[[str], Any], Any]] = {
    "example": (str, None),
    "budget": (_texts, ()),
    "unit": (HourUnit, None),
    "rule": (AwardRule, ...),
    "tie_break": (TieBreak, ...),
    "worth": (Worth, ...),
    "threshold": (float, None),
    "best_score": (float, ...),
    "most_awards": (int, None),
    "all_or_nothing": (lambda text: text == "yes", False),
    "divisible": (lambda text: text == "yes", False),
    "commercial": (float, None),
    "country_cap": (float, None),
    "floor": (_texts, ()),
    "cap": (_texts, ()),
    "energy_budget": (float, None),
    "carbon_budget": (float, None),
    "mapping": (_texts, ()),
    "leave_out_faulty": (lambda text: text == "yes", False),
    "train": (str, ...),
    "gpus": (float, ...),
}
"""How each option is read, and what it is where it was not named; those with an ellipsis always are."""


def _read(name: str, text: str | None) -> Any:
    reader, otherwise = _READERS[name]
    if text is not None:
        return reader(text)
    if otherwise is ...:
        raise ValueError(f"{name} is missing")
    return otherwise
