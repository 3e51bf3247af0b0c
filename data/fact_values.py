"""Reads single facts out of a TOML table: each value with its source and flag, and for each fault what was found and expected."""

import math
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from difflib import get_close_matches
from typing import Any

from data.machines import Fact, FactField, FactValue, Kind
from data.terms import Flag


def facts_in(
    table: Mapping[str, Any], fields: Sequence[FactField], others: Iterable[str], where: str, origin: str, faults: list[str]
) -> dict[str, Fact]:
    """The facts that a table states, by name; what is wrong with the others is added to `faults`.

    `others` are keys that may stand beside the facts, `where` says in which table they stand, `origin` in which file.
    """
    known = {field.name: field for field in fields}
    facts = {}
    for key, stated in table.items():
        if key in known:
            fact = _fact(known[key], stated, where, origin, faults)
            if fact is not None:
                facts[key] = fact
        elif key not in others:
            near = get_close_matches(key, [*known, *others], n=1)
            mend = f"perhaps {near[0]!r} is meant" if near else f"expected one of {', '.join(known)}"
            faults.append(f"{where}{key} is not a known key; {mend}")
    excused = table.get("unknown") if where else None
    for field in fields:
        if field.required and field.name not in table and not (isinstance(excused, Mapping) and field.name in excused):
            faults.append(f"{where}{field.name} is missing; it is {field.meaning}")
    return facts


def reasons_in(table: Mapping[str, Any], fields: Sequence[FactField], where: str, faults: list[str]) -> dict[str, str]:
    """Why some facts are not known, by name, as the table's `unknown` states it."""
    stated = table.get("unknown", {})
    if not isinstance(stated, Mapping) or not all(isinstance(reason, str) and reason.strip() for reason in stated.values()):
        faults.append(f'{where}unknown is {stated!r}; expected reasons such as {{ pue = "not metered" }}')
        return {}
    known = {field.name for field in fields}
    faults += [f"{where}unknown.{key} is not a known key; expected one of {', '.join(sorted(known))}" for key in stated if key not in known]
    faults += [f"{where}{key} has a value and stands under unknown; keep one of them" for key in stated if key in table]
    return dict(stated)


def number_of(facts: Mapping[str, Fact], key: str) -> float | None:
    """The number that a fact states, `None` where it is not known."""
    fact = facts.get(key)
    return fact.value if fact is not None and isinstance(fact.value, float) else None


def day_of(facts: Mapping[str, Fact], key: str) -> date | None:
    """The day that a fact states, `None` where it is not known."""
    fact = facts.get(key)
    return fact.value if fact is not None and isinstance(fact.value, date) else None


def text_of(facts: Mapping[str, Fact], key: str) -> str | None:
    """The text that a fact states, `None` where it is not known."""
    fact = facts.get(key)
    return fact.value if fact is not None and isinstance(fact.value, str) else None


def _fact(field: FactField, stated: object, where: str, origin: str, faults: list[str]) -> Fact | None:
    name = f"{where}{field.name}"
    source, flag, valid, value = f"declared by the operator in {origin}", Flag.DECLARED, "", stated
    if isinstance(stated, Mapping):
        missing = [key for key in ("value", "source", "flag") if key not in stated]
        strange = [key for key in stated if key not in ("value", "source", "flag", "valid")]
        if missing or strange or stated["flag"] not in [*Flag] or not str(stated["source"]).strip():
            faults.append(
                f"{name} is {dict(stated)!r}; expected a value alone, or {{ value, source, flag }} with a source"
                f" and a flag of {', '.join(Flag)} (and valid, if its time of validity is narrower)"
            )
            return None
        source, flag, valid, value = str(stated["source"]), Flag(stated["flag"]), str(stated.get("valid", "")), stated["value"]
    checked = _value(field, value)
    if checked is None:
        faults.append(f"{name} is {value!r} but must be {_wanted(field)}: {field.meaning}")
        return None
    return Fact(value=checked, source=source, flag=flag, unit=field.unit, valid=valid)


def _value(field: FactField, value: object) -> FactValue | None:
    match field.kind:
        case Kind.TEXT:
            return value if isinstance(value, str) and value.strip() else None
        case Kind.DAY:
            return value if isinstance(value, date) and not isinstance(value, datetime) else None
        case Kind.NAMES:
            named = isinstance(value, list) and value and all(isinstance(name, str) and name.strip() for name in value)
            return tuple(value) if named and isinstance(value, list) else None
        case Kind.NUMBER:
            if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
                return None
            return float(value) if field.least <= value <= field.most and not (field.above and value == field.least) else None


def _wanted(field: FactField) -> str:
    if field.kind is not Kind.NUMBER:
        return {Kind.TEXT: "a text", Kind.DAY: "a day such as 2024-03-01, without quotes", Kind.NAMES: 'names such as ["normal", "long"]'}[
            field.kind
        ]
    least = f"above {field.least:g}" if field.above else f"of at least {field.least:g}"
    return f"a number {least}" + (f" and at most {field.most:g}" if math.isfinite(field.most) else "")
