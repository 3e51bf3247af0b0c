"""Statistical disclosure control: which figures must be withheld so that no table, and no subtraction of tables, shows a single firm."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from data.errors import InputError
from data.schema import Schema, check
from data.terms import HourUnit, UserCategory

FIRMS = (UserCategory.START_UP, UserCategory.SME, UserCategory.LARGE_INDUSTRY, UserCategory.UNCLASSIFIED)
"""Whose figures are protected: companies, and projects of which nobody has said that they are none."""

CONTRIBUTIONS: Schema = {"holder": pl.String, "is_firm": pl.Boolean, "hours": pl.Float64}
"""One row an organisation within a combination of whatever columns tables are grouped by."""

REMAINDER = "Withheld"
"""The category that stands for the withheld ones of a machine or month together, where a chart shows the whole."""

IN_SPAN = 1e-7
"""Below this distance, relative to its length, a cell can be computed from others."""

Shape = tuple[str, ...]
"""The columns by which a table is grouped; none for its total."""
Key = tuple[object, ...]
"""The values of those columns in one row."""
_Part = tuple[str, bool, float]
"""Who contributed to a row, whether that is a firm, and how many hours."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DisclosureRule:
    """When a figure counts as that of a single organisation."""

    least_organisations: int = 3
    """A figure to which fewer organisations contribute is withheld."""
    largest_share: float = 0.85
    """A figure of which one organisation holds more than this part is withheld."""

    def __post_init__(self) -> None:
        if self.least_organisations < 1 or not 0 < self.largest_share <= 1:
            raise InputError(
                f"a rule of {self.least_organisations} organisations and a largest part of {self.largest_share} protects nothing; "
                "set at least 1 organisation and a part above 0 and up to 1."
            )

    @property
    def in_words(self) -> str:
        """The rule in a sentence."""
        return (
            f"Figures to which a company (or a project of no known category) contributes are withheld where fewer than "
            f"{self.least_organisations} organisations contribute or one holds over {100 * self.largest_share:g} %, and further figures "
            "so that none of them can be had by subtraction within one file; files of different machines or categories are not protected "
            "against each other. An account whose organisation is not known counts as one."
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Withheld:
    """Which rows of which tables are withheld."""

    rows: Mapping[Shape, frozenset[Key]]
    """For each grouping, the keys of the rows to withhold."""
    rule: DisclosureRule = DisclosureRule()
    """By which rule, for what else a report shows."""

    def places(self, frame: pl.DataFrame, *by: str) -> frozenset[int]:
        """The places of the rows of a frame that are withheld.

        Raises:
            InputError: if the grouping was not among those that were protected together.
        """
        if by not in self.rows:
            raise InputError(f"no table by {', '.join(by) or 'nothing'} was protected; name this grouping where tables are protected.")
        return frozenset(place for place, key in enumerate(frame.select(by).rows()) if key in self.rows[by])


def withheld(
    contributions: pl.DataFrame, shapes: Sequence[Shape], rule: DisclosureRule, *, never_shown: frozenset[object] = frozenset()
) -> Withheld:
    """Which rows of tables of sums are withheld, so that neither they nor differences of what is shown tell of a single firm.

    First every row that breaks the rule. Then, where what a table holds back of a total of another table would break the rule, its
    smallest shown row as well. Then, as long as some withheld row is a sum and difference of shown ones (it lies in the span of their
    vectors over the finest cells), the smallest shown row that takes part in it. Then the same where a shown sum, or what a table holds
    back of one, less another within it would break the rule, though no table has that rest as a row. All tables given together are
    protected against each other; the total of everything is among them.

    Args:
        contributions: Frame CONTRIBUTIONS with every column that a table is grouped by.
        shapes: The groupings of the tables.
        rule: What counts as the figure of a single organisation.
        never_shown: Values that mark rows which no table shows, such as what does not count towards a limit; they too must not be had
            by subtraction.
    """
    check(contributions, CONTRIBUTIONS)
    wanted = tuple(dict.fromkeys(((), *shapes)))
    if len(wanted) == 2 and not never_shown:
        return Withheld(rows=_of_one_table(contributions, wanted[1], rule), rule=rule)
    cells = _Cells(contributions, wanted, rule, never_shown)
    hidden = {cell for cell in range(len(cells.keys)) if cells.is_unsafe(cells.members[cell])}
    while more := cells.told_by_remainders(hidden) or cells.told_by_sums(hidden) or cells.told_by_differences(hidden):
        hidden |= more
    return Withheld(
        rows={shape: frozenset(key for cell, (of, key) in enumerate(cells.keys) if of == shape and cell in hidden) for shape in wanted},
        rule=rule,
    )


def protected(
    frame: pl.DataFrame, contributions: pl.DataFrame, *, by: Shape, measures: Sequence[str], rule: DisclosureRule
) -> pl.DataFrame:
    """A frame of sums with the measures of its withheld rows empty, and a column `withheld` that says which rows these are.

    For a single table that is given out by itself, such as a download of a page; its total is taken to be known.
    """
    places = withheld(contributions, [by], rule).places(frame, *by)
    flags = pl.Series("withheld", [place in places for place in range(frame.height)], dtype=pl.Boolean)
    return blanked(frame, places, measures).with_columns(flags)


def blanked(frame: pl.DataFrame, places: frozenset[int], measures: Sequence[str]) -> pl.DataFrame:
    """A frame with measures empty in the rows at these places.

    >>> blanked(pl.DataFrame({"sme": ["a", "b"], "hours": [1.0, 2.0]}), frozenset({1}), ["hours"])["hours"].to_list()
    [1.0, None]
    """
    if not places:
        return frame
    shown = pl.Series([place not in places for place in range(frame.height)], dtype=pl.Boolean)
    return frame.with_columns(pl.when(shown).then(pl.col(name)).alias(name) for name in measures)


def shows_single_firm(contributions: pl.DataFrame, rule: DisclosureRule) -> bool:
    """Whether a figure over all these contributions (frame CONTRIBUTIONS) would show a single firm.

    >>> firm = pl.DataFrame({"holder": ["acme"], "is_firm": [True], "hours": [1.0]})
    >>> shows_single_firm(firm, DisclosureRule())
    True
    """
    return _breaks(
        rule, check(contributions, CONTRIBUTIONS).select(pl.col("holder", "is_firm"), pl.col("hours").fill_null(0.0)).iter_rows()
    )


def with_remainder(frame: pl.DataFrame, places: frozenset[int], *within: str, without_whole: frozenset[Key] = frozenset()) -> pl.DataFrame:
    """A frame by category and more, the withheld rows within each group summed to one named Withheld: shown whole, not told apart.

    Groups `without_whole` are those of which the whole is withheld too: their withheld rows are left out, since their sum would tell it.

    >>> frame = pl.DataFrame({"system": ["a"] * 3, "category": ["research", "sme", "start_up"], "hours": [5.0, 2.0, 1.0]})
    >>> with_remainder(frame, frozenset({1, 2}), "system").rows()
    [('a', 'research', 5.0), ('a', 'Withheld', 3.0)]
    """
    if not places:
        return frame
    held = pl.Series([place in places for place in range(frame.height)], dtype=pl.Boolean)
    shared = [name for name in frame.columns if name.startswith(("capacity", "union"))]
    measures = [name for name, kind in frame.schema.items() if kind.is_numeric() and name not in (*within, *shared)]
    sums = (pl.col(measures).sum(), pl.col(shared).first())
    told = frame.filter(held)
    told = told.filter(pl.Series([key not in without_whole for key in told.select(within).rows()], dtype=pl.Boolean)) if within else told
    summed = told.group_by(within, maintain_order=True).agg(sums) if within else told.select(sums)
    rest = summed.with_columns(category=pl.lit(REMAINDER)).select(name for name in frame.columns if name in (*summed.columns, "category"))
    return pl.concat([frame.filter(~held), rest], how="diagonal").select(frame.columns)


def contributions_of(used: pl.DataFrame, projects: pl.DataFrame, *by: str, unit: HourUnit = HourUnit.NODE_HOURS) -> pl.DataFrame:
    """Who contributed how much machine time to each combination of columns: frame CONTRIBUTIONS with these columns.

    Takes usage by system, account, category and the columns, and the decided projects, which say whose an account is.
    """
    holders = projects.select("system", "account", "organisation")
    known = used.join(holders, on=["system", "account"], how="left", validate="m:1")
    account = pl.concat_str(pl.lit("account "), "system", pl.lit(" "), pl.col("account").fill_null(""))
    return (
        known.with_columns(
            holder=pl.coalesce(pl.col("organisation").str.strip_chars().str.to_lowercase().replace("", None), account),
            is_firm=pl.col("category").is_in([category.value for category in FIRMS]),
            hours=pl.col(unit.value).fill_null(0.0),
        )
        .group_by(*by, "holder", "is_firm")
        .agg(pl.col("hours").sum())
        .sort(*by, "holder", "is_firm", nulls_last=True)
    )


def _of_one_table(contributions: pl.DataFrame, by: Shape, rule: DisclosureRule) -> dict[Shape, frozenset[Key]]:
    """The rows to withhold of a single table and its total, however long it is.

    A withheld row could only be had as the total less all others; it cannot where what is withheld together keeps the rule, or the
    total is withheld too.
    """
    parts: dict[Key, list[_Part]] = {}
    for *key, holder, is_firm, hours in contributions.select(*by, "holder", "is_firm", pl.col("hours").fill_null(0.0)).iter_rows():
        parts.setdefault(tuple(key), []).append((holder, is_firm, hours))
    hidden = {key for key, row in parts.items() if _breaks(rule, row)}
    shown = sorted((key for key in parts if key not in hidden), key=lambda key: (-sum(part[2] for part in parts[key]), str(key)))
    if _breaks(rule, [part for row in parts.values() for part in row]):
        return {(): frozenset({()}), by: frozenset(hidden)}
    back = [part for key in hidden for part in parts[key]]
    while _breaks(rule, back) and shown:
        hidden.add(shown[-1])
        back += parts[shown.pop()]
    return {(): frozenset(), by: frozenset(hidden)}


def _breaks(rule: DisclosureRule, parts: Iterable[_Part]) -> bool:
    """Whether the sum of these contributions would show a single firm; who brought no hours counts only where nobody did."""
    holders: dict[str, float] = {}
    any_firm = False
    for holder, is_firm, hours in parts:
        holders[holder] = holders.get(holder, 0.0) + hours
        any_firm = any_firm or is_firm
    if not any_firm:
        return False
    whole = sum(holders.values())
    counted = sum(hours > 0 for hours in holders.values()) if whole > 0 else len(holders)
    return counted < rule.least_organisations or (whole > 0 and max(holders.values()) > rule.largest_share * whole)


class _Cells:
    """All rows of all tables as sets of the finest cells, with who contributes to each."""

    def __init__(self, contributions: pl.DataFrame, shapes: Sequence[Shape], rule: DisclosureRule, never_shown: frozenset[object]) -> None:
        names = list(dict.fromkeys(name for shape in shapes for name in shape))
        atoms = contributions.select(names).unique(maintain_order=True) if names else pl.DataFrame({"": [0]})
        self._rule = rule
        self._shapes = shapes
        self._parts = _parts(contributions, names, atoms)
        self.keys: list[tuple[Shape, Key]] = []
        self.members: list[NDArray[np.intp]] = []
        for shape in shapes:
            found: dict[Key, list[int]] = {}
            for atom, key in enumerate(atoms.select(shape).rows() if shape else [()] * atoms.height):
                found.setdefault(key, []).append(atom)
            for key in sorted(found, key=str):
                self.keys.append((shape, key))
                self.members.append(np.array(found[key], dtype=np.intp))
        self._unpublished = {cell for cell, (_, key) in enumerate(self.keys) if not never_shown.isdisjoint(key)}
        matrix = np.zeros((len(self.keys), atoms.height))
        for cell, members in enumerate(self.members):
            matrix[cell, members] = 1.0
        self._sets = matrix.astype(np.float32)
        self._about = self._facts_of_atoms()
        self._matrix = _told_apart(matrix)
        self._gram = matrix @ matrix.T
        self._known: dict[tuple[int, ...], bool] = {}
        self._families_found = list(self._families())
        self.hours = np.array([self._hours(members) for members in self.members])

    def is_unsafe(self, members: NDArray[np.intp]) -> bool:
        """Whether the sum of these finest cells would show a single firm."""
        return _breaks(self._rule, (part for atom in members.tolist() for part in self._parts[atom]))

    def told_by_remainders(self, hidden: set[int]) -> set[int]:
        """Rows to withhold where what a table holds back of a shown total would show a single firm."""
        more: set[int] = set()
        for total, children in self._families_found:
            now = hidden | more
            if total in now or total in self._unpublished:
                continue
            back = tuple(cell for cell in children if cell in now or cell in self._unpublished)
            if back and self._is_unsafe_together(back):
                shown = [cell for cell in children if cell not in now and cell not in self._unpublished]
                more.add(min(shown, key=lambda cell: (self.hours[cell], cell)) if shown else total)
        return more

    def told_by_sums(self, hidden: set[int]) -> set[int]:
        """Rows to withhold where withheld ones are sums and differences of shown ones."""
        shown = np.array([cell for cell in range(len(self.keys)) if cell not in hidden | self._unpublished], dtype=np.intp)
        more: set[int] = set()
        if not hidden or not shown.size:
            return more
        secret = np.array(sorted(hidden), dtype=np.intp)
        weights = _nearest(self._gram[np.ix_(shown, shown)], self._gram[np.ix_(shown, secret)])
        misses = self._matrix[secret] - weights.T @ self._matrix[shown]
        lengths = np.sqrt(np.einsum("ij,ij->i", misses, misses) / np.maximum(np.diag(self._gram)[secret], 1.0))
        for place in np.flatnonzero(lengths < IN_SPAN):
            taking = shown[np.abs(weights[:, place]) > IN_SPAN].tolist()
            if more.isdisjoint(taking):  # else this sum is broken already, and is looked at again
                more.add(min(taking, key=lambda cell: (not self.keys[cell][0], self.hours[cell], cell)))
        return more

    def told_by_differences(self, hidden: set[int]) -> set[int]:
        """Rows to withhold where a shown sum less another within it would show a single firm."""
        shown = [cell for cell in range(len(self.keys)) if cell not in hidden | self._unpublished]
        back, takers = self._held_back(hidden)
        sums = np.concatenate([self._sets[shown], back])
        beside = back @ self._sets[shown].T
        common = np.block([[self._gram[np.ix_(shown, shown)], beside.T], [beside, back @ back.T]])
        sizes, known = np.diag(common), sums @ self._about
        whole, part = np.nonzero((common == sizes) & (sizes < sizes[:, None]))
        made_of = [*((cell,) for cell in shown), *takers]
        more: set[int] = set()
        for pair in np.flatnonzero(self._may_break(known[whole] - known[part])).tolist():
            taking = made_of[whole[pair]] + made_of[part[pair]]
            if more.isdisjoint(taking) and self.is_unsafe(np.flatnonzero(sums[whole[pair]] > sums[part[pair]])):
                more.add(min(taking, key=lambda cell: (not self.keys[cell][0], self.hours[cell], cell)))
        return more

    def _held_back(self, hidden: set[int]) -> tuple[NDArray[np.float32], list[tuple[int, ...]]]:
        """What tables hold back of shown rows, each as a set of finest cells, and the shown rows that it is the difference of."""
        sets, takers = [np.empty((0, self._sets.shape[1]), dtype=np.float32)], []
        for total, children in self._families_found:
            told = [cell for cell in children if cell not in hidden and cell not in self._unpublished]
            if 0 < len(told) < len(children) and total not in hidden and total not in self._unpublished:
                sets.append(self._sets[[total]] - self._sets[told].sum(axis=0))
                takers.append((total, *told))
        return np.concatenate(sets), takers

    def _may_break(self, about: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Which sets of finest cells cannot be told to keep the rule by what is known of the single cells."""
        hours, largest, of_firms, of_many = about.T
        may: NDArray[np.bool_] = (of_firms > 0) & ((of_many == 0) | (largest > self._rule.largest_share * hours * (1 - IN_SPAN)))
        return may

    def _facts_of_atoms(self) -> NDArray[np.float64]:
        """Hours of each finest cell, those of who holds most of it, whether any firm does, and whether enough organisations do."""
        rows = []
        for parts in self._parts:
            holders: dict[str, float] = {}
            for holder, _, hours in parts:
                holders[holder] = holders.get(holder, 0.0) + hours
            many = sum(hours > 0 for hours in holders.values()) >= self._rule.least_organisations
            rows.append((sum(holders.values()), max(holders.values(), default=0.0), any(part[1] for part in parts), many))
        return np.array(rows, dtype=np.float64).reshape(len(self._parts), 4)

    def _is_unsafe_together(self, cells: tuple[int, ...]) -> bool:
        if cells not in self._known:
            self._known[cells] = self.is_unsafe(np.concatenate([self.members[cell] for cell in cells]))
        return self._known[cells]

    def _families(self) -> Iterator[tuple[int, list[int]]]:
        """Every row with the rows of each finer table that add up to it."""
        by_shape: dict[Shape, list[int]] = {}
        for cell, (shape, _) in enumerate(self.keys):
            by_shape.setdefault(shape, []).append(cell)
        for shape, cells in by_shape.items():
            for finer, children in by_shape.items():
                if finer == shape or not set(shape) <= set(finer):
                    continue
                places = [finer.index(name) for name in shape]
                for cell in cells:
                    key = self.keys[cell][1]
                    yield cell, [child for child in children if tuple(self.keys[child][1][place] for place in places) == key]

    def _hours(self, members: NDArray[np.intp]) -> float:
        return float(sum(hours for atom in members.tolist() for _, _, hours in self._parts[atom]))


def _nearest(gram: NDArray[np.float64], products: NDArray[np.float64]) -> NDArray[np.float64]:
    """The weights with which rows come nearest to others, from the products of the rows with each other and with those."""
    sizes, directions = np.linalg.eigh(gram)
    kept = sizes > IN_SPAN * sizes[-1]
    along = directions[:, kept]
    found: NDArray[np.float64] = along @ ((along.T @ products) / sizes[kept, None])
    return found


def _told_apart(matrix: NDArray[np.float64]) -> NDArray[np.float64]:
    """The matrix with finest cells that every table takes together as one, weighted so that lengths stay."""
    columns, counts = np.unique(matrix, axis=1, return_counts=True)
    return columns * np.sqrt(counts)


def _parts(contributions: pl.DataFrame, names: Sequence[str], atoms: pl.DataFrame) -> list[list[_Part]]:
    """Who contributes how much to each of the finest cells."""
    place = {key: number for number, key in enumerate(atoms.rows())} if names else {}
    found: list[list[_Part]] = [[] for _ in range(atoms.height)]
    told = contributions.select(*names, "holder", "is_firm", pl.col("hours").fill_null(0.0))
    for *key, holder, is_firm, hours in told.iter_rows():
        found[place[tuple(key)] if names else 0].append((holder, is_firm, hours))
    return found
