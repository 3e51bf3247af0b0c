"""What `python -m data series` does, apart from reading the command line."""

from collections import Counter
from pathlib import Path

import polars as pl
from rich.console import Console
from rich.markup import escape

from data import series
from data.access import local_person, require
from data.commands_projects import write_refusals
from data.export.usage import Format, encoded
from data.ingest.series_load import SeriesAccount, import_series
from data.ingest.series_table import UNITS, SeriesOrder
from data.lake import Lake
from data.series import SeriesKind
from data.settings import settings
from data.terms import Action

SHOWN = 10
"""How many refused values, gaps and zones are told one by one."""


def import_series_file(order: SeriesOrder, *, refused: Path | None, dry_run: bool, said: Console) -> None:
    """Bring in a file of a series and tell what became of every value."""
    account = import_series(settings(), order, local_person(settings()), dry_run=dry_run)
    say_series(account, said, dry_run=dry_run)
    if refused is not None:
        write_refusals(account.refusals, refused)


def say_series(account: SeriesAccount, said: Console, *, dry_run: bool) -> None:
    """Tell how the file was recognised and what became of every value."""
    batch = account.batch
    said.print(f"[bold]{escape(batch.file)}[/]: {escape(batch.form)}")
    for line in _summary(account.values, UNITS[batch.kind]):
        said.print(f"  {escape(line)}")
    replaced = f" ({batch.replaced:,} stored ones gave way)" if batch.replaced else ""
    said.print(f"  {batch.rows_read:>12,} values read")
    said.print(f"  {batch.landed:>12,} landed{replaced}")
    said.print(f"  {batch.seen_before:>12,} seen before")
    said.print(f"  {account.repeated:>12,} said again what an earlier line said")
    said.print(f"  {account.empty:>12,} empty")
    said.print(f"  {account.passed_over:>12,} of other zones, scopes or auctions than those wanted")
    said.print(f"  {batch.refused:>12,} refused")
    for reason, count in Counter(account.refusals["reason"].to_list()).most_common():
        said.print(f"  {'':>12}   {count:,} x {escape(reason)}")
    for line, detail in account.refusals.head(SHOWN).select("line", "detail").iter_rows():
        said.print(f"  {'':>12}   line {line:,}: {escape(detail)}")
    _say_gaps(account.gaps, said)
    for note in account.notes:
        said.print(f"  [yellow]Note:[/] {escape(note)}")
    if dry_run:
        said.print("  A dry run: nothing was stored.")
    else:
        said.print(f"  Stored as series batch {batch.batch_id}." if batch.batch_id else "  Nothing was new; the store is as it was.")


def series_list(*, kind: SeriesKind | None, form: Format) -> bytes:
    """How many hours of each year every stored series knows, as a file's bytes."""
    require(Action.EXPORT, local_person(settings()))
    return encoded(series.coverage(Lake(settings()), kind), form)


def _summary(values: pl.DataFrame, unit: str) -> list[str]:
    """The series of a file in a line each, the first few."""
    means = values.group_by("zone", "method", "scope", maintain_order=True).agg(
        pl.len(),
        mean=(pl.col("value") * pl.col("minutes")).sum() / pl.col("minutes").sum(),
        first=pl.min("started"),
        last=pl.max("started"),
    )
    lines = [
        f"{row['zone']}{''.join(f', {row[name]}' for name in ('method', 'scope') if row[name])}: {row['len']:,} values from "
        f"{row['first']:%Y-%m-%d %H:%M} to {row['last']:%Y-%m-%d %H:%M} UTC, mean {row['mean']:,.2f} {unit}"
        for row in means.head(SHOWN).iter_rows(named=True)
    ]
    return lines + ([f"and {means.height - SHOWN:,} more series"] if means.height > SHOWN else [])


def _say_gaps(gaps: pl.DataFrame, said: Console) -> None:
    for row in gaps.head(SHOWN).iter_rows(named=True):
        named = escape(" ".join(row[name] for name in ("zone", "method", "scope") if row[name]))
        first = f"{row['first_gap']:%Y-%m-%d %H:%M}"
        said.print(
            f"  [yellow]Gap:[/] {named} lacks {row['hours_missing']:,.2f} hours in {row['gaps']:,} gaps, the first from {first} UTC on"
        )
    if gaps.height > SHOWN:
        said.print(f"  and {gaps.height - SHOWN:,} more series with gaps")
