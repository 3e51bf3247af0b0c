"""The way into the machine time of one group after another: category, organisation, project; kept in the address, with a way back."""

from functools import partial
from typing import Any

import streamlit as st

from analytics.groups import OTHERS
from analytics.pivot import in_words
from data.explore import FILTERED
from data.terms import Dimension
from pages.shared import loaders
from pages.shared.pivot_choices import DIMENSION_OF, NAMES
from pages.shared.visit import Visit
from pages.shared.words import escaped

BY, WITHIN = "by", "within"
"""The names of the choices in the address: what groups are of, and within which groups."""

LED = "led-to-groups"
"""Where the session keeps that a click has set what groups are of, so that the choice has no default of its own besides."""

OFFERED = (
    Dimension.CATEGORY,
    Dimension.SYSTEM,
    Dimension.PARTITION,
    Dimension.MODE,
    Dimension.COUNTRY,
    Dimension.FIELD,
    Dimension.ORGANISATION,
    Dimension.PROJECT,
)
"""What groups can be of."""

Path = tuple[tuple[Dimension, str], ...]
"""Within which groups one looks, the outermost first; an empty text is the group of those of which it is not known."""


def path() -> Path:
    """Within which groups the address says to look; what makes no sense in it is left out."""
    said = (part.partition(":") for part in st.query_params.get_all(WITHIN))
    known = {dimension.value: dimension for dimension in FILTERED}
    steps = {known[name]: value for name, colon, value in said if colon and name in known}
    return tuple(steps.items())


def chosen_by(way: Path) -> Dimension:
    """What groups are of, after drawing the choice; what one looks within already is not offered."""
    within = {dimension for dimension, _ in way}
    names = [NAMES[dimension] for dimension in OFFERED if dimension not in within]
    led = st.session_state.pop(LED, False)
    if st.session_state.get(BY) not in (None, *names):
        st.session_state[BY], led = names[0], True
    label = st.segmented_control("By", names, default=None if led else names[0], required=True, key=BY, bind="query-params")
    return DIMENSION_OF[str(label)]


def below(dimension: Dimension, way: Path) -> Dimension | None:
    """What a click on a group leads to: from categories, countries and so on to organisations, and from these to projects.

    >>> below(Dimension.CATEGORY, ()), below(Dimension.PROJECT, ())
    (<Dimension.ORGANISATION: 'organisation'>, None)
    """
    if dimension is Dimension.PROJECT:
        return None
    within = {dimension, *(step for step, _ in way)}
    wanted = (Dimension.CATEGORY,) if dimension in (Dimension.SYSTEM, Dimension.PARTITION) else ()
    return next((step for step in (*wanted, Dimension.ORGANISATION, Dimension.PROJECT) if step not in within), None)


def into(groups: list[str], dimension: Dimension, way: Path, point: Any) -> None:
    """Look within the group whose mark was clicked; the others together are no group to look into."""
    group, leads_to = groups[round(point["y"])], below(dimension, way)
    if group != OTHERS and leads_to is not None:
        _go((*way, (dimension, group)), leads_to)


def breadcrumb(here: Visit, way: Path) -> None:
    """The way back, group by group; its place is there without one too, so that nothing below moves."""
    place_of_way = st.container(horizontal=True, gap="small", key="breadcrumb", vertical_alignment="center")
    if not way:
        return
    machines = loaders.system_names(here.seen)
    with place_of_way:
        st.button("All", key="within-all", type="tertiary", on_click=_go, args=((), way[0][0]), help="Back to all")
        for place, (dimension, value) in enumerate(way):
            st.markdown("›")
            words = escaped(f"{NAMES[dimension]}: {in_words(dimension, value, machines)}")
            if place == len(way) - 1:
                st.markdown(f"**{words}**")
            else:
                back = partial(_go, way[: place + 1], way[place + 1][0])
                st.button(words, key=f"within-{place}", type="tertiary", on_click=back)


def in_sentence(here: Visit, way: Path) -> list[str]:
    """Within which groups one looks, as words."""
    machines = loaders.system_names(here.seen)
    return [in_words(dimension, value, machines) for dimension, value in way]


def _go(way: Path, dimension: Dimension) -> None:
    st.query_params[WITHIN] = [f"{step.value}:{value}" for step, value in way]
    st.session_state[BY], st.session_state[LED] = NAMES[dimension], True
