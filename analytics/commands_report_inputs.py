"""What a report is made from, read from the store and the reference facts as it was asked for; the same asked for again gives the same."""

import sys
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from importlib.metadata import version

import polars as pl

from analytics.carbon import IntensityMethod, IntensityScope
from analytics.commands_store import chosen_partitions, intensity_drawn, logged_spans, proportional_split, system_names
from analytics.demand import demand_by_month, demand_while_logged
from analytics.recommendation_words import paragraph
from analytics.report.compose import OUTLINES, Template, composed
from analytics.report.disclosure import DisclosureRule, Withheld
from analytics.report.document import Report, Snapshot
from analytics.report.inputs import FACTS, ReportInputs
from analytics.report.protection import OWN_COPY, protection
from analytics.usage import capacity_while_logged
from data import facts
from data.batches import demo_systems
from data.dates import period_named
from data.errors import InputError
from data.lake import Lake
from data.projects import all_projects
from data.settings import Settings
from data.systems import known_systems
from data.terms import HourUnit, Period, Selection, UserCategory
from data.usage import reach_over, spans, usage, waits

METHOD, SCOPE = IntensityMethod.FLOW_TRACED, IntensityScope.LIFE_CYCLE
"""Which carbon intensity counts in reports."""

VERSIONS = ("duckdb", "plotly", "polars", "scipy", "typst", "xlsxwriter")


class Audience(StrEnum):
    """Who will read a report."""

    PUBLIC = "public"
    """Anybody: figures of single firms are withheld."""
    OPERATOR = "operator"
    """The operator alone: nothing is withheld, and the report says that it is not for publication."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A report as it is asked for."""

    template: Template
    """Which of the standing reports."""
    selection: Selection
    """Period, machines, categories and unit."""
    sections: tuple[str, ...] = ()
    """Only these sections of the template; none named means all."""
    country: str | None = None
    """The participating state that it is about."""
    audience: Audience = Audience.PUBLIC
    """Who will read it."""
    rule: DisclosureRule = field(default_factory=DisclosureRule)
    """When a figure counts as that of a single organisation."""

    @property
    def parameters(self) -> tuple[tuple[str, str], ...]:
        """All of it as text, by the names of the command line's options; what is not asked for is left out."""
        chosen = self.selection
        found = {
            "template": self.template.value,
            "period": f"{chosen.period.start}..{chosen.period.end}",
            "systems": ",".join(chosen.systems),
            "categories": ",".join(chosen.categories),
            "unit": chosen.unit.value,
            "sections": ",".join(self.sections),
            "country": self.country or "",
            "for": self.audience.value,
            "least organisations": str(self.rule.least_organisations) if self.audience is Audience.PUBLIC else "",
            "largest share": str(self.rule.largest_share) if self.audience is Audience.PUBLIC else "",
        }
        return tuple((name, text) for name, text in found.items() if text)


def rule_of(settings: Settings) -> DisclosureRule:
    """The rule that the site has set."""
    return DisclosureRule(least_organisations=settings.disclosure_least_organisations, largest_share=settings.disclosure_largest_share)


def asked_again(parameters: Mapping[str, str]) -> Asked:
    """What a report was asked for, from the record that it carries.

    Raises:
        InputError: if the record names what does not exist.
    """
    try:
        rule = DisclosureRule(
            least_organisations=int(parameters.get("least organisations", 3)), largest_share=float(parameters.get("largest share", 0.85))
        )
        return Asked(
            template=Template(parameters["template"]),
            selection=Selection(
                period=period_named(parameters["period"]),
                systems=_split(parameters.get("systems", "")),
                categories=tuple(UserCategory(name) for name in _split(parameters.get("categories", ""))),
                unit=HourUnit(parameters["unit"]),
            ),
            sections=_split(parameters.get("sections", "")),
            country=parameters.get("country"),
            audience=Audience(parameters["for"]),
            rule=rule,
        )
    except (InputError, KeyError, ValueError, AttributeError) as error:
        raise InputError(f"the record in the file asks for what cannot be made: {error}; ask for the file as it was made.") from None


