"""The greenhouse gas emissions of the electricity that machine time used: location-based and market-based, always both."""

from enum import StrEnum

import polars as pl

from analytics.carbon_hourly import UNDER_LOAD
from analytics.energy import ENERGY
from analytics.usage import known_sum, ratio
from data.errors import SchemaError
from data.schema import DIMENSIONS, INTENSITY, PARTITIONS, Schema, check
from data.units import GRAMS_PER_KG


class IntensityMethod(StrEnum):
    """Whose electricity the carbon intensity of a grid counts."""

    PRODUCTION = "production"
    """What is produced in the zone, exports included and imports left out."""
    FLOW_TRACED = "flow_traced"
    """What is consumed in the zone, imports counted with the emissions of where they come from."""


class IntensityScope(StrEnum):
    """Which emissions of a power station count."""

    LIFE_CYCLE = "life_cycle"
    """Fuel supply, construction and operation."""
    DIRECT = "direct"
    """What leaves the chimney."""


EMISSIONS: Schema = {
    "node_hours_with_emissions": pl.Float64,  # whose power, PUE and carbon intensity are known
    "energy_located_kwh": pl.Float64,  # facility energy whose location-based emissions are known
    "energy_contracted_kwh": pl.Float64,  # facility energy whose market-based emissions are known
    "energy_carried_forward_kwh": pl.Float64,  # facility energy valued with the intensity of an earlier year
    "energy_valued_hourly_kwh": pl.Float64,  # facility energy valued with the intensity of its own hours
    "emissions_location_kgco2e": pl.Float64,
    "emissions_location_low_kgco2e": pl.Float64,
    "emissions_location_high_kgco2e": pl.Float64,
    "emissions_market_kgco2e": pl.Float64,
}
"""The measures that emissions add to an energy frame; sums of what is known, with the energy that each covers."""


def emissions(
    energy: pl.DataFrame,
    partitions: pl.DataFrame,
    intensity: pl.DataFrame,
    *,
    method: IntensityMethod,
    scope: IntensityScope,
    hourly: pl.DataFrame | None = None,
) -> pl.DataFrame:
    """The scope 2 emissions of each row of energy, location-based and market-based, in kg CO₂e.

    Location-based = facility energy × carbon intensity of the machine's grid zone. Where an hourly series of the zone is in the store and
    covers the month, that is the mean over the electricity that the partition drew, hour by hour, which `intensity_hourly` marks; else the
    mean of the year. A year that is not published yet takes the newest earlier one, which `intensity_year` names and `carried_forward`
    marks. Market-based = location-based × the part that the operator's electricity contract leaves (0 for an all-renewable one), unknown
    where the contract is not known. Source: GHG Protocol, Scope 2 Guidance, which asks for both figures.

    Needs system, partition and month (or day) among the dimensions; with `hourly`, frame UNDER_LOAD of the same period, the month. Adds
    grid_zone, intensity_year, carried_forward, intensity_hourly, intensity_gco2e_per_kwh and the measures of EMISSIONS.
    """
    when = "day" if "day" in energy.columns and hourly is None else "month"
    check(energy, {name: DIMENSIONS[name] for name in ("system", "partition", when)} | dict(ENERGY))
    check(partitions, PARTITIONS)
    facts = partitions.select("system", "partition", "grid_zone", "market_factor")
    rows = energy.join(facts, on=["system", "partition"], how="left", validate="m:1").with_columns(year=pl.col(when).dt.year())
    valued = annual_intensity(intensity, rows.select("grid_zone", "year"), method=method, scope=scope)
    yearly = rows.join(valued, on=["grid_zone", "year"], how="left", validate="m:1").with_columns(intensity_hourly=pl.lit(False))
    joined = yearly if hourly is None else _by_the_hour(yearly, hourly, method=method, scope=scope)
    dimensions = [name for name in DIMENSIONS if name in energy.columns]
    return joined.with_columns(**_emitted()).with_columns(**_covered()).drop("year", "market_factor").sort(dimensions)


def annual_intensity(intensity: pl.DataFrame, wanted: pl.DataFrame, *, method: IntensityMethod, scope: IntensityScope) -> pl.DataFrame:
    """The carbon intensity for each wanted grid zone and year, the newest earlier year's where that year is not published.

    Columns: grid_zone, year, intensity_year, carried_forward, intensity_gco2e_per_kwh; a zone without any year so far is left out.

    >>> facts = intensity_frame(("FI", 2023, 79.0), ("FI", 2024, 72.0))
    >>> wanted = pl.DataFrame({"grid_zone": ["FI"], "year": [2026]}, schema={"grid_zone": pl.String, "year": pl.Int32})
    >>> annual_intensity(facts, wanted, method=IntensityMethod.PRODUCTION, scope=IntensityScope.LIFE_CYCLE).row(0)
    ('FI', 2026, 2024, True, 72.0)
    """
    check(intensity, INTENSITY)
    known = intensity.filter(pl.col("method") == method, pl.col("scope") == scope)
    published = known.select("grid_zone", "intensity_gco2e_per_kwh", intensity_year="year")
    twice = published.filter(pl.struct("grid_zone", "intensity_year").is_duplicated())
    if twice.height:
        zone, _, year = twice.row(0)
        raise SchemaError(f"grid zone {zone!r} has more than one {method} {scope} intensity for {year}; keep one source a year.")
    pairs = wanted.drop_nulls().unique().join(published, on="grid_zone", how="inner", validate="m:m")
    so_far = pairs.filter(pl.col("intensity_year") <= pl.col("year"))
    newest = so_far.filter(pl.col("intensity_year") == pl.col("intensity_year").max().over("grid_zone", "year"))
    marked = newest.with_columns(carried_forward=pl.col("intensity_year") < pl.col("year"))
    columns = ("grid_zone", "year", "intensity_year", "carried_forward", "intensity_gco2e_per_kwh")
    return marked.select(columns).sort("grid_zone", "year")


