"""What a call is: the rule by which it is decided, its limits, the machines it awards hours on, and the applications made to it."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

import polars as pl

from data.errors import InputError
from data.schema import APPLICATIONS, Schema, check
from data.terms import HourUnit, UserCategory

MACHINES: Schema = {
    "machine": pl.String,  # system:partition
    "name": pl.String,
    "hours_offered": pl.Int64,  # in the unit of the call
    "mwh_per_hour": pl.Float64,  # facility energy; null: not known
    "tco2e_per_hour": pl.Float64,  # location-based
}
"""One row a machine (a partition) that a call awards hours on, or that an application wishes for."""

COMMERCIAL = (UserCategory.START_UP, UserCategory.SME, UserCategory.LARGE_INDUSTRY)
"""The categories whose time can be commercial use."""


class AwardRule(StrEnum):
    """How a call is decided."""

    RANK_STRICT = "rank_strict"
    """Best score first; nobody receives hours on a machine on which a better application found too few left."""
    RANK_FILL = "rank_fill"
    """Best score first; an application whose minimum no longer fits is passed over, and the next one that fits is served."""
    BEST_TOTAL = "best_total"
    """The awards of the greatest total worth, whoever that passes over."""


class TieBreak(StrEnum):
    """Who comes first of two applications with the same score."""

    SMALLER_REQUEST = "smaller_request"
    """The one that asks for fewer hours, so that more can be served."""
    EARLIER_LINE = "earlier_line"
    """The one that stands earlier in the table, as the panel or the order of arrival put it."""


class Worth(StrEnum):
    """What the greatest total is a total of."""

    SCORED_HOURS = "scored_hours"
    """Hours awarded x score: an hour is worth the score of its application."""
    SCORED_REQUESTS = "scored_requests"
    """Part of the request awarded x score: a small application served in full is worth as much as a large one."""


class Quantity(StrEnum):
    """What a limit counts."""

    HOURS = "hours"
    MWH = "mwh"
    TCO2E = "tco2e"
    AWARDS = "awards"


class Each(StrEnum):
    """For every one of what a limit holds apart."""

    COUNTRY = "country"
    CATEGORY = "category"
    MACHINE = "machine"


@dataclass(frozen=True, slots=True, kw_only=True)
class CallLimit:
    """A limit on what a call may award: at most, or at least, so much to those it names."""

    name: str
    """Its short name, unique in the call."""
    value: float
    """How much; a share runs from 0 to 1."""
    is_floor: bool = False
    """At least (a floor) or at most (a ceiling)."""
    is_share: bool = False
    """Whether the value is a share of the hours offered on the machines it names."""
    quantity: Quantity = Quantity.HOURS
    """What it counts."""
    categories: tuple[UserCategory, ...] = ()
    """Whose awards count; none named means all."""
    countries: tuple[str, ...] = ()
    """Awards of which countries count; none named means all."""
    machines: tuple[str, ...] = ()
    """Hours on which machines count; none named means all."""
    each: Each | None = None
    """Whether it holds for every country, category or machine by itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """The rules of a call, as they must be known before its applications are read."""

    title: str
    """Its name."""
    unit: HourUnit = HourUnit.GPU_HOURS
    """The unit of all its hours."""
    rule: AwardRule = AwardRule.RANK_FILL
    """How it is decided."""
    tie_break: TieBreak = TieBreak.SMALLER_REQUEST
    """Who comes first at the same score."""
    worth: Worth = Worth.SCORED_HOURS
    """What the greatest total is a total of."""
    threshold: float = 0.0
    """The score below which an application is not awarded, whatever is left."""
    best_score: float = 100.0
    """The highest score that can be given; the lowest is 0."""
    reducible: bool = True
    """Whether an award may be less than was asked for, down to the application's minimum."""
    divisible: bool = False
    """Whether one award may lie on several of the machines wished for."""
    most_awards: int | None = None
    """How many applications may be awarded at most."""
    limits: tuple[CallLimit, ...] = ()
    """What else must hold."""


def checked(call: Call, applications: pl.DataFrame, machines: pl.DataFrame) -> None:
    """Make sure that a call, its applications and its machines belong together.

    Raises:
        InputError: naming everything that is wrong.
        SchemaError: if a frame has other columns than promised.
    """
    check(applications, APPLICATIONS)
    check(machines, MACHINES)
    faults = [*_faults_of_call(call), *_faults_of_machines(machines), *_faults_of_applications(call, applications, machines)]
    for limit in call.limits:
        faults += _faults_of_limit(limit, machines)
    names = [limit.name for limit in call.limits]
    faults += [f"two limits are named {name!r}" for name in sorted({name for name in names if names.count(name) > 1})]
    if faults:
        raise InputError("; ".join(faults) + ".")


