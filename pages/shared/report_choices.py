"""What a reader can choose about a report beyond the filter bar: which one, which parts, which form, and for whom."""

from dataclasses import replace

import streamlit as st

from analytics.charts import numbers
from analytics.commands_report_inputs import Asked, Audience, rule_of
from analytics.report.compose import OUTLINES, Template
from analytics.report.forms import WORDS, Form
from data.settings import settings
from data.terms import Action
from pages.shared import loaders, visit

KEYS = ("report-template", "report-sections", "report-machine", "report-state", "report-form", "report-for")
NAMES = {
    Template.BOARD: "Quarterly",
    Template.ACCESS_TIME: "Access time",
    Template.DATA_CENTRE: "Data centre",
    Template.BRIEF: "One page",
    Template.STATE: "One state",
}
READERS = {Audience.PUBLIC: "For anybody", Audience.OPERATOR: "The operator's own copy"}
HELP = "None picked means all of them."
OPTIONS = ("template", "period", "systems", "categories", "sections", "country", "for")


def asked_for() -> tuple[Asked, Form]:
    """The report that the choices on this page ask for, and its form."""
    names = {words: template for template, words in NAMES.items()}
    picked = st.segmented_control(
        "Report", list(names), default=NAMES[Template.BOARD], required=True, key=KEYS[0], bind="query-params", label_visibility="collapsed"
    )
    template = names[picked or NAMES[Template.BOARD]]
    st.markdown(f"**{OUTLINES[template].title}.** {OUTLINES[template].asks}")
    chosen, country = visit.now().chosen, None
    with st.container(horizontal=True, gap="small", vertical_alignment="bottom"):
        if template is Template.BRIEF:
            chosen = replace(chosen, systems=(machine(),))
        if template is Template.STATE:
            country = state()
        form = {WORDS[each]: each for each in Form}[st.selectbox("File", list(WORDS.values()), key=KEYS[4], bind="query-params", width=330)]
        reader = readers()[st.selectbox("Reader", list(readers()), key=KEYS[5], width=230)]
    sections = () if OUTLINES[template].is_brief else wanted_sections(template)
    return Asked(template=template, selection=chosen, sections=sections, country=country, audience=reader, rule=rule_of(settings())), form


def command(asked: Asked, form: Form) -> str:
    """The words of the command line that make the same file."""
    given = dict(asked.parameters)
    options = " ".join(f"--{name} {given[name]}" for name in OPTIONS if name in given)
    return f"python -m analytics report {options} --unit {given['unit']} --snapshot {visit.now().seen.snapshot_id} --out report.{form}"


def readers() -> dict[str, Audience]:
    """For whom this person may make reports: the operator's own copy is for those who decide."""
    everybody = Action.DECIDE in visit.now().person.may
    return {words: audience for audience, words in READERS.items() if everybody or audience is Audience.PUBLIC}


def machine() -> str:
    """The one machine of a brief, among those of the filter bar that have a log."""
    names = loaders.system_names(visit.now().seen)
    known = loaders.usage(visit.now().seen, visit.now().chosen, "system")["system"].to_list()
    return str(st.selectbox("Machine", known, format_func=lambda each: names.get(each, each), key=KEYS[2], width=200))


def state() -> str | None:
    """The participating state of its report, among those whose projects ran."""
    known = loaders.usage(visit.now().seen, visit.now().chosen, "country")["country"].drop_nulls().sort().to_list()
    if not known:
        st.info("No project has a country yet: bring in a table of projects on the page Intake.")
        st.stop()
    return str(st.selectbox("State", known, format_func=numbers.country, key=KEYS[3], width=200))


def wanted_sections(template: Template) -> tuple[str, ...]:
    """The sections to leave in; none named means all of them."""
    known = OUTLINES[template].sections
    picked = st.pills(
        "Sections (none picked: all)", known, selection_mode="multi", format_func=words_of, key=f"{KEYS[1]}-{template}", help=HELP
    )
    return () if len(picked) == len(known) else tuple(name for name in known if name in picked)


def words_of(section: str) -> str:
    """The name of a section as words."""
    return section.replace("-", " ").capitalize()
