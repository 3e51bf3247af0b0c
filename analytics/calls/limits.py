"""The limits of a call as rows over applications and machines, each with its name and its sentence."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import polars as pl

from analytics.allocation.award_program import AwardProgram, Places, Vector
from analytics.calls.call import Call, CallLimit, Each, Quantity, TieBreak, Worth, offered
from analytics.charts.numbers import THIN_SPACE, UNIT_WORDS, counted, country, exact, listed, percent
from analytics.charts.theme import category_name
from data.terms import UserCategory

CAPACITY, MOST_AWARDS = "offered", "most_awards"
"""How the rows of the hours offered are named, before the machine's own key, and the row of the most awards."""

WITHIN = "within the limit of"
FACTORS = {Quantity.MWH: "mwh_per_hour", Quantity.TCO2E: "tco2e_per_hour"}


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitRow:
    """One row of a call's limits."""

    name: str
    """Its short name."""
    title: str
    """What it says, as it stands inside a sentence."""
    scope: str
    """Within what something is missing: "on LUMI-G", "within the limit of at most 4 awards"."""
    quantity: Quantity
    """What it counts."""
    is_capacity: bool = False
    """Whether it is what a machine offers, or the number of awards: what strict ranking stops at."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Posed:
    """A call as numbers, with the names of what the numbers are of."""

    call: Call
    """The rules."""
    applications: pl.DataFrame
    """Frame APPLICATIONS."""
    machines: pl.DataFrame
    """Frame MACHINES."""
    program: AwardProgram
    """The numbers."""
    rows: tuple[LimitRow, ...]
    """What its rows are."""


def posed(call: Call, applications: pl.DataFrame, machines: pl.DataFrame) -> Posed:
    """A call as numbers: each application on each machine that it wishes for, and a row for everything that limits them."""
    at = {machine: place for place, machine in enumerate(machines["machine"])}
    wishes = [list(dict.fromkeys(at[name] for name in names)) for names in applications["machines"].to_list()]
    owner = np.repeat(np.arange(len(wishes)), [len(each) for each in wishes])
    machine = np.array([place for each in wishes for place in each], dtype=np.int64)
    asked = applications["hours_asked"].to_numpy().astype(np.int64)
    least = np.maximum(1, applications["hours_least"].fill_null(1).to_numpy().astype(np.int64))
    score = applications["score"].to_numpy()
    rows = list(_rows(call, applications, machines, owner, machine))
    program = AwardProgram(
        application=owner,
        machine=machine,
        asked=asked,
        least=least if call.reducible else asked,
        worth=score if call.worth is Worth.SCORED_HOURS else score / asked,
        order=_order(call, applications),
        divisible=call.divisible,
        per_hour=np.array([row.per_hour for row in rows]),
        per_award=np.array([row.per_award for row in rows]),
        value=np.array([row.value for row in rows]),
        is_floor=np.array([row.is_floor for row in rows]),
    )
    return Posed(call=call, applications=applications, machines=machines, program=program, rows=tuple(row.words for row in rows))


def expanded(limit: CallLimit, applications: pl.DataFrame, machines: pl.DataFrame) -> Iterator[CallLimit]:
    """A limit for each country, category or machine as so many limits; any other as it is."""
    match limit.each:
        case None:
            yield limit
        case Each.COUNTRY:
            for code in applications["country"].drop_nulls().unique().sort():
                yield replace(limit, name=f"{limit.name}:{code}", countries=(code,), each=None)
        case Each.CATEGORY:
            for category in applications["category"].unique().sort():
                yield replace(limit, name=f"{limit.name}:{category}", categories=(UserCategory(category),), each=None)
        case Each.MACHINE:
            for key in machines.filter(pl.col("hours_offered") > 0)["machine"]:
                if not limit.machines or key in limit.machines:
                    yield replace(limit, name=f"{limit.name}:{key}", machines=(key,), each=None)


def title(limit: CallLimit, call: Call, machines: pl.DataFrame) -> str:
    """A limit as it stands inside a sentence, such as "at most 20 % of the GPU-hours for SMEs on LUMI-G"."""
    names = dict(machines.select("machine", "name").rows())
    words = {Quantity.HOURS: UNIT_WORDS[call.unit], Quantity.MWH: "MWh", Quantity.TCO2E: "t CO₂e", Quantity.AWARDS: "awards"}
    amount = (
        f"{percent(limit.value)} of the {UNIT_WORDS[call.unit]} offered"
        if limit.is_share
        else (f"{exact(limit.value)}{THIN_SPACE}{words[limit.quantity]}")
    )
    parts = [f"at {'least' if limit.is_floor else 'most'} {amount}"]
    if limit.machines:
        parts.append(f"on {listed([names[key] for key in limit.machines])}")
    if limit.categories:
        parts.append(f"for {listed([category_name(category) for category in limit.categories])}")
    if limit.countries:
        parts.append(f"for {listed([country(code) for code in limit.countries])}")
    return " ".join(parts)


def _order(call: Call, applications: pl.DataFrame) -> Places:
    """The applications that reach the threshold, best first."""
    ranked = applications.with_row_index("place").filter(pl.col("score") >= call.threshold)
    ties = ["hours_asked", "place"] if call.tie_break is TieBreak.SMALLER_REQUEST else ["place"]
    by = ranked.sort(pl.col("score").neg(), *ties)
    return by["place"].to_numpy().astype(np.int64)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Row:
    """One row with its numbers."""

    words: LimitRow
    per_hour: Vector
    per_award: Vector
    value: float
    is_floor: bool = False


def _rows(call: Call, applications: pl.DataFrame, machines: pl.DataFrame, owner: Places, machine: Places) -> Iterator[_Row]:
    """What each machine offers, then the number of awards, then every other limit."""
    no_hours, no_awards, unit = np.zeros(len(owner)), np.zeros(applications.height), UNIT_WORDS[call.unit]
    for place, (key, name, offers) in enumerate(machines.select("machine", "name", "hours_offered").rows()):
        said = f"the {exact(offers)} {unit} offered on {name}"
        words = LimitRow(name=f"{CAPACITY}:{key}", title=said, scope=f"on {name}", quantity=Quantity.HOURS, is_capacity=True)
        yield _Row(words=words, per_hour=(machine == place).astype(np.float64), per_award=no_awards, value=float(offers))
    if call.most_awards is not None:
        said = f"at most {counted(call.most_awards, 'award')}"
        words = LimitRow(name=MOST_AWARDS, title=said, scope=f"{WITHIN} {said}", quantity=Quantity.AWARDS, is_capacity=True)
        yield _Row(words=words, per_hour=no_hours, per_award=np.ones(applications.height), value=float(call.most_awards))
    for limit in (each for stated in call.limits for each in expanded(stated, applications, machines)):
        mine, on = _selected(limit, applications, machines)
        said, awards = title(limit, call, machines), limit.quantity is Quantity.AWARDS
        factor = machines[FACTORS[limit.quantity]].fill_null(0.0).to_numpy() if limit.quantity in FACTORS else np.ones(machines.height)
        yield _Row(
            words=LimitRow(name=limit.name, title=said, scope=f"{WITHIN} {said}", quantity=limit.quantity),
            per_hour=no_hours if awards else mine[owner] * on[machine] * factor[machine],
            per_award=mine if awards else no_awards,
            value=limit.value * _base(limit, machines) if limit.is_share else limit.value,
            is_floor=limit.is_floor,
        )


def _base(limit: CallLimit, machines: pl.DataFrame) -> float:
    """The hours that a share is a share of."""
    hours = offered(machines)
    return float(sum(hours[key] for key in (limit.machines or hours)))


def _selected(limit: CallLimit, applications: pl.DataFrame, machines: pl.DataFrame) -> tuple[Vector, Vector]:
    """Which applications and which machines a limit counts."""
    mine = pl.lit(value=True)
    if limit.categories:
        mine &= pl.col("category").is_in([category.value for category in limit.categories])
    if limit.countries:
        mine &= pl.col("country").is_in(list(limit.countries)).fill_null(value=False)
    on = pl.col("machine").is_in(list(limit.machines)) if limit.machines else pl.lit(value=True)
    chosen = applications.with_columns(mine.alias("mine"))["mine"].to_numpy().astype(np.float64)
    return chosen, machines.with_columns(on.alias("on"))["on"].to_numpy().astype(np.float64)
