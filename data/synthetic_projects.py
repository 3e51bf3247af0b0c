"""Invented projects on the real machines: awards, calls and holders of the sizes that EuroHPC's access modes have, every name made up."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import polars as pl
from numpy.typing import NDArray

from data.machines import Partition, System, SystemStatus
from data.synthetic_modes import END, RULES, START, ModeRule
from data.synthetic_names import COUNTRIES, FIELDS_OF_AI, FIELDS_OF_SCIENCE, TITLES, organisations
from data.terms import UserCategory
from data.units import HOURS_PER_DAY

DEMAND = 0.83
"""What projects would use together, as a part of the Union's share: more than there is room for in busy months."""

UNSORTED_SINCE = date(2026, 9, 15)
"""Some projects that begin from this day on have not been classified yet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Slot:
    """A hardware partition in service, seen as the Union's part of it."""

    system: System
    """The machine."""
    part: Partition
    """The hardware partition."""
    nodes: int
    """Its nodes."""
    cores_per_node: int
    """Physical cores of a node."""
    gpus_per_node: int
    """Billing GPUs of a node, 0 for none."""
    opens: date
    """Its first day within the demonstration."""
    union_nodes: float
    """Nodes that the Union's share amounts to, after maintenance and faults."""
    high_end: bool
    """Whether Extreme Scale projects run here."""

    @property
    def union_node_hours(self) -> float:
        """The Union's node-hours over its days within the demonstration."""
        return self.union_nodes * HOURS_PER_DAY * (END - self.opens).days


def slots(systems: Iterable[System]) -> tuple[Slot, ...]:
    """The partitions whose work the demonstration invents: in service within its two years, with all the figures that takes."""
    return tuple(slot for system in systems for part in system.partitions if (slot := _slot(system, part)) is not None)


def projects_on(where: Sequence[Slot], rng: np.random.Generator) -> pl.DataFrame:
    """Every project of the demonstration, in the columns of `PROJECTS` and some more.

    For the making of jobs each has its slot, its expected hours, how many people submit, and the first of their user numbers.
    """
    drawn = [
        _drawn(index, slot, rule, _wanted(slot, rule, where), rng)
        for index, slot in enumerate(where)
        for rule in RULES
        if _open(slot, rule)
    ]
    found = _with_codes(pl.concat(drawn), rng)
    held = _with_holders(found, where, rng)
    return held.with_columns(first_uid=20_000 + pl.col("people").cum_sum() - pl.col("people"))


def _slot(system: System, part: Partition) -> Slot | None:
    figures = (
        part.nodes,
        part.cores_per_node,
        part.gpus_per_node,
        part.node_idle_w,
        part.node_max_w,
        system.union_share,
        part.availability,
    )
    if part.status is not SystemStatus.OPERATING or part.in_service is None or part.in_service >= END or None in figures:
        return None
    nodes, cores, gpus, _, _, union_share, availability = (float(figure or 0) for figure in figures)
    return Slot(
        system=system,
        part=part,
        nodes=int(nodes),
        cores_per_node=int(cores),
        gpus_per_node=int(gpus),
        opens=max(part.in_service, START),
        union_nodes=nodes * availability * union_share,
        high_end=union_share >= 0.5,
    )


def _open(slot: Slot, rule: ModeRule) -> bool:
    in_time = (slot.part.in_service or slot.opens) < rule.until
    return in_time and (slot.gpus_per_node > 0 or not rule.gpu_only) and (slot.high_end or not rule.high_end_only)


def _wanted(slot: Slot, rule: ModeRule, where: Sequence[Slot]) -> tuple[int, float]:
    """How many projects at most, and how many node-hours they are expected to use within the demonstration."""
    if rule.projects:
        weights = [other.union_node_hours**0.7 for other in where if _open(other, rule)]
        return max(2, round(rule.projects * slot.union_node_hours**0.7 / sum(weights))), float("inf")
    days = np.arange(np.datetime64(slot.opens, "D"), np.datetime64(END, "D"))
    every = sum((_share_by_day(other, days) for other in RULES if _open(slot, other)), start=np.zeros(days.size))
    part = _share_by_day(rule, days) / every
    return 600, float(part.sum()) * slot.union_nodes * HOURS_PER_DAY * DEMAND


def _share_by_day(rule: ModeRule, days: NDArray[np.datetime64]) -> NDArray[np.float64]:
    """The mode's weight among those that are given a share of the hours; 0 before its first projects and long after its last."""
    ends = [np.datetime64(day, "D").astype(int) for day in (START, END)]
    running = (days >= np.datetime64(rule.since, "D")) & (days < np.datetime64(rule.until + timedelta(days=180), "D"))
    return np.asarray(np.interp(days.astype(int), ends, rule.share) * running)


def _drawn(index: int, slot: Slot, rule: ModeRule, wanted: tuple[int, float], rng: np.random.Generator) -> pl.DataFrame:
    count, wanted_hours = wanted
    per_node = slot.gpus_per_node if rule.gpu_hours else 1
    most = min(rule.hours[1] / per_node, (0.2 if slot.high_end else 0.12) * slot.union_node_hours)
    least = min(rule.hours[0] / per_node, most if rule.hours[0] == rule.hours[1] else 0.4 * most)
    hours = least * (most / least) ** rng.beta(1.7, 1.3, count)
    months = rng.choice(rule.months, count)
    begins = _beginnings(slot, rule, count, rng)
    ends = begins + (months * 30.44).astype(int)
    opens, closes = np.datetime64(slot.opens, "D").astype(int), np.datetime64(END, "D").astype(int)
    inside = (np.minimum(ends, closes) - np.maximum(begins, opens)) / (ends - begins)
    used = rng.beta(4.0, 1.6, count) * 1.05 * (rng.random(count) > 0.03)
    awarded = np.maximum(np.round(hours * per_node, -2), 100) / per_node
    expected = awarded * used * np.clip(inside, 0, 1)
    kept = np.flatnonzero((np.cumsum(expected) - expected < wanted_hours) & (inside > 0))
    return pl.DataFrame(
        {
            "slot": np.full(kept.size, index),
            "mode": [rule.mode.value] * kept.size,
            "node_hours_awarded": awarded[kept],
            "expected_node_hours": expected[kept],
            "starts": begins[kept].astype("datetime64[D]"),
            "ends": ends[kept].astype("datetime64[D]"),
            "cut_off": (begins[kept] - rule.lead_days).astype("datetime64[D]"),
        }
    )


