"""Words in which tables of projects are written, as the field's own: categories, access modes, countries, units of hours."""

import re
import unicodedata
from dataclasses import dataclass
from functools import cache

from babel import Locale

from data.project_codes import project_code
from data.terms import AI_INDUSTRIAL_MODES, AccessMode, HourUnit, UserCategory

CATEGORY_WORDS = {
    UserCategory.START_UP: ("start up", "startup", "start ups", "startups", "scale up", "scaleup"),
    UserCategory.SME: (
        "sme",
        "smes",
        "small and medium",
        "small and medium enterprise",
        "small and medium enterprises",
        "small and medium sized enterprise",
        "small and medium sized enterprises",
        "small and medium enterprise sme",
        "small and medium enterprises smes",
        "small and medium sized enterprise sme",
        "small and medium sized enterprises smes",
        "small and medium sized company",
        "small and medium sized companies",
        "small or medium enterprise",
        "small medium enterprise",
        "small enterprise",
        "medium enterprise",
        "micro enterprise",
    ),
    UserCategory.LARGE_INDUSTRY: (
        "large industry",
        "large enterprise",
        "large enterprises",
        "large company",
        "large companies",
        "large corporation",
        "large enterprise industry",
        "big company",
    ),
    UserCategory.RESEARCH: (
        "research",
        "academia",
        "academic",
        "academia research",
        "university",
        "higher education",
        "research institute",
        "research institution",
        "research organisation",
        "research organization",
        "research centre",
        "research center",
        "public research",
        "science",
        "university research",
        "academia and research",
    ),
    UserCategory.PUBLIC_SECTOR: (
        "public sector",
        "public",
        "public body",
        "public bodies",
        "public administration",
        "administration",
        "public authority",
        "government",
        "government agency",
        "governmental",
    ),
    UserCategory.UNCLASSIFIED: ("unclassified", "not classified", "other"),
}
COMPANY_WORDS = ("industry", "industrial", "company", "companies", "enterprise", "private", "private sector", "commercial", "business")
"""Words that tell a company but not which kind; such a project stays unclassified, and the import says so."""

SME_AND_START_UP = ("sme start up", "start up sme", "sme startup", "startup sme", "smes and start ups", "start ups and smes")
TRACK_WORDS = {
    "science": UserCategory.RESEARCH,
    "scientific": UserCategory.RESEARCH,
    "scientific access": UserCategory.RESEARCH,
    "science track": UserCategory.RESEARCH,
    "academic": UserCategory.RESEARCH,
    "public administration": UserCategory.PUBLIC_SECTOR,
    "public administration track": UserCategory.PUBLIC_SECTOR,
    "public administration access": UserCategory.PUBLIC_SECTOR,
}
COMPANY_TRACKS = ("industry", "industrial", "industry track", "industry access", "industrial access")
MODE_WORDS = {
    AccessMode.BENCHMARK: ("benchmark", "benchmarking"),
    AccessMode.DEVELOPMENT: ("development",),
    AccessMode.REGULAR: ("regular",),
    AccessMode.EXTREME_SCALE: ("extreme scale", "extreme"),
    AccessMode.AI_FOR_SCIENCE: ("ai for science", "ai for science and collaborative eu projects", "ai factory for science"),
    AccessMode.PLAYGROUND: ("playground",),
    AccessMode.FAST_LANE: ("fast lane",),
    AccessMode.LARGE_SCALE: ("large scale",),
    AccessMode.STRATEGIC: ("strategic",),
    AccessMode.OTHER: ("other",),
}
MODE_DECORATION = re.compile(
    r"\b(access|mode|call|eurohpc|ju|ai factories|ai factory|aif|for industrial innovation|ai industrial innovation)\b"
)
UNIT_WORDS = {
    HourUnit.NODE_HOURS: ("node hours", "node hour", "node h", "nodehours", "nodeh", "nh"),
    HourUnit.GPU_HOURS: ("gpu hours", "gpu hour", "gpu h", "gpuhours", "gpuh"),
    HourUnit.CORE_HOURS: ("core hours", "core hour", "core h", "corehours", "coreh", "cpu core hours"),
}
SAYS_NOTHING = ("", "n a", "na", "nan", "none", "null", "unknown", "not known", "tbd", "tbc", "to be confirmed")
"""What people write into a cell that they leave empty."""