def emissions_by(rows: pl.DataFrame, *dimensions: str) -> pl.DataFrame:
    """The emissions summed to one row for each value of these dimensions, with the shares of the facility energy they cover.

    Every sum holds what is known. `covered_share` is the share of the node-hours whose location-based emissions are in it,
    `located_share` and `contracted_share` those of the known facility energy whose location-based and market-based emissions are.
    `hourly_share` is the share of the energy whose location-based emissions are known that was valued with the intensity of its own hours.
    `carried_forward` says whether any intensity was, `carried_forward_years` of which years, `intensity_years` names those of all used.
    """
    measures = dict(ENERGY) | dict(EMISSIONS)
    check(rows, {name: DIMENSIONS[name] for name in dimensions} | measures | {"intensity_year": pl.Int32, "carried_forward": pl.Boolean})
    years = pl.col("intensity_year")
    named = {"intensity_years": years, "carried_forward_years": years.filter(pl.col("carried_forward"))}
    texts = [values.drop_nulls().unique().sort().cast(pl.String).str.join(", ").alias(name) for name, values in named.items()]
    sums = [*(known_sum(name) for name in measures), pl.col("carried_forward").any(), *texts]
    summed = rows.group_by(dimensions).agg(sums) if dimensions else rows.select(sums)
    shares = summed.with_columns(
        covered_share=ratio(pl.col("node_hours_with_emissions"), pl.col("node_hours")),
        located_share=ratio(pl.col("energy_located_kwh"), pl.col("energy_facility_kwh")),
        contracted_share=ratio(pl.col("energy_contracted_kwh"), pl.col("energy_facility_kwh")),
        hourly_share=ratio(pl.col("energy_valued_hourly_kwh"), pl.col("energy_located_kwh")),
    )
    return shares.sort(dimensions) if dimensions else shares


def intensity_frame(*rows: tuple[str, int, float]) -> pl.DataFrame:
    """A small frame of carbon intensities for examples, of (grid zone, year, gCO₂e/kWh), production-based over the life cycle."""
    full = [(zone, year, IntensityMethod.PRODUCTION, IntensityScope.LIFE_CYCLE, value, "example", "E") for zone, year, value in rows]
    return pl.DataFrame(full, schema=dict(INTENSITY), orient="row")


def _by_the_hour(yearly: pl.DataFrame, hourly: pl.DataFrame, *, method: IntensityMethod, scope: IntensityScope) -> pl.DataFrame:
    """The rows with the intensity of their own hours where it is known."""
    known = check(hourly, UNDER_LOAD).filter(pl.col("method") == method, pl.col("scope") == scope).drop_nulls("intensity_gco2e_per_kwh")
    keys = ["system", "partition", "month"]
    both = yearly.join(known.select(*keys, of_hours="intensity_gco2e_per_kwh"), on=keys, how="left", validate="m:1")
    valued = pl.col("of_hours").is_not_null()
    return both.with_columns(
        intensity_gco2e_per_kwh=pl.coalesce("of_hours", "intensity_gco2e_per_kwh"),
        intensity_year=pl.when(valued).then(pl.col("year")).otherwise(pl.col("intensity_year")),
        carried_forward=pl.when(valued).then(pl.lit(False)).otherwise(pl.col("carried_forward")),
        intensity_hourly=valued,
    ).drop("of_hours")


def _emitted() -> dict[str, pl.Expr]:
    per_kwh = pl.col("intensity_gco2e_per_kwh") / GRAMS_PER_KG
    located = {f"emissions_location{end}_kgco2e": pl.col(f"energy_facility{end}_kwh") * per_kwh for end in ("", "_low", "_high")}
    return located | {"emissions_market_kgco2e": pl.col("energy_facility_kwh") * per_kwh * pl.col("market_factor")}


def _covered() -> dict[str, pl.Expr]:
    facility = pl.col("energy_facility_kwh")
    covered = pl.col("node_hours") - pl.col("node_hours_without_model")
    return {
        "node_hours_with_emissions": pl.when(pl.col("emissions_location_kgco2e").is_not_null()).then(covered).otherwise(0.0),
        "energy_located_kwh": pl.when(pl.col("emissions_location_kgco2e").is_not_null()).then(facility),
        "energy_contracted_kwh": pl.when(pl.col("emissions_market_kgco2e").is_not_null()).then(facility),
        "energy_carried_forward_kwh": _located_where(pl.col("carried_forward")),
        "energy_valued_hourly_kwh": _located_where(pl.col("intensity_hourly")),
    }


def _located_where(chosen: pl.Expr) -> pl.Expr:
    """The facility energy of chosen rows whose location-based emissions are known, else nothing."""
    return pl.when(chosen & pl.col("emissions_location_kgco2e").is_not_null()).then(pl.col("energy_facility_kwh")).otherwise(0.0)