def report_of(lake: Lake, asked: Asked) -> Report:
    """The report that is asked for, from a state of the store.

    Raises:
        InputError: if it cannot be made of this period, these machines or these sections.
    """
    return composed(asked.template, report_inputs(lake, asked), asked.sections)


def versions() -> tuple[tuple[str, str], ...]:
    """The programs at work here that decide what a report says and how it looks."""
    return (("Python", sys.version.split()[0]), *((name, version(name)) for name in VERSIONS))


def report_inputs(lake: Lake, asked: Asked) -> ReportInputs:
    """Everything that a report is made from, with the proportional split where a section shows one and there is one."""
    chosen = asked.selection
    partitions = chosen_partitions(lake, chosen)
    known = known_systems(lake)
    shown = [known[system] for system in partitions["system"].unique().sort()]
    before = replace(chosen, period=chosen.period.before)
    state, logged = lake.snapshot(), logged_spans(lake, chosen)
    found = proportional_split(lake, chosen) if _shows(asked, "recommended") and not chosen.categories else None
    projects, wanted = all_projects(lake, systems=chosen.systems), [category.value for category in chosen.categories]
    decided = projects.filter(pl.col("category").is_in(wanted)) if wanted else projects
    dimensions = ("system", "partition", "category", "mode", "country", "month")
    public = asked.audience is Audience.PUBLIC
    of_projects = usage(lake, chosen, "system", "account", "month")
    return ReportInputs(
        selection=chosen,
        usage=usage(lake, chosen, *dimensions),
        usage_before=usage(lake, before, *dimensions),
        is_comparable=all(_reached(lake, chosen, period) for period in (chosen.period, before.period)),
        usage_of_projects=of_projects,
        waits=waits(lake, chosen, "category"),
        partitions=partitions,
        intensity=facts.carbon_intensity(),
        projects=projects,
        offered=capacity_while_logged(partitions, logged, chosen.period),
        asked=demand_while_logged(usage(lake, chosen, "system", "account"), decided, logged, chosen.period),
        asked_by_month=demand_by_month(of_projects, decided, chosen.period, logged),
        limits=facts.policy_limits(),
        facts=facts.fact_table(shown).select(list(FACTS)),
        snapshot=Snapshot(id=state.snapshot_id, author=state.author or "", message=state.message or "", committed=state.committed),
        versions=versions(),
        demo=bool(set(demo_systems(lake)).intersection(partitions["system"].to_list())),
        intensity_hourly=intensity_drawn(lake, chosen, partitions, method=METHOD, scope=SCOPE),
        method=METHOD,
        scope=SCOPE,
        recommended=None if found is None else found.by_category_system,
        recommended_in_words=""
        if found is None
        else paragraph(found, facts.policy_limits(), system_names(lake), period=chosen.period.name),
        country=asked.country,
        withheld=_withheld(lake, asked, chosen, projects) if public else None,
        withheld_before=_withheld(lake, asked, before, projects) if public else None,
        disclosure=asked.rule.in_words if public else OWN_COPY,
        parameters=asked.parameters,
    )


def _reached(lake: Lake, chosen: Selection, period: Period) -> bool:
    """Whether the logs of the machines chosen reach over a period of their service."""
    told, known = spans(lake), known_systems(lake)
    wanted = told.filter(pl.col("system").is_in(list(chosen.systems))) if chosen.systems else told
    served_from = {name: system.in_service for name, system in known.items() if system.in_service is not None}
    return reach_over(period, wanted, logged_spans(lake, chosen), served_from)


def _withheld(lake: Lake, asked: Asked, chosen: Selection, projects: pl.DataFrame) -> Withheld:
    used = usage(lake, chosen, "system", "account", "category", "mode", "country", "month")
    country = asked.country if asked.template is Template.STATE else None
    return protection(used, projects, facts.policy_limits(), asked.rule, unit=chosen.unit, country=country)


def _shows(asked: Asked, section: str) -> bool:
    return section in (asked.sections or OUTLINES[asked.template].sections)


def _split(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip())
