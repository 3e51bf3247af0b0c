"""Every visit passes here: page config, access, the way to the pages, the one filter bar, and then the page itself."""

from dataclasses import dataclass
from pathlib import Path

import streamlit as st

from pages.shared import access, filters, loaders, looks, parts, visit, words
from pages.shared.visit import Visit

ICON = Path(__file__).parent / "shared" / "icon.png"


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A page: where it stands, what it is called, and the question it answers."""

    file: str
    """Its file, from this folder."""
    title: str
    """Its name in the list of pages."""
    question: str
    """The question it answers, its heading."""
    needs_store: bool = True
    """Whether it has nothing to show while no log was brought in."""

    @property
    def page(self) -> st.Page:
        """The page as Streamlit knows it, its address made of its name (`/health` is the server's own)."""
        return st.Page(self.file, title=self.title, url_path=self.title.lower().replace(" ", "-"), default=self is POLICY[0])


POLICY = (
    Place(file="policy/overview.py", title="Overview", question="What happened on the machines, at a glance?"),
    Place(file="policy/usage.py", title="Usage", question="Who received the machine time?"),
    Place(file="policy/fairness.py", title="Fairness", question="Did each group receive what was due to it?"),
    Place(file="policy/energy.py", title="Energy", question="What did the machine time cost in energy and emissions?"),
    Place(file="policy/explore.py", title="Explore", question="What would you like to know about machine time?"),
    Place(file="policy/split.py", title="Split", question="Who should get how much, and what would it cost?"),
    Place(file="policy/calls.py", title="Calls", question="Which applications should be awarded hours, and why?", needs_store=False),
    Place(file="policy/reports.py", title="Reports", question="What can be filed?"),
    Place(file="policy/methods.py", title="Methods", question="How is each figure computed, and from what?", needs_store=False),
)
OPERATIONS = (
    Place(file="operations/intake.py", title="Intake", question="Which logs are in, and what was refused?", needs_store=False),
    Place(file="operations/quotas.py", title="Quotas", question="How much may each project use, and how far is it?"),
    Place(file="operations/reclaim.py", title="Reclaim", question="Which hours will not be used, and who could use them?"),
    Place(file="operations/effect.py", title="Effect", question="What did a change of quotas bring?"),
    Place(file="operations/history.py", title="History", question="Who changed what, when and why?"),
    Place(file="operations/health.py", title="Log health", question="How far can each log be trusted?"),
)


def show(place: Place) -> None:
    """Draw the frame around a page, and run the page."""
    banner_place = st.empty()
    st.title(place.question, anchor=False)
    finding_place = st.empty()
    person = access.reader()
    state = loaders.seen()
    if state is not None and loaders.demo_systems(state):
        parts.demo_banner(banner_place)
    selection = filters.bar(state) if state is not None else None
    visit.begin(Visit(person=person, state=state, selection=selection, finding_place=finding_place))
    if state is None and place.needs_store:
        parts.empty_store()
    elif place.needs_store and state is not None and selection is not None and filters.is_empty(state, selection):
        parts.nothing_in_selection()
    else:
        pages[place].run()


def ways() -> None:
    """Draw the list of pages, and below it who is at the keyboard."""
    with st.sidebar:
        st.markdown("**Equinode**")
        for heading, places in (("Policy", POLICY), ("Operations", OPERATIONS)):
            st.caption(heading)
            for place in places:
                st.page_link(pages[place], label=place.title)
        st.caption(f"{access.person().name}, {access.person().role}")


words.written_for_site()
st.set_page_config(page_title="Equinode", page_icon=str(ICON), layout="wide", initial_sidebar_state=220)
st.html(looks.RULES)
st.html(looks.SCRIPTS, unsafe_allow_javascript=True)
pages = {place: place.page for place in (*POLICY, *OPERATIONS)}
current = st.navigation(list(pages.values()), position="hidden")
ways()
here = next(place for place, page in pages.items() if page.title == current.title)
parts.told(lambda: show(here))
