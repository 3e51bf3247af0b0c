"""The hierarchy: to which field, department and group each account belongs, as a centre's own three-level tree says."""

from datetime import datetime

import polars as pl

from data.lake import TABLES, Lake, Writer
from data.schema import Schema, check, empty

HIERARCHY: Schema = {
    "system": pl.String,
    "account": pl.String,  # the Unix group or account of the log
    "code": pl.String,  # the place in the tree that the centre's file gives it
    "level_1": pl.String,  # the widest: a faculty, a directorate
    "level_2": pl.String,
    "level_3": pl.String,
}
"""One row an account of a machine: the names from the root of the tree down to its place; null below that place."""

STORED = """
select system, account, code, level_1, level_2, level_3 from lake.hierarchy
where len($systems) = 0 or list_contains($systems, system) order by system, account
"""
DELETE = "delete from lake.hierarchy stored using incoming_paths i where stored.system = i.system and stored.account = i.account"
INSERT = "insert into lake.hierarchy by name select *, $author as author, $decided as decided from incoming_paths"


def paths(lake: Lake | Writer, *, systems: tuple[str, ...] = ()) -> pl.DataFrame:
    """The place of every account in its machine's tree, a frame of `HIERARCHY`; no row where no tree was brought in.

    States of the store from before there was such a table hold no tree.
    """
    if "hierarchy" not in lake.frame(TABLES)["table_name"].to_list():
        return empty(HIERARCHY)
    return check(lake.frame(STORED, {"systems": list(systems)}), HIERARCHY)


def save(writer: Writer, places: pl.DataFrame, *, author: str, decided: datetime) -> int:
    """How many accounts were given a place; one that had a place already takes the new one."""
    with writer.beside("incoming_paths", check(places, HIERARCHY).select(list(HIERARCHY))):
        writer.change(DELETE)
        return writer.change(INSERT, {"author": author, "decided": decided})