def _beginnings(slot: Slot, rule: ModeRule, count: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """Days, counted from 1970, on which projects begin: more of them where the mode grows."""
    in_service = slot.part.in_service or slot.opens
    earliest = max(rule.since, in_service, date(START.year - 1, START.month, 1) if max(rule.months) == 12 else date(START.year, 9, 1))
    days = np.arange(np.datetime64(earliest, "D"), np.datetime64(min(rule.until, END), "D")).astype(int)
    first, last = rule.share if not rule.projects else (0.4, 1.6)
    weights = np.interp(days, [np.datetime64(START, "D").astype(int), np.datetime64(END, "D").astype(int)], [first, last]) + 1e-9
    chosen = rng.choice(days, count, p=weights / weights.sum())
    if not rule.months_between:
        return chosen
    months = chosen.astype("datetime64[D]").astype("datetime64[M]").astype(int)
    snapped = months - (months - 2) % rule.months_between
    snapped_days = snapped.astype("datetime64[M]").astype("datetime64[D]").astype(np.int64)
    return np.asarray(np.maximum(snapped_days, days[0]))


def _with_codes(found: pl.DataFrame, rng: np.random.Generator) -> pl.DataFrame:
    """The same projects with their codes: mode, year, cut-off and a number that counts up within the call."""
    letters = pl.col("mode").replace_strict({rule.mode.value: rule.code for rule in RULES})
    month, day = pl.col("cut_off").dt.month().cast(pl.Int64), pl.col("cut_off").dt.day()
    number_of_call = (
        pl.when(pl.col("mode").is_in(["playground", "fast_lane"]))
        .then(1)
        .when(pl.col("mode") == "large_scale")
        .then(month * 2 - (day <= 15).cast(pl.Int64))
        .when(pl.col("mode").is_in(["ai_for_science", "other"]))
        .then((month + 1) // 2)
        .when(pl.col("mode").is_in(["regular", "extreme_scale", "strategic"]))
        .then((month > 6).cast(pl.Int64) + 1)
        .otherwise(month)
    )
    call = pl.format("{}{}{}", pl.col("cut_off").dt.year(), letters.str.split("-").list.get(1), number_of_call.cast(pl.String).str.zfill(2))
    track = letters.str.split("-").list.get(0)
    return (
        found.sort("cut_off", maintain_order=True)
        .with_columns(call=call, track=track, step=pl.Series(1 + rng.poisson(1.5, found.height)))
        .with_columns(number=pl.col("step").cum_sum().over("track", "call").cast(pl.String).str.zfill(3))
        .with_columns(account=pl.format("ehpc-{}-{}-{}", pl.col("track"), pl.col("call"), pl.col("number")).str.to_lowercase())
        .drop("step", "track", "cut_off", "number")
    )


def _with_holders(found: pl.DataFrame, where: Sequence[Slot], rng: np.random.Generator) -> pl.DataFrame:
    """The same projects with who holds them: category, organisation, country, field, title, and how many people submit jobs."""
    rules = {rule.mode.value: rule for rule in RULES}
    categories = [_one(list(rules[mode].holders), list(rules[mode].holders.values()), rng) for mode in found["mode"]]
    pool = organisations(COUNTRIES, rng)
    holders = [pool[category][int(len(pool[category]) * rng.beta(0.8, 1.6))] for category in categories]
    in_ai = found["mode"].is_in(["playground", "fast_lane", "large_scale", "ai_for_science", "other"]).to_numpy()
    fields = [
        FIELDS_OF_AI[rng.choice(len(FIELDS_OF_AI), p=(0.7, 0.12, 0.1, 0.08))]
        if ai
        else FIELDS_OF_SCIENCE[rng.integers(len(FIELDS_OF_SCIENCE))]
        for ai in in_ai
    ]
    titles = [TITLES[field][rng.integers(len(TITLES[field]))] for field in fields]
    classified = ~((found["starts"] >= UNSORTED_SINCE).to_numpy() & (rng.random(found.height) < 0.3))
    known = pl.Series(classified)
    return found.with_columns(
        system=pl.col("slot").replace_strict({index: slot.system.id for index, slot in enumerate(where)}),
        title=pl.Series([f"{title} (demo)" for title in titles]),
        category=pl.when(known)
        .then(pl.Series([category.value for category in categories]))
        .otherwise(pl.lit(UserCategory.UNCLASSIFIED.value)),
        holder=pl.Series([category.value for category in categories]),
        organisation=pl.when(known).then(pl.Series([holder.name for holder in holders])),
        country=pl.when(known).then(pl.Series([holder.country for holder in holders])),
        field=pl.when(known).then(pl.Series(fields)),
        people=pl.Series(1 + rng.poisson(1.2, found.height) + (found["node_hours_awarded"].to_numpy() ** 0.15 / 3).astype(int)),
    )


def _one(values: Sequence[UserCategory], weights: Sequence[float], rng: np.random.Generator) -> UserCategory:
    return values[int(np.searchsorted(np.cumsum(weights), rng.random() * sum(weights)))]
