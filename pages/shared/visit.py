"""What `main.py` found out about this visit, for the page that it runs: who reads, what of the store, and which selection."""

from dataclasses import dataclass

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from data.access import Person
from data.terms import Selection
from pages.shared import loaders
from pages.shared.loaders import Seen

KEY = "visit"


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """One run of a page by one person."""

    person: Person
    """Who is at the keyboard."""
    state: Seen | None
    """The state of the store, none while it is empty."""
    selection: Selection | None
    """What the reader chose, none while the store is empty."""
    finding_place: DeltaGenerator
    """Where the finding goes, between the question and the filter bar."""

    @property
    def seen(self) -> Seen:
        """The state of the store; only pages that need a store ask."""
        assert self.state is not None, "main.py runs this page only where there is a store"
        return self.state

    @property
    def chosen(self) -> Selection:
        """What the reader chose; only pages that need a store ask."""
        assert self.selection is not None, "main.py runs this page only where there is a store"
        return self.selection

    @property
    def is_demo(self) -> bool:
        """Whether the store holds demonstration data."""
        return self.state is not None and bool(loaders.demo_systems(self.state))


def begin(visit: Visit) -> None:
    """Hand a visit to the page that runs next."""
    st.session_state[KEY] = visit


def now() -> Visit:
    """The visit of the page that runs."""
    visit: Visit = st.session_state[KEY]
    return visit
