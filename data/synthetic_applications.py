"""Invented applications to a ready-made call: the same seed gives the same table, which is read like any other."""

from collections.abc import Iterator

import numpy as np

from data.call_examples import CallExample
from data.facts import systems
from data.ingest.text_table import TextTable
from data.synthetic_names import COUNTRIES, Organisation, organisations
from data.terms import AccessMode, HourUnit, UserCategory

HEADER = ("Application", "Organisation", "User category", "Country", "Machines", "{unit} asked for", "Minimum {unit}", "Score")
CODES = {AccessMode.LARGE_SCALE: "EHPC-AIF-2026LS", AccessMode.EXTREME_SCALE: "EHPC-EXT-2026E"}
UNIT_WORDS = {HourUnit.NODE_HOURS: "Node-hours", HourUnit.GPU_HOURS: "GPU-hours", HourUnit.CORE_HOURS: "Core-hours"}
CATEGORY_WORDS = {
    UserCategory.START_UP: "Start-up",
    UserCategory.SME: "SME",
    UserCategory.LARGE_INDUSTRY: "Large enterprise",
    UserCategory.RESEARCH: "Research",
    UserCategory.PUBLIC_SECTOR: "Public sector",
    UserCategory.UNCLASSIFIED: "Unclassified",
}
MINIMUMS = (0.4, 0.5, 0.6, 0.75, 1.0)
"""Which part of its request an applicant may call the least that is of use."""

MEAN_SCORE, SPREAD = 72.0, 12.0
"""The scores that an invented panel gives, out of 100."""

STEP = 10_000
"""Requests are rounded to so many hours."""


def applications_to(example: CallExample) -> TextTable:
    """The invented applications of a call as a table of texts, as a file would hold them."""
    rows = list(_rows(example))
    header = [name.format(unit=UNIT_WORDS[example.unit]) for name in HEADER]
    records = [(line, cells) for line, cells in enumerate([header, *rows], 1)]
    return TextTable(file=f"{example.id} (invented)", form=f"invented from seed {example.seed}", records=records, blank=0, delimiter=None)


def _rows(example: CallExample) -> Iterator[list[str]]:
    rng = np.random.default_rng(example.seed)
    pool = organisations(COUNTRIES, rng)
    kinds = rng.choice([category.value for category in example.categories], example.applications, p=list(example.categories.values()))
    for number, kind in enumerate(kinds, 1):
        category = UserCategory(str(kind))
        organisation = _one_of(pool[category], rng)
        asked = _asked(example, rng)
        least = max(1, int(asked * float(rng.choice(MINIMUMS)) // STEP * STEP))
        score = float(np.clip(rng.normal(MEAN_SCORE, SPREAD), 20, 99))
        yield [
            f"{CODES[example.mode]}01-{number:03d}",
            organisation.name,
            CATEGORY_WORDS[category],
            organisation.country,
            "; ".join(_wishes(example, rng)),
            f"{asked}",
            f"{least}",
            f"{round(2 * score) / 2:g}",
        ]


def _one_of(pool: list[Organisation], rng: np.random.Generator) -> Organisation:
    """An organisation, which then applies no second time."""
    return pool.pop(int(rng.integers(len(pool))))


def _asked(example: CallExample, rng: np.random.Generator) -> int:
    low, high = np.log(example.least_hours), np.log(example.most_hours)
    return max(example.least_hours, int(round(np.exp(rng.uniform(low, high)) / STEP) * STEP))


def _wishes(example: CallExample, rng: np.random.Generator) -> list[str]:
    """The machines wished for: one with more hours more often, and in two cases of three a second one."""
    machines, hours = list(example.offered), np.array(list(example.offered.values()), dtype=float)
    count = min(len(machines), 1 if rng.random() < 1 / 3 else 2)
    chosen = rng.choice(len(machines), size=count, replace=False, p=hours / hours.sum())
    return [_name(machines[int(place)]) for place in chosen]


def _name(machine: str) -> str:
    """A machine as people write it."""
    system, _, partition = machine.partition(":")
    name = systems()[system].name
    return partition if partition.startswith(name) else f"{name} {partition}"
