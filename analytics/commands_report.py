"""The commands `python -m analytics report` and `report verify`: reports from the store to files, and whether a file's figures hold."""

from pathlib import Path
from typing import Annotated, Any

import typer

from analytics.commands import told
from analytics.commands_call import award_versions, decided_again
from analytics.commands_report_inputs import Asked, Audience, asked_again, report_of, rule_of, versions
from analytics.commands_store import PERIOD, SYSTEMS, selection
from analytics.report.award import AWARD
from analytics.report.compose import OUTLINES, Template
from analytics.report.forms import Form, made
from analytics.report.record import made_with
from analytics.report.verify import differences, form_of, record_in
from data import access
from data.dates import period_named
from data.errors import InputError
from data.lake import Lake
from data.settings import settings
from data.terms import Action, HourUnit, Selection, UserCategory

DOES_NOT_HOLD = 1
"""The exit status where a figure of a report does not hold."""

MOST_TOLD = 20
SNAPSHOT = "Number of the store's state to read; the newest if not given."
COUNTRY = "The participating state of the state report, by its two letters, such as FI."
SECTIONS = "Only these sections, joined by commas: " + ", ".join(OUTLINES[Template.BOARD].sections) + "; all if not given."
AUDIENCE = "public: figures of single firms are withheld; operator: nothing is, and the report says that it is not for publication."

app = typer.Typer(invoke_without_command=True, add_completion=False)


@app.callback()
def report(
    context: typer.Context,
    period: Annotated[str, typer.Option(help=PERIOD)] = "",
    out: Annotated[Path | None, typer.Option(help="The file to write; its ending says the form: .pdf, .html, .xlsx or .zip.")] = None,
    template: Annotated[Template, typer.Option(help="Which of the standing reports.")] = Template.BOARD,
    systems: Annotated[str, typer.Option(help=SYSTEMS)] = "",
    categories: Annotated[str, typer.Option(help="User categories, joined by commas; all if not given.")] = "",
    sections: Annotated[str, typer.Option(help=SECTIONS)] = "",
    country: Annotated[str, typer.Option(help=COUNTRY)] = "",
    unit: Annotated[HourUnit, typer.Option(help="The unit of machine time.")] = HourUnit.NODE_HOURS,
    audience: Annotated[Audience, typer.Option("--for", help=AUDIENCE)] = Audience.PUBLIC,
    snapshot: Annotated[int | None, typer.Option(help=SNAPSHOT)] = None,
    quiet: Annotated[bool, typer.Option("--quiet", help="Say nothing but errors.")] = False,
) -> None:
    """Write a report of the store, with charts, tables, methods, sources and the state of the store; or verify one.

    The same state of the store gives the same file, byte for byte. Exit status: 0 written, 2 wrong input.
    """
    if context.invoked_subcommand is not None:
        return
    with told():
        if out is None or not period:
            raise InputError("a report needs --period and --out, such as --period 2026-Q1 --out report.pdf.")
        form = _form(out)
        access.require(Action.EXPORT, access.local_person(settings()))
        lake = Lake(settings(), snapshot_id=snapshot)
        chosen = selection(lake, period_named(period), systems, unit=unit)
        asked = Asked(
            template=template,
            selection=Selection(period=chosen.period, systems=chosen.systems, categories=_categories(categories), unit=unit),
            sections=_parts(sections),
            country=country.upper() or None,
            audience=audience,
            rule=rule_of(settings()),
        )
        content = made(report_of(lake, asked), form)
        out.parent.mkdir(parents=True, exist_ok=True)
        out.write_bytes(content)
        if not quiet:
            typer.echo(f"Wrote {out} from snapshot {lake.snapshot_id} of {settings().lake}.", err=True)


@app.command()
def verify(
    file: Annotated[Path, typer.Argument(help="A PDF, HTML, XLSX or ZIP that `report` or `call` has written.")],
    applications: Annotated[Path | None, typer.Option(help="Of an award decision: its table of applications.")] = None,
    quiet: Annotated[bool, typer.Option("--quiet", help="Say nothing; the exit status tells.")] = False,
) -> None:
    """Compute a report's figures again from the state of the store that it names, and say whether they hold.

    An award decision is decided again by its own rules, from its table of applications and today's facts of the machines, those that
    the store declares among them. Exit status: 0 every byte holds, 1 something does not, 2 wrong input, such as a file that is no report
    or a state that is gone.
    """
    with told():
        content = file.read_bytes()
        form, record = form_of(content), record_in(content)
        is_award = record["parameters"].get("template") == AWARD
        if is_award:
            again = made(decided_again(record["parameters"], applications), form)
        else:
            lake = Lake(settings(), snapshot_id=_snapshot(record))
            again = made(report_of(lake, asked_again(record["parameters"])), form)
        found = [*(_other_table(record, again) if is_award else ()), *differences(content, again)]
        if not quiet:
            typer.echo("\n".join(_verdict(file, record, found, award_versions() if is_award else versions())))
    raise typer.Exit(DOES_NOT_HOLD if found else 0)


def _other_table(record: dict[str, Any], again: bytes) -> list[str]:
    """That an award decision was compared with another table of applications than its own, where that is so."""
    named, found = record["snapshot"].get("message"), record_in(again)["snapshot"]["message"]
    return [] if named == found else [f"it was decided on {named}; the table compared with is {found}"]


def _verdict(file: Path, record: dict[str, Any], found: list[str], here: tuple[tuple[str, str], ...]) -> list[str]:
    """What verifying found, line by line."""
    is_award = record["parameters"].get("template") == AWARD
    source = "its applications, rules and the facts of the machines" if is_award else f"snapshot {record['snapshot']['id']}"
    if not found:
        return [f"{file} holds: made again from {source}, it is the same byte for byte."]
    other = made_with(record, here)
    lines = [f"{file} does not hold: made again from {source}, it differs in {len(found)} places.", *found[:MOST_TOLD]]
    if len(found) > MOST_TOLD:
        lines.append(f"and {len(found) - MOST_TOLD} more")
    if other:
        lines.append(f"It was made with other versions ({other}); verify it with those to tell a change from a newer program.")
    return lines


def _snapshot(record: dict[str, Any]) -> int:
    number = record["snapshot"].get("id")
    if not isinstance(number, int) or isinstance(number, bool):
        raise InputError("the record in the file names no state of the store; ask for the file as it was made.")
    return number


def _form(out: Path) -> Form:
    try:
        return Form(out.suffix.removeprefix(".").lower())
    except ValueError:
        raise InputError(f"{out} ends in {out.suffix!r}; let it end in {', '.join(f'.{form}' for form in Form)}.") from None


def _categories(text: str) -> tuple[UserCategory, ...]:
    try:
        return tuple(UserCategory(name) for name in _parts(text))
    except ValueError as error:
        raise InputError(f"{error}; the user categories are {', '.join(UserCategory)}.") from None


def _parts(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip())