OTHER_COUNTRY_WORDS = {
    "el": "GR",
    "uk": "GB",
    "great britain": "GB",
    "czech republic": "CZ",
    "turkey": "TR",
    "turkiye": "TR",
    "the netherlands": "NL",
    "holland": "NL",
    "slovak republic": "SK",
    "macedonia": "MK",
    "republic of north macedonia": "MK",
    "luxemburg": "LU",
    "fyrom": "MK",
    "bosnia and herzegovina": "BA",
    "usa": "US",
    "republic of moldova": "MD",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeReading:
    """What a EuroHPC project code and the track beside it say about who holds the project."""

    category: UserCategory
    """The category, `unclassified` where the code does not tell it."""
    why: str | None
    """Why it does not tell it, in words."""


def plain(text: str) -> str:
    """A text in small letters and digits, single blanks between words, accents and subscripts taken off.

    >>> plain("Small & Medium-sized  Enterprise"), plain("CO₂ / kWh"), plain("Türkiye")
    ('small and medium sized enterprise', 'co2 kwh', 'turkiye')
    """
    letters = "".join(letter for letter in unicodedata.normalize("NFKD", text.casefold().replace("&", " and ")) if not _is_accent(letter))
    return " ".join(re.findall(r"[^\W_]+", letters))


def category_named(text: str) -> UserCategory | None:
    """The user category that a text names, `unclassified` for a company of unknown kind, `None` where it is no category.

    >>> [str(category_named(text)) for text in ("Start-up", "Large enterprise", "University", "Industry", "purple")]
    ['start_up', 'large_industry', 'research', 'unclassified', 'None']
    """
    words = plain(text)
    for category, known in CATEGORY_WORDS.items():
        if words in known or words == plain(category):
            return category
    return UserCategory.UNCLASSIFIED if words in COMPANY_WORDS or words in SME_AND_START_UP else None


def is_company_of_unknown_kind(text: str) -> bool:
    """Whether a text says that a company holds a project, but not which kind of company."""
    return plain(text) in COMPANY_WORDS or plain(text) in SME_AND_START_UP


def category_of_code(code: str | None, track: str | None) -> CodeReading:
    """The category that a EuroHPC code and track tell, with the reason where they do not.

    Academia, public bodies and firms can all hold codes of Regular, Extreme Scale and AI for Science, so the code alone is not
    enough there; the lanes for industry are held by companies, but a start-up, an SME and a large firm have the same code.

    >>> category_of_code("EHPC-REG-2025R01-218", "Science").category, category_of_code("EHPC-AIF-2025PG01-128", None).why
    (<UserCategory.RESEARCH: 'research'>, 'the lanes for industry are open to start-ups, SMEs and large firms alike')
    """
    words = plain(track or "")
    if words in TRACK_WORDS:
        return CodeReading(category=TRACK_WORDS[words], why=None)
    if words in COMPANY_TRACKS:
        return CodeReading(category=UserCategory.UNCLASSIFIED, why="the industry track does not tell the kind of company")
    told = project_code(code) if code is not None else None
    if told is None:
        return CodeReading(category=UserCategory.UNCLASSIFIED, why=None)
    if told.mode in AI_INDUSTRIAL_MODES:
        why = "the lanes for industry are open to start-ups, SMEs and large firms alike"
    else:
        why = "a code without its track tells neither academia, nor public body, nor firm"
    return CodeReading(category=UserCategory.UNCLASSIFIED, why=why)


def mode_named(text: str) -> AccessMode | None:
    """The access mode that a text names, `None` where it names none.

    >>> [str(mode_named(text)) for text in ("EuroHPC Regular Access", "AI Factory Playground", "fast_lane", "EXTREME SCALE", "fast")]
    ['regular', 'playground', 'fast_lane', 'extreme_scale', 'None']
    """
    words = plain(text)
    for known in (words, " ".join(MODE_DECORATION.sub(" ", words).split())):
        for mode, names in MODE_WORDS.items():
            if known in names:
                return mode
    return None


def unit_named(text: str) -> HourUnit | None:
    """The unit of machine time that a text names.

    >>> [str(unit_named(text)) for text in ("Node-hours", "GPU-h", "core hours", "CPU hours")]
    ['node_hours', 'gpu_hours', 'core_hours', 'None']
    """
    words = plain(text)
    return next((unit for unit, known in UNIT_WORDS.items() if words in known), None)


def country_named(text: str) -> str | None:
    """The ISO 3166 code of a country named in English or by its code, `None` where there is no such country.

    >>> [country_named(text) for text in ("Finland", "fi", "EL", "Türkiye", "The Netherlands", "Utopia")]
    ['FI', 'FI', 'GR', 'TR', 'NL', None]
    """
    words = plain(text)
    if words in OTHER_COUNTRY_WORDS:
        return OTHER_COUNTRY_WORDS[words]
    known = _countries()
    return words.upper() if words.upper() in known.values() else known.get(words)


@cache
def _countries() -> dict[str, str]:
    """Country names in English and their codes; regions of the world (numbers) and reserved codes are left out."""
    reserved = {"EU", "EZ", "UN", "QO", "XA", "XB", "ZZ", "CP", "DG", "EA", "IC", "TA", "AC"}
    named = {code: name for code, name in Locale("en").territories.items() if re.fullmatch("[A-Z]{2}", code) and code not in reserved}
    return {plain(name): code for code, name in named.items()}


def _is_accent(letter: str) -> bool:
    return unicodedata.combining(letter) != 0
