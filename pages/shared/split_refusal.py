"""Where there is no split: why, what clashes, the least that would mend it, and a button that does so."""

import math
from collections.abc import Mapping

import streamlit as st

from analytics import recommendation_words as words
from analytics.allocation.solution import Outcome, Refusal
from analytics.charts import numbers
from pages.shared import filters, loaders, parts
from pages.shared.split_address import AMOUNTS, CAP, CARBON, ENERGY, FLOOR, Value, name_of
from pages.shared.visit import Visit

ROOM = 1e-6
"""How much further than the least loosening a choice is loosened, so that the split exists beyond doubt."""

HEADINGS = {
    Outcome.INFEASIBLE: "There is no split for {period} that keeps to all of these limits.",
    Outcome.STARVED: "Every split for {period} within these limits leaves somebody with nothing, which this aim cannot weigh.",
    Outcome.NOT_CERTIFIED: "No split for {period} could be proven best, so none is shown.",
}


def show(here: Visit, refusal: Refusal, values: Mapping[str, Value]) -> None:
    """Why there is no split, and what would mend it."""
    names = loaders.system_names(here.state)
    sentences = words.refusal_in_words(refusal, loaders.policy_limits(), names)
    parts.finding(HEADINGS[refusal.outcome].format(period=here.chosen.period.name))
    st.warning("\n".join(f"- {parts.escaped(sentence)}" for sentence in sentences), icon=":material/block:")
    looser = loosened(values, refusal)
    if looser:
        said = numbers.listed([f"{name_of(key)} to {_amount(key, value)}" for key, value in looser.items()])
        st.button(f"Loosen it so: {said}", on_click=st.session_state.update, args=(looser,), key="loosen", type="primary")
    elif not refusal.relaxation.is_empty():
        st.caption("What would have to be loosened is no choice of this page, such as a limit of the law; loosen what clashes with it.")


def uncounted(here: Visit, systems: list[str]) -> None:
    """That a budget cannot count these machines, with a button that leaves them out."""
    names = loaders.system_names(here.state)
    said = numbers.listed([names.get(system, system) for system in systems])
    parts.finding("An energy or carbon budget cannot be kept where the energy of a machine is not known.")
    st.warning(
        f"Power, PUE or the grid's carbon intensity is not known for {parts.escaped(said)}, so no budget can count it.",
        icon=":material/block:",
    )
    leave_out(here, systems)


def leave_out(here: Visit, systems: list[str]) -> None:
    """A button that leaves these machines out; none where no other would be left."""
    names = loaders.system_names(here.state)
    logged = [system for system in loaders.spans(here.seen)["system"] if not here.chosen.systems or system in here.chosen.systems]
    counted = [names[system] for system in logged if system not in systems]
    if counted:
        said = numbers.listed([names.get(system, system) for system in systems])
        st.button(f"Leave out {said}", on_click=_choose_machines, args=(counted,), key="leave-out", type="primary")


def loosened(values: Mapping[str, Value], refusal: Refusal) -> dict[str, Value]:
    """The choices of the page, loosened by as little as makes a split possible; none where others would have to be loosened as well."""
    found: dict[str, Value] = {}
    for row in refusal.relaxation.iter_rows(named=True):
        key = _key_of(row["name"])
        stands = values.get(key)
        if key not in AMOUNTS or not isinstance(stands, int | float) or isinstance(stands, bool):
            return {}
        if key in (ENERGY, CARBON):
            found[key] = _up(row["relaxed_value"] * (1 + ROOM))
        elif row["value"] <= 0:
            return {}
        elif key.startswith(FLOOR):
            found[key] = _down(stands * row["relaxed_value"] / row["value"] * (1 - ROOM))
        else:
            found[key] = min(_up(stands * row["relaxed_value"] / row["value"] * (1 + ROOM)), 100.0)
    return found


def _key_of(name: str) -> str:
    """The control of a limit by its name in the problem."""
    kind, _, category = name.partition(":")
    return f"{kind}-{category}" if kind in (FLOOR, CAP) else name.replace("_", "-")


def _amount(key: str, value: Value) -> str:
    number = float(value) if isinstance(value, int | float) else 0.0
    unit = {ENERGY: "MWh", CARBON: "t CO₂e"}.get(key)
    return f"{numbers.exact(number)} {unit}" if unit else numbers.percent(number / 100)


def _up(value: float) -> float:
    """The value with three digits, rounded up."""
    digits = _decimals(value)
    return round(math.ceil(value * 10.0**digits) / 10.0**digits, max(digits, 0))


def _down(value: float) -> float:
    """The value with three digits, rounded down."""
    digits = _decimals(value)
    return round(math.floor(value * 10.0**digits) / 10.0**digits, max(digits, 0))


def _decimals(value: float) -> int:
    return 2 - math.floor(math.log10(value)) if value > 0 else 0


def _choose_machines(names: list[str]) -> None:
    st.session_state[filters.MACHINES] = names
