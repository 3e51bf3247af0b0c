"""From frames and facts to a report: which questions a template asks, in which order, and what the answers rest on."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from analytics import usage
from analytics.charts import numbers, theme
from analytics.report import access_time, fair, footprint, methods
from analytics.report.brief import brief
from analytics.report.coverage import coverage
from analytics.report.data_centre import indicators, information
from analytics.report.document import Report, Section, Table
from analytics.report.inputs import ReportInputs
from analytics.report.proposed import recommended
from analytics.report.sources import facts
from analytics.report.state import on_machines, received_by_state
from data.errors import InputError


class Template(StrEnum):
    """The standing reports."""

    BOARD = "board"
    ACCESS_TIME = "access-time"
    DATA_CENTRE = "data-centre"
    BRIEF = "brief"
    STATE = "state"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outline:
    """What a template holds."""

    title: str
    """The title of the report."""
    asks: str
    """For whom it is and when it is due, in a sentence."""
    sections: tuple[str, ...]
    """The questions that it answers, in order."""
    is_brief: bool = False
    """Whether it fits one page."""


SECTIONS: Mapping[str, Callable[[ReportInputs], tuple[Section, ...]]] = {
    "brief": lambda inputs: (brief(inputs),),
    "state": lambda inputs: (received_by_state(inputs),),
    "state-machines": lambda inputs: (on_machines(inputs),),
    "received": lambda inputs: (access_time.by_category(inputs),),
    "machines": lambda inputs: (access_time.by_system(inputs),),
    "countries": lambda inputs: (access_time.by_country_and_mode(inputs),),
    "limits": lambda inputs: (access_time.against_law(inputs),),
    "due": lambda inputs: (fair.against_due(inputs),),
    "projects": lambda inputs: (fair.between_projects(inputs),),
    "waits": lambda inputs: (fair.waits(inputs),),
    "information": lambda inputs: (information(inputs),),
    "indicators": lambda inputs: (indicators(inputs),),
    "energy": lambda inputs: (footprint.energy_used(inputs),),
    "emissions": lambda inputs: (footprint.emitted(inputs),),
    "recommended": recommended,
    "coverage": lambda inputs: (coverage(inputs),),
}
"""Every section by its name."""

EMITTING = frozenset({"emissions", "recommended", "state-machines"})
"""The sections that tell emissions."""

OUTLINES: Mapping[Template, Outline] = {
    Template.BOARD: Outline(
        title="Allocation and energy report",
        asks="For the Governing Board, each quarter: access time per participating state and user category, "
        "Regulation (EU) 2021/1173 Art. 17(11).",
        sections=(
            *("received", "machines", "countries", "limits", "due", "projects", "waits"),
            *("energy", "emissions", "recommended", "coverage"),
        ),
    ),
    Template.ACCESS_TIME: Outline(
        title="Report on the use of access time",
        asks="From the hosting entity, by 31 January for the year before: Regulation (EU) 2021/1173 Art. 10.",
        sections=("received", "machines", "countries", "limits", "waits", "coverage"),
    ),
    Template.DATA_CENTRE: Outline(
        title="Data-centre energy report",
        asks="From the operator, by 15 May for the year before: the fields of Delegated Regulation (EU) 2024/1364, Annexes I to III.",
        sections=("information", "indicators", "energy", "emissions", "coverage"),
    ),
    Template.BRIEF: Outline(
        title="Machine brief", asks="One page about one machine, for a reader in a hurry.", sections=("brief",), is_brief=True
    ),
    Template.STATE: Outline(
        title="Report of a participating state",
        asks="For one participating state: what its projects received, on which machines, at what emissions.",
        sections=("state", "state-machines", "coverage"),
    ),
}
"""Every template with what it holds."""


def composed(template: Template, inputs: ReportInputs, sections: Sequence[str] = ()) -> Report:
    """The report of a template; with `sections`, only these of it.

    Raises:
        InputError: if the period has no usage at all, a section is not one of the template, or all of it would have to be withheld.
    """
    outline = OUTLINES[template]
    _can_be_made(template, inputs, sections)
    wanted = tuple(name for name in outline.sections if not sections or name in sections)
    is_brief = outline.is_brief
    return Report(
        title=_title(template, inputs),
        period=inputs.period.name,
        scope=f"{outline.asks} {_scope(inputs)}",
        demo=inputs.demo,
        sections=tuple(section for name in wanted for section in SECTIONS[name](inputs)),
        methods=() if is_brief else methods.methods(wanted),
        sources=() if is_brief else _sources(inputs, wanted),
        snapshot=inputs.snapshot,
        versions=inputs.versions,
        parameters=inputs.parameters,
        disclosure=inputs.disclosure,
        is_brief=is_brief,
    )


def _sources(inputs: ReportInputs, sections: Sequence[str]) -> tuple[Table, ...]:
    """The facts, and the carbon intensities where a section tells emissions."""
    return (facts(inputs), footprint.intensities(inputs)) if EMITTING.intersection(sections) else (facts(inputs),)


def quarterly(inputs: ReportInputs) -> Report:
    """The report to the Governing Board: who received the machine time, how fairly, at what energy and emissions, and what is missing.

    Any period will do; a quarter is the usual one.

    Raises:
        InputError: as `composed` does.
    """
    return composed(Template.BOARD, inputs)


def _can_be_made(template: Template, inputs: ReportInputs, sections: Sequence[str]) -> None:
    if inputs.usage.is_empty():
        raise InputError(f"no log in the store touches {inputs.period.name}; choose a period with logs, or ingest them first.")
    unknown = sorted(set(sections) - set(OUTLINES[template].sections))
    if unknown:
        raise InputError(
            f"the {template} report has no section {', '.join(unknown)}; choose among {', '.join(OUTLINES[template].sections)}."
        )
    if template is Template.BRIEF and inputs.usage["system"].n_unique() != 1:
        raise InputError("a brief is about one machine; choose one that has a log in the period (on the command line with --systems).")
    if template is Template.STATE and inputs.country is None:
        raise InputError("a report of a participating state needs the state; name it by its two letters, such as FI.")
    if inputs.withheld is not None and inputs.withheld.rows[()]:
        raise InputError(
            f"fewer organisations than may be shown stand behind all figures of {inputs.period.name}; "
            "choose a wider period or more machines, or make the operator's own copy."
        )


def _title(template: Template, inputs: ReportInputs) -> str:
    if template is Template.BRIEF:
        named = usage.with_system_names(inputs.usage.select("system").unique(), inputs.partitions)
        return f"{named['system'][0]} in brief"
    if template is Template.STATE and inputs.country is not None:
        return f"{numbers.country(inputs.country)}: use of European supercomputers"
    return OUTLINES[template].title


def _scope(inputs: ReportInputs) -> str:
    names = usage.with_system_names(inputs.usage.select("system").unique(), inputs.partitions)["system"].sort().to_list()
    categories = [theme.category_name(category) for category in inputs.selection.categories]
    return f"Machines: {numbers.listed(names)}. User categories: {numbers.listed(categories) or 'all'}."