def offered(machines: pl.DataFrame) -> Mapping[str, int]:
    """The hours offered on each machine."""
    return dict(machines.select("machine", "hours_offered").rows())


def _faults_of_call(call: Call) -> list[str]:
    faults = []
    if not call.best_score > 0:
        faults.append(f"the highest score is {call.best_score:g}, but must lie above 0")
    if not 0 <= call.threshold <= call.best_score:
        faults.append(f"the threshold is {call.threshold:g}, but scores run from 0 to {call.best_score:g}")
    if call.most_awards is not None and call.most_awards < 1:
        faults.append(f"at most {call.most_awards} awards may be made; name at least 1, or no number")
    return faults


def _faults_of_machines(machines: pl.DataFrame) -> list[str]:
    faults = [
        f"{name} stands twice among the machines" for name in machines.filter(pl.col("machine").is_duplicated())["name"].unique().sort()
    ]
    for name, hours in (
        machines.filter(pl.col("hours_offered").is_null() | (pl.col("hours_offered") < 0)).select("name", "hours_offered").rows()
    ):
        faults.append(f"{name} offers {hours if hours is not None else 'an unknown number of'} hours; state 0 or more")
    if not faults and not (machines["hours_offered"].sum() or 0) > 0:
        faults.append("no machine offers hours; state how many the call has to award on at least one")
    return faults


def _faults_of_applications(call: Call, applications: pl.DataFrame, machines: pl.DataFrame) -> list[str]:
    least, asked = pl.col("hours_least"), pl.col("hours_asked")
    unknown = pl.col("machines").list.set_difference(machines["machine"].to_list()).list.len() > 0
    wrong = {
        "stands twice": pl.col("application").is_duplicated(),
        "asks for no hours": asked.is_null() | (asked < 1),
        "has a minimum above its request, or below 0": (least > asked) | (least < 0),
        f"has no score from 0 to {call.best_score:g}": pl.col("score").is_null() | ~pl.col("score").is_between(0, call.best_score),
        "names no machine": pl.col("machines").list.len().fill_null(0) == 0,
        "names a machine that the call does not know": unknown,
        "is of no user category": ~pl.col("category").is_in([category.value for category in UserCategory]).fill_null(value=False),
    }
    faults = [] if applications.height else ["there are no applications"]
    for what, condition in wrong.items():
        names = applications.filter(condition.fill_null(value=False))["application"].unique(maintain_order=True).to_list()
        if names:
            shown = ", ".join(map(str, names[:3])) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
            faults.append(f"{what}: {shown}")
    return faults


def _faults_of_limit(limit: CallLimit, machines: pl.DataFrame) -> list[str]:
    faults = []
    counted = machines.filter(pl.col("machine").is_in(limit.machines)) if limit.machines else machines
    if not limit.value >= 0 or limit.value == float("inf"):
        faults.append(f"limit {limit.name!r} is {limit.value:g}; a limit is 0 or more")
    if limit.is_share and (limit.quantity is not Quantity.HOURS or limit.value > 1):
        faults.append(f"limit {limit.name!r} is a share; a share is of hours, and from 0 to 1")
    if limit.quantity is Quantity.AWARDS and (limit.machines or limit.each is Each.MACHINE):
        faults.append(f"limit {limit.name!r} counts awards, which are of applications, not of machines; leave the machines out")
    if missing := set(limit.machines) - set(machines["machine"]):
        faults.append(f"limit {limit.name!r} names {', '.join(sorted(missing))}, which is no machine of the call")
    factor = {Quantity.MWH: "mwh_per_hour", Quantity.TCO2E: "tco2e_per_hour"}.get(limit.quantity)
    if factor is not None:
        unknown = counted.filter(pl.col(factor).is_null() & (pl.col("hours_offered") > 0))["name"].to_list()
        if unknown:
            what = "energy" if limit.quantity is Quantity.MWH else "emissions"
            faults.append(
                f"the {what} of an hour on {', '.join(unknown)} is not known, so limit {limit.name!r} cannot be kept; leave one out"
            )
    return faults
