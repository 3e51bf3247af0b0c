"""Slurm's lists of trackable resources, such as billing=80,cpu=8,energy=1439089,gres/gpu=2,mem=320G,node=1."""

import re

import polars as pl

from data.ingest.parse import MEMORY_UNITS, SIZE, joules, looked_up

IS_LIST = r"^$|^[^=,\s]+=[^,]*(?:,[^=,\s]+=[^,]*)*$"

UNCOUNTED = r"(?:^|,)(?:cpu|node|gres/gpu(?::[^=,]*)?)=(?:[^,]*[^,\d][^,]*|\d{13,})?(?:,|$)"
"""A resource whose count is no number, or one that cannot be."""

ENERGY = r"(?:^|,)energy=([^,]*)"


def resources(text: pl.Series) -> pl.DataFrame:
    """What each list names, null where it does not name it or is null itself.

    Columns `nodes`, `cpus`, `gpus`, `memory_mib`, and `is_list`: whether the text is such a list and its counts are numbers.
    GPUs are the plain entry, else the sum of the typed ones; a list that names none has 0 of them.

    >>> lists = ["cpu=8,gres/gpu=2,gres/gpu:a100=2,mem=62.50G,node=1", "gres/gpu:a100=2,gres/gpu:h100=1", "cpu=eight", None]
    >>> resources(pl.Series(lists)).rows()
    [(1, 8, 2, 64000.0, True), (None, None, 3, None, True), (None, None, 0, None, False), (None, None, None, None, None)]
    """
    column = _without_energy(text.rename("text")).to_frame()
    distinct = column.unique()
    table = distinct.select(
        "text",
        nodes=_count("node"),
        cpus=_count("cpu"),
        gpus=pl.coalesce(_count("gres/gpu"), _typed_gpus()),
        memory_mib=_memory_mib(),
        is_list=pl.col("text").str.contains(IS_LIST) & ~pl.col("text").str.contains(UNCOUNTED),
    )
    return looked_up(column, table)


def energy_joules(text: pl.Series) -> pl.Series:
    """The energy that each list names, in joules.

    >>> energy_joules(pl.Series(["cpu=8,energy=1439089,node=1", "cpu=8"])).to_list()
    [1439089.0, None]
    """
    return joules(text.str.extract(ENERGY))


def _without_energy(text: pl.Series) -> pl.Series:
    """The lists without the one entry that differs from job to job."""
    if not text.str.contains("energy=", literal=True).any():
        return text
    return text.str.replace(ENERGY, "").str.strip_chars_start(",")


def _entry(name: str) -> pl.Expr:
    return pl.col("text").str.extract(rf"(?:^|,){re.escape(name)}=([^,]*)")


def _count(name: str) -> pl.Expr:
    return _entry(name).cast(pl.Int64, strict=False)


def _typed_gpus() -> pl.Expr:
    entries = pl.col("text").str.extract_all(r"(?:^|,)gres/gpu:[^=,]*=\d+")
    return entries.list.eval(pl.element().str.extract(r"=(\d+)$").cast(pl.Int64, strict=False)).list.sum()


def _memory_mib() -> pl.Expr:
    size = _entry("mem").str.extract_groups(SIZE).struct
    mib = size.field("1").cast(pl.Float64, strict=False) * size.field("2").replace_strict(
        MEMORY_UNITS, default=None, return_dtype=pl.Float64
    )
    return pl.when(mib > 0).then(mib)
