"""A centre's tree of fields and departments, and the groups that hang on it, read from two small tables without column names.

The form is Open XDMoD's: a table `code, name, code of the parent` of at most three levels, and a table `group, code`.
"""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl

from data.hierarchy import HIERARCHY
from data.ingest.text_table import Record, TextTable
from data.schema import REFUSALS

LEVELS = 3
Nodes = Mapping[str, list[tuple[str, str]]]
"""The different meanings of each code, as name and parent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """What the two tables say, every line of the groups in one of three places."""

    paths: pl.DataFrame
    """The groups that have one place in the tree, in the schema `HIERARCHY`."""
    refusals: pl.DataFrame
    """Lines of the groups that have none, or could have several, in the schema `REFUSALS`."""
    repeated: int
    """Lines of the groups that say again what an earlier one said."""
    tree_refusals: pl.DataFrame
    """Lines of the tree that lead to no root within three levels, in the schema `REFUSALS`."""
    notes: tuple[str, ...]
    """Codes that the tree gives to several fields."""


def places(tree: TextTable, groups: TextTable, system: str) -> Places:
    """The place of each group in the tree. A code that the tree gives to two fields names neither, and its groups are refused."""
    nodes: dict[str, list[tuple[str, str]]] = defaultdict(list)
    refused_tree: list[dict[str, object]] = []
    for line, cells in tree.records:
        fault = _fault_of_node(cells)
        if fault is None and (cells[1], _cell(cells, 2)) not in nodes[cells[0]]:
            nodes[cells[0]].append((cells[1], _cell(cells, 2)))
        elif fault is not None:
            refused_tree.append(_refusal((line, cells), "unreadable line of the tree", fault))
    for line, cells in tree.records:
        if _fault_of_node(cells) is None and not _paths(nodes, cells[0]):
            fault = f"{cells[0]!r} leads to no field without a parent within {LEVELS} levels"
            refused_tree.append(_refusal((line, cells), "no root", fault))
    several = {code: found for code in nodes if len(found := _paths(nodes, code)) > 1}
    notes = [f"code {code!r} stands for {' and '.join(path[-1] for path in found)}" for code, found in sorted(several.items())]
    return _hung(nodes, groups, system, pl.DataFrame(refused_tree, schema=dict(REFUSALS)), tuple(notes))


def _hung(nodes: Nodes, groups: TextTable, system: str, tree_refusals: pl.DataFrame, notes: tuple[str, ...]) -> Places:
    found: dict[str, tuple[str, ...]] = {}
    refused: list[dict[str, object]] = []
    repeated = 0
    for line, cells in groups.records:
        group, code = cells[0], _cell(cells, 1)
        fault = _fault_of_group(nodes, cells, found.get(group))
        if fault is not None:
            refused.append(_refusal((line, cells), *fault))
        elif group in found:
            repeated += 1
        else:
            found[group] = (code, *_paths(nodes, code)[0])
    rows = [(system, group, *path, *[None] * (LEVELS + 1 - len(path))) for group, path in sorted(found.items())]
    return Places(
        paths=pl.DataFrame(rows, schema=dict(HIERARCHY), orient="row"),
        refusals=pl.DataFrame(refused, schema=dict(REFUSALS)),
        repeated=repeated,
        tree_refusals=tree_refusals,
        notes=notes,
    )


def _fault_of_node(cells: list[str]) -> str | None:
    if len(cells) < 2 or not cells[0] or not cells[1] or any(cells[3:]):
        return f"expected code, name and the parent's code, found {len(cells)} cells"
    return None


def _fault_of_group(nodes: Nodes, cells: list[str], earlier: tuple[str, ...] | None) -> tuple[str, str] | None:
    """The reason and sentence why a line gives its group no place."""
    if len(cells) < 2 or not cells[0] or not cells[1] or any(cells[2:]):
        return "unreadable line", f"expected group and code, found {len(cells)} cells"
    group, code = cells[0], cells[1]
    found = _paths(nodes, code) if code in nodes else []
    if not found:
        return "unknown code", f"the tree has no {code!r} that leads to a root"
    if len(found) > 1:
        fields = " and ".join(" / ".join(path) for path in found)
        return "code with two meanings", f"{code!r} is {fields}; give them different codes"
    if earlier is not None and earlier[0] != code:
        return "group stated twice", f"group {group!r} hangs on {earlier[0]!r} already"
    return None


def _paths(nodes: Nodes, code: str, depth: int = LEVELS) -> list[tuple[str, ...]]:
    """Every way from a root down to a code, no longer than the tree is deep."""
    if depth == 0:
        return []
    found = []
    for name, parent in nodes.get(code, []):
        above = [()] if not parent else _paths(nodes, parent, depth - 1)
        found += [(*path, name) for path in above]
    return found


def _cell(cells: list[str], place: int) -> str:
    return cells[place] if place < len(cells) else ""


def _refusal(record: Record, reason: str, detail: str) -> dict[str, object]:
    return {"line": record[0], "reason": reason, "detail": detail, "raw": " | ".join(record[1])}
