"""Quotas for Slurm on a page: its state pasted, handed in or read, the changes in words and numbers, and the files for them."""

from datetime import UTC, datetime

import polars as pl
import streamlit as st

from analytics.charts import numbers
from data import quotas
from data.errors import EquinodeError
from data.export.slurm import Export, export, zipped
from data.export.slurm_asked import ASKED
from data.export.slurm_billing import billing_table
from data.export.slurm_forms import Form
from data.export.slurm_plan import Usage
from data.export.slurm_site import read_from_site
from data.export.slurm_state import COMMANDS
from data.export.slurm_used import used_hours
from data.machines import System
from data.settings import settings
from data.terms import Action
from pages.shared import access, loaders, parts, tables
from pages.shared.visit import Visit

MOST_SENTENCES = 5
"""How many refusals, and how many warnings of one matter, are told one by one."""
READ = "slurm-read"
"""Where the session keeps what the site's own commands printed."""

FORMS = {
    Form.COMMANDS: "sacctmgr commands, as a shell script",
    Form.FLAT: "a flat file for sacctmgr load",
    Form.REST: "JSON for slurmrestd",
}
USAGES = {
    Usage.SLURM: "as Slurm counted it",
    Usage.LOG: "as the store knows it",
    Usage.NONE: "is not part of the quota",
}


def section(here: Visit) -> None:
    """The way of the quotas into Slurm, folded until it is wanted; for whoever decides about them."""
    if not {Action.DECIDE, Action.EXPORT} <= here.person.may:
        return
    with st.expander("Put the quotas into Slurm", key="quota-slurm", on_change="rerun") as opened:
        if opened.open:
            _opened(here)


def _opened(here: Visit) -> None:
    every = quotas.current(here.seen.lake, here.chosen.systems)
    runs = quotas.running(every, datetime.now(UTC).date())
    ended = every.height - runs.height
    with_ended = bool(ended) and st.toggle(f"Also the {numbers.counted(ended, 'quota')} that ended", key="slurm-ended")
    if ended and not with_ended:
        st.caption("Slurm keeps the limits it has for projects whose quota has ended.")
    current = every if with_ended else runs
    names = loaders.system_names(here.state)
    machines = sorted(current["system"].unique().to_list(), key=lambda system: names[system])
    if not machines:
        st.info("No project of the machines chosen has a quota or an award that runs, so that there is nothing for Slurm.")
        return
    left, middle, right = st.columns(3)
    chosen = left.selectbox("Machine", machines, format_func=lambda system: names[system], key="slurm-machine")
    form = middle.selectbox("Form", FORMS, format_func=FORMS.__getitem__, key="slurm-form")
    usage = right.selectbox("Usage before", USAGES, format_func=USAGES.__getitem__, key="slurm-usage")
    st.caption(f"{Usage(usage).explained} Nothing is changed from here: you get files to read, and to run where Slurm is.")
    system = loaders.systems(here.state)[chosen]
    _units(system)
    texts = _state()
    if not texts:
        return
    asked = current.filter(pl.col("system") == chosen)
    try:
        done = export(asked.select(list(ASKED)), texts, system, form=form, usage=usage, used=used_hours(here.seen.lake, chosen, asked))
    except EquinodeError as error:
        parts.error_box(error, what="The state of Slurm cannot be used.")
        return
    _told(done)


def _units(system: System) -> None:
    """How hours are counted, told where they are turned into minutes."""
    told = [found if isinstance(found, str) else found.shown_as for found in billing_table(system).values()]
    st.markdown("\n".join(f"- {parts.escaped(line)}" for line in told))


def _state() -> list[str]:
    """The texts that tell the state of Slurm, none while there are none."""
    st.markdown("Run these where Slurm's commands are at hand, and paste what they print, one below the other:")
    st.code("\n".join(COMMANDS), language="sh", wrap_lines=True)
    pasted = st.text_area("What they print", key="slurm-pasted", height=160, placeholder="Cluster|Account|User|ParentName|Share|…")
    files = st.file_uploader("Or files of it", accept_multiple_files=True, key="slurm-files", help="Also sacctmgr's flat file or JSON.")
    if settings().slurm and st.button("Read it from the site", help=f"Runs them through: {settings().slurm}", key="slurm-site"):
        try:
            access.require(Action.EXPORT)
            st.session_state[READ] = read_from_site(settings())
        except EquinodeError as error:
            parts.error_box(error, what="Slurm could not be asked.")
    handed = [file.getvalue().decode("utf-8", errors="replace") for file in files or ()]
    told = [text for text in (pasted, *handed) if text.strip()]
    return told or st.session_state.get(READ, [])


def _told(done: Export) -> None:
    """What would change, what forbids it, what to know before, and the files."""
    accounts = len({change.account for change in done.plan.changes})
    limits = numbers.counted(len(done.plan.changes), "limit")
    changing = f"{limits} of {numbers.counted(accounts, 'account')} on cluster {done.plan.cluster} would change."
    st.markdown(f"**{parts.escaped(changing if accounts else 'Nothing would change.')}**")
    if done.refusals:
        st.error("\n".join(["Refused, and so there is nothing to apply:", "", *_listed(list(done.refusals), "diff.txt")]))
    if done.cautions.height:
        told = done.cautions.group_by("matter", maintain_order=True).agg("said")["said"].to_list()
        st.warning("\n".join(["Know before:", "", *(line for sentences in told for line in _listed(sentences, "warnings.csv"))]))
    if done.diff.height:
        hours = ("new_hours", "counted_hours", "left_hours")
        shown = done.diff.select("account", "limit", pl.col("tres").alias("resource"), pl.col("old").fill_null("none"), "new", *hours)
        alt = "Every limit that is asked for, with its old and its new value"
        tables.table(done.diff, shown=tables.for_people(shown), name="slurm-limits", alt=alt, most_rows=10)
    st.download_button(
        "Download the files (ZIP)" if done.written else "Download what was found (ZIP)",
        zipped(done),
        file_name=f"{tables.file_name('slurm', 'quotas')}_{done.plan.system.id}.zip",
        mime="application/zip",
        key="slurm-download",
        on_click="ignore",
        type="primary" if done.written else "secondary",
    )
    if done.written is not None:
        st.caption(parts.escaped(done.written.how))
        for name, content in done.written.files.items():
            with st.expander(name):
                st.code(content, language="sh", wrap_lines=True, height=320)


def _listed(sentences: list[str], file: str) -> list[str]:
    more = len(sentences) - MOST_SENTENCES
    lines = [f"- {parts.escaped(sentence)}" for sentence in sentences[:MOST_SENTENCES]]
    return [*lines, *([f"- and {numbers.whole(more)} more of this sort, in {file} of the download"] if more > 0 else [])]
