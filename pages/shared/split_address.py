"""The choices of a split as the address of its page says them: read from one, written as one, and each fault told."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from urllib.parse import parse_qs, urlencode

from analytics import capacity_changes
from analytics.allocation.objectives import Aim, Objective
from analytics.charts import numbers
from analytics.charts.theme import STACK, category_name
from analytics.split_problem import Due, SplitChoices
from data.terms import HourUnit, Period, Selection, UserCategory, month_after
from pages.shared import filters, loaders
from pages.shared.loaders import Seen

AIMS = {
    "Most hours": Objective(alpha=0.0),
    "Many hours": Objective(alpha=0.5),
    "Proportional": Objective(alpha=1.0),
    "More for the worst-served": Objective(alpha=2.0),
    "Much more": Objective(alpha=4.0),
    "Worst-served first": Objective(aim=Aim.MAX_MIN),
}
"""The aims a reader can choose, from most hours served to the worst-served first."""
USUAL_AIM = "Proportional"

DUES = {"the usual request of their access mode": Due.MODE_MEDIAN, "their own request": Due.REQUEST}
USUAL_DUE = next(iter(DUES))

Value = str | bool | float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Amount:
    """A number that a reader can set."""

    usual: float | None
    """What it is without a choice; none where there is no limit then."""
    least: float
    """The smallest that it can be."""
    most: float
    """The largest that it can be."""


FLOOR, CAP, WEIGHT = "floor", "cap", "weight"
SHARES = {
    FLOOR: Amount(usual=0.0, least=0.0, most=100.0),
    CAP: Amount(usual=100.0, least=0.0, most=100.0),
    WEIGHT: Amount(usual=1.0, least=0.1, most=100.0),
}
"""What can be set for each user category: per cent of the hours offered, and the weight of a project."""
ENERGY, CARBON = "energy-budget", "carbon-budget"
CAPACITY = "capacity"
"""What machines would give otherwise than they did, as it is typed."""
BUDGET = Amount(usual=None, least=0.0, most=1e12)

AMOUNTS = {f"{kind}-{category.value}": amount for kind, amount in SHARES.items() for category in STACK} | {ENERGY: BUDGET, CARBON: BUDGET}
"""Every number by its name in the address."""
USUAL: dict[str, Value] = {
    "aim": USUAL_AIM,
    "due": USUAL_DUE,
    "law": True,
    CAPACITY: "",
    **{key: amount.usual for key, amount in AMOUNTS.items()},
}
"""Every choice as it is without one."""


def choices_of(values: Mapping[str, Value]) -> SplitChoices:
    """The choices that these values of the controls make.

    >>> choices_of({**USUAL, "aim": "Most hours", "floor-sme": 20.0}).floors[UserCategory.SME]
    0.2
    """
    numbers = {key: _number(values[key]) for key in AMOUNTS}
    of = {kind: {category: numbers[f"{kind}-{category.value}"] for category in STACK} for kind in SHARES}
    return SplitChoices(
        objective=AIMS[str(values["aim"])],
        due=DUES[str(values["due"])],
        floors={category: percent / 100 for category, percent in of[FLOOR].items() if percent is not None and percent > 0},
        caps={category: percent / 100 for category, percent in of[CAP].items() if percent is not None and percent < 100},
        weights={category: weight for category, weight in of[WEIGHT].items() if weight is not None and weight != 1},
        energy_budget_mwh=numbers[ENERGY],
        carbon_budget_t=numbers[CARBON],
        keep_law=bool(values["law"]),
        capacity=capacity_changes.typed(str(values[CAPACITY]))[0],
    )


def values_in(address: str) -> tuple[dict[str, Value], list[str]]:
    """The values of all controls that an address gives, and a sentence for each that cannot be.

    >>> values, faults = values_in("aim=Most+hours&floor-sme=9000&law=maybe")
    >>> values["aim"], values["floor-sme"], faults
    ('Most hours', 0.0, ["law is 'maybe', not true or false", "floor-sme is '9000', not a number from 0 to 100"])
    """
    given = {key: texts[-1] for key, texts in parse_qs(address, keep_blank_values=True, max_num_fields=200).items()}
    values, faults = dict(USUAL), []
    for key, known in (("aim", AIMS), ("due", DUES), ("law", ("true", "false"))):
        if key in given and given[key] not in known:
            faults.append(f"{key} is {given[key]!r}, not {'true or false' if key == 'law' else 'one of ' + ', '.join(known)}")
        elif key in given:
            values[key] = given[key] == "true" if key == "law" else given[key]
    values[CAPACITY] = given.get(CAPACITY, "")
    faults += capacity_changes.typed(str(values[CAPACITY]))[1]
    for key, amount in AMOUNTS.items():
        if given.get(key):
            number = _parsed(given[key])
            if number is None or not amount.least <= number <= amount.most:
                faults.append(f"{key} is {given[key]!r}, not a number from {amount.least:g} to {amount.most:g}")
            else:
                values[key] = number
    return values, faults


def address_of(values: Mapping[str, Value], chosen: Selection, names: Mapping[str, str]) -> str:
    """The query string that opens the split page with these choices; the period stands in it by its months, so that it never moves.

    >>> from datetime import date
    >>> quarter = Selection(period=Period(date(2026, 1, 1), date(2026, 4, 1)), systems=("lumi",))
    >>> address_of({**USUAL, "aim": "Most hours"}, quarter, {"lumi": "LUMI"})
    'period=From+%E2%80%A6+to+%E2%80%A6&from=January+2026&to=March+2026&machines=LUMI&aim=Most+hours'
    """
    months = chosen.period.months
    pairs = [(filters.PERIOD, filters.BETWEEN), (filters.FROM, numbers.month(months[0])), (filters.TO, numbers.month(months[-1]))]
    pairs += [(filters.MACHINES, names.get(system, system)) for system in chosen.systems]
    pairs += [(key, _text(value)) for key, value in values.items() if value != USUAL[key]]
    return urlencode(pairs)


def selection_in(address: str, state: Seen) -> tuple[Selection, list[str]]:
    """The period and machines that an address names, in the store as it is, and a sentence for each that is not there."""
    given = parse_qs(address, max_num_fields=200)
    months = {numbers.month(month): month for month in loaders.whole_period(state).months}
    first, last = (given.get(key, [""])[-1] for key in (filters.FROM, filters.TO))
    faults = [f"the store holds no log of {name or 'the month that it names'}" for name in (first, last) if name not in months]
    whole = loaders.whole_period(state)
    period = whole if faults else Period(months[first], month_after(months[last]))
    systems = {name: system for system, name in loaders.system_names(state).items()}
    machines = given.get(filters.MACHINES, [])
    faults += [f"there is no log of a machine {name!r}" for name in machines if name not in systems]
    return Selection(period=period, systems=tuple(systems[name] for name in machines if name in systems), unit=HourUnit.NODE_HOURS), faults


def state_of(values: Mapping[str, Value], chosen: Selection, names: Mapping[str, str]) -> dict[str, object]:
    """What the session holds, by name of control, where these choices and this selection are made."""
    months = chosen.period.months
    selection = {filters.PERIOD: filters.BETWEEN, filters.FROM: numbers.month(months[0]), filters.TO: numbers.month(months[-1])}
    return {**values, **selection, filters.MACHINES: [names.get(system, system) for system in chosen.systems], filters.CATEGORIES: []}


def everybody(chosen: Selection) -> Selection:
    """The selection of all user categories, whatever categories are chosen: a split is one of all."""
    return replace(chosen, categories=(), unit=HourUnit.NODE_HOURS)


def name_of(key: str) -> str:
    """A control by its name in the address, in words.

    >>> name_of("floor-sme"), name_of("carbon-budget")
    ('the floor for SMEs', 'the carbon budget')
    """
    kind, _, category = key.partition("-")
    return f"the {kind} for {category_name(UserCategory(category))}" if kind in SHARES else f"the {key.replace('-', ' ')}"


def _number(value: Value) -> float | None:
    return None if value is None or isinstance(value, str) else float(value)


def _parsed(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def _text(value: Value) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value:.12g}" if isinstance(value, float) else str(value)
