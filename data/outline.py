"""Where the countries of Europe and the cities of its machines lie, from published shapes that ship with the code."""

from functools import cache
from pathlib import Path

import polars as pl

from data.schema import Schema, check

REFERENCE = Path(__file__).parent / "reference"

OUTLINES: Schema = {
    "country": pl.String,  # ISO 3166 code
    "x_km": pl.List(pl.Float64),  # east of 52 N 10 E in Lambert's azimuthal equal-area projection
    "y_km": pl.List(pl.Float64),  # north of it
}
"""One row an outline; a country of several islands has several."""

CITIES: Schema = {
    "city": pl.String,
    "country": pl.String,
    "latitude": pl.Float64,
    "longitude": pl.Float64,
    "source": pl.String,
    "flag": pl.String,
}
"""One row a city with a machine."""


@cache
def europe() -> pl.DataFrame:
    """The outlines of Europe's countries and their neighbours (frame OUTLINES).

    >>> europe().filter(country="LU").height
    1
    """
    read = pl.read_csv(REFERENCE / "europe.csv", comment_prefix="#")
    places = pl.col("outline_km").str.split(" ").cast(pl.List(pl.Float64))
    return check(read.select("country", x_km=places.list.gather_every(2), y_km=places.list.gather_every(2, 1)), OUTLINES)


@cache
def cities() -> pl.DataFrame:
    """Where the cities of the machines lie (frame CITIES)."""
    return check(pl.read_csv(REFERENCE / "cities.csv"), CITIES)
