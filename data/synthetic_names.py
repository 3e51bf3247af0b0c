"""Made-up organisations, fields and titles for the demonstration; organisations carry "(demo)", so that none is taken for a real one."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from data.terms import UserCategory

COUNTRIES = {
    home: weight
    for weight, homes in (
        (12.0, ("IT", "DE", "ES", "FR")),
        (4.5, ("NL", "SE", "FI", "PL", "CZ", "PT")),
        (3.0, ("GR", "BE", "AT", "DK", "TR", "SI", "BG")),
        (1.5, ("IE", "NO", "RO", "HU", "HR", "LU", "GB", "EE")),
        (0.8, ("SK", "LT", "LV", "CY", "IS", "RS")),
        (0.3, ("MT", "MK", "ME")),
    )
    for home in homes
}
"""Countries whose users may hold the Union's time, with invented weights."""

FIELDS_OF_AI = ("Artificial intelligence", "Life sciences", "Climate and weather", "Engineering")
FIELDS_OF_SCIENCE = (
    *("Computational fluid dynamics", "Climate and weather", "Life sciences", "Materials science"),
    *("Chemistry", "Fundamental physics", "Astrophysics", "Energy and fusion", "Engineering"),
)

TITLES = {
    "Artificial intelligence": (
        "Open language model for small languages",
        "Speech models for care",
        "Vision model for inspection",
        "Code assistant",
    ),
    "Life sciences": ("Protein folding pathways", "Digital twin of the heart", "Drug candidates for rare diseases", "Genomes of crops"),
    "Climate and weather": ("Kilometre-scale climate runs", "Flood forecasts by learning", "Clouds over the ocean", "Heat in cities"),
    "Engineering": ("Quieter aircraft wings", "Crash of light structures", "Wind farm wakes", "Batteries that last"),
    "Computational fluid dynamics": ("Turbulent swirling flames", "Flow past a ship", "Blood flow in small vessels", "Noise of a jet"),
    "Materials science": (
        "Perovskites at finite temperature",
        "Cracks in steel",
        "Magnets without rare earths",
        "Glass from first principles",
    ),
    "Chemistry": (
        "Catalysts for green ammonia",
        "Solvents from molecular dynamics",
        "Excited states of dyes",
        "Carbon capture in frameworks",
    ),
    "Fundamental physics": ("Lattice QCD at the physical point", "Quark-gluon plasma", "Nucleon structure", "Neutrinos in matter"),
    "Astrophysics": ("Merging neutron stars", "First galaxies", "Dust around young stars", "Winds of massive stars"),
    "Energy and fusion": ("Turbulence in a tokamak edge", "Reactor safety at full core", "Hydrogen burners", "Stellarator design"),
}

_TOWN_STARTS = (
    "Alder",
    "Brindle",
    "Cael",
    "Dorn",
    "Elver",
    "Fenn",
    "Gros",
    "Hollen",
    "Istra",
    "Jarren",
    "Kelm",
    "Lorra",
    "Merri",
    "Nor",
    "Orvel",
)
_TOWN_ENDS = ("moor", "haven", "vik", "stadt", "monte", "ville", "gard", "bruck", "sele", "porto", "wick", "nava")
_FIRM_STARTS = (
    "Quil",
    "Zem",
    "Ombra",
    "Vex",
    "Lumo",
    "Tarn",
    "Pelu",
    "Sorvi",
    "Nimbo",
    "Kadri",
    "Yoto",
    "Brasu",
    "Felto",
    "Girru",
    "Hamble",
    "Wespa",
)
_FIRM_ENDS = ("tron", "vara", "dex", "nova", "lith", "mira", "plex", "zo", "quo", "rax", "fold", "bee")
_SHAPES = {
    UserCategory.RESEARCH: (
        "University of {town}",
        "{town} Institute of Technology",
        "{town} Research Centre",
        "{town} Academy of Sciences",
    ),
    UserCategory.PUBLIC_SECTOR: ("{town} Weather Office", "{town} Health Agency", "City of {town}", "{town} Statistics Office"),
    UserCategory.START_UP: ("{firm} AI", "{firm} Labs", "{firm} Bio", "{firm} Robotics"),
    UserCategory.SME: ("{firm} Software", "{firm} Engineering", "{firm} Analytics", "{firm} Marine"),
    UserCategory.LARGE_INDUSTRY: ("{firm} Motors", "{firm} Energy", "{firm} Chemicals", "{firm} Aerospace"),
}
_POOL = {
    UserCategory.RESEARCH: 260,
    UserCategory.PUBLIC_SECTOR: 60,
    UserCategory.START_UP: 240,
    UserCategory.SME: 180,
    UserCategory.LARGE_INDUSTRY: 48,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Organisation:
    """An organisation that does not exist."""

    name: str
    """Its made-up name, ending in "(demo)"."""
    country: str
    """Where it would be."""


def organisations(countries: Mapping[str, float], rng: np.random.Generator) -> dict[UserCategory, list[Organisation]]:
    """A pool of made-up organisations for each user category; within one no name occurs twice.

    >>> pool = organisations({"FI": 1.0}, np.random.default_rng(1))
    >>> all(one.name.endswith("(demo)") and one.country == "FI" for one in pool[UserCategory.SME])
    True
    """
    weights = np.array(list(countries.values())) / sum(countries.values())
    pool = {}
    for category, size in _POOL.items():
        names = _names(_SHAPES[category], size, rng)
        homes = rng.choice(list(countries), size, p=weights)
        pool[category] = [Organisation(name=name, country=str(home)) for name, home in zip(names, homes, strict=True)]
    return pool


def _names(shapes: tuple[str, ...], size: int, rng: np.random.Generator) -> list[str]:
    towns = [start + end for start in _TOWN_STARTS for end in _TOWN_ENDS]
    firms = [start + end for start in _FIRM_STARTS for end in _FIRM_ENDS]
    every = [f"{shape.format(town=town, firm=firm)} (demo)" for shape in shapes for town, firm in zip(towns, firms, strict=False)]
    return [every[index] for index in rng.permutation(len(every))[:size]]
