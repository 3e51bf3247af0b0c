"""Which applications of a call should be awarded hours, and why: the list that follows from the call's rule, with reasons and proof."""

import polars as pl
import streamlit as st

from analytics.calls import words
from analytics.calls.decision import Decision, decide
from analytics.calls.machines import call_machines
from analytics.training import training_with
from data.call_examples import CallExample
from data.ingest.application_table import application_rows
from data.terms import HourUnit
from pages.shared import call_charts, call_choices, call_parts, call_training, loaders, parts, visit

here = visit.now()


def sources(example: CallExample | None) -> list[tuple[str, str, str]]:
    """What the call, its footprint and its training times rest on."""
    stated = [] if example is None else [(fact.what, fact.source, fact.flag.shown_as) for fact in example.facts]
    model = ("energy and emissions of an hour", "facts of the machines, see Methods: node power × PUE × intensity of the grid", "modelled")
    return [*stated, model]


def rests_on(example: CallExample | None) -> None:
    """Close the page with what it rests on; invented applications are called so."""
    for what, source, known in sources(example):
        st.caption(parts.escaped(f"{what[:1].upper()}{what[1:]}. {source} ({known})."))
    st.caption("Period, machines and categories of the bar above have no part in a call, which brings its own.")
    st.caption("A decision here changes nothing: what is awarded is decided by those who answer for the call.")


def show(decision: Decision, training: pl.DataFrame, example: CallExample | None) -> None:
    """The decided call."""
    parts.finding(words.finding(decision))
    short = words.missed(decision)
    if short is not None:
        st.warning(parts.escaped(short), icon=":material/error:")
    call_parts.figures(decision)
    st.markdown(parts.escaped(words.proof(decision)))
    parts.coverage([said for said in (words.ties(decision),) if said is not None])
    call_parts.downloads(decision, training, sources(example), invented=example is not None)
    call_charts.pictures(decision, invented=example is not None)
    call_parts.lists(decision, training)
    call_parts.limits(decision)


chosen = call_choices.source()
if chosen.example is not None:
    st.markdown(":orange-badge[Invented applications] :small[What was published about the call stands below with its source.]")
if chosen.table is None:
    parts.finding("No applications yet: hand in a table above, or choose a ready-made call.")
    st.info(f"One row an application, with columns such as: {call_choices.COLUMNS}.")
    st.code("python -m analytics call APPLICATIONS --budget LUMI-G=4000000 --out DIR", language=None)
else:
    table = call_choices.edited(chosen.table, chosen.id)
    call = call_choices.rules(chosen)
    systems = loaders.systems(here.state)
    rows = loaders.kept_without_store(
        "applications",
        (table.file, table.records, call.unit, call.best_score, tuple(systems)),
        lambda: application_rows(table, systems, unit=call.unit, best_score=call.best_score),
    )
    wished = rows.applications["machines"].explode().drop_nulls().unique(maintain_order=True).to_list()
    hours = call_choices.hours_offered(here, chosen, wished)
    call_parts.faults(rows)
    machines = call_machines(loaders.partitions(here.state), loaders.intensity(), hours, unit=call.unit)
    if not any(hours.values()):
        parts.finding("The applications are read. State the hours that the call offers, and the list appears.")
    elif rows.applications.is_empty():
        parts.finding("No application can be read: mend those named below.")
    else:
        with st.spinner("Deciding the call, and proving how good the list is…"):
            key = (call, tuple(hours.items()), rows.applications.rows())
            decision = loaders.kept_without_store("call", key, lambda: decide(call, rows.applications, machines))
        of_the_list = st.container()
        st.header("Time to train", anchor=False)
        run, gpus = call_training.chosen_run(), call_training.gpu_facts(here)
        training = training_with(
            decision.by_machine, gpus, run.run, gpus=run.gpus, own_gpus=run.alone, is_gpu_hours=call.unit is HourUnit.GPU_HOURS
        )
        call_training.section(gpus, run)
        with of_the_list:
            show(decision, training, chosen.example)
    rests_on(chosen.example)
