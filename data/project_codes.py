"""EuroHPC project codes, as the Joint Undertaking writes them and as each centre spells them in its accounts: what they tell."""

import re
from dataclasses import dataclass

from data.terms import AccessMode

MODES = {
    "BEN": AccessMode.BENCHMARK,
    "DEV": AccessMode.DEVELOPMENT,
    "REG": AccessMode.REGULAR,
    "EXT": AccessMode.EXTREME_SCALE,
    "STR": AccessMode.STRATEGIC,
}
"""The second part of a code and the access mode it names (STR is our reading, none was seen).

AI is not among them: calls of AI and Data-Intensive Applications (2024 and 2025) were a mode of their own, open to academia and firms
alike, that none of today's modes continues.
"""

AI_FACTORY_MODES = {
    "P": AccessMode.PLAYGROUND,
    "F": AccessMode.FAST_LANE,
    "L": AccessMode.LARGE_SCALE,
    "S": AccessMode.AI_FOR_SCIENCE,
}
"""The first letter of an AI Factory call (PG, FL, LS, SC) and the access mode it names."""

CALL_LETTERS = {"B": "BEN", "D": "DEV", "R": "REG", "E": "EXT", "A": "AI"}
"""The letter of a call where a centre leaves the mode out, and the mode."""

AI_FACTORIES = "AIF"

FORMS = tuple(
    re.compile(form, re.IGNORECASE)
    for form in (
        # EHPC-DEV-2026D09-278, EHPC-AI-2024-A04-051, EHPC-AIF-2025SC02060; on Discoverer in small letters; on Deucalion
        # eehpc-dev-2026d07-102g, whose last letter names the partition
        r"e?ehpc[-_](?P<track>[a-z]{2,3})[-_](?P<year>20\d\d)[-_]?(?P<call>[a-z]{1,2})(?P<cut_off>\d\d)[-_]?(?P<number>\d{3,5}|\d+)[agx]?",
        # Leonardo: EUHPC_D12_058 and, of the AI Factories, AIFAC_P02_222
        r"(?P<track>euhpc|aifac)_(?P<call>[a-z])(?P<cut_off>\d\d)_(?P<number>\d{3,5})",
        # Vega: d2023d12-053-users
        r"(?P<track>[abder])(?P<year>20\d\d)(?P<call>[abder])(?P<cut_off>\d\d)-(?P<number>\d{3,5})(?:-users)?",
        # MareNostrum 5: ehpc533, which tells neither mode nor call
        r"(?P<track>e?ehpc)(?P<number>\d{2,5})",
    )
)
"""How codes are spelled, as seen in public job scripts and acknowledgements of each centre's users."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectCode:
    """What a project's code tells."""

    mode: AccessMode
    """The access mode, `other` where the code names none that is one today."""
    official: str | None
    """The code as the Joint Undertaking writes it; nothing where a centre's spelling leaves a part of it out."""


def project_code(text: str) -> ProjectCode | None:
    """What a EuroHPC project code tells, in whatever case and centre's spelling; nothing for any other text.

    >>> project_code("eehpc-dev-2026d07-102g")
    ProjectCode(mode=<AccessMode.DEVELOPMENT: 'development'>, official='EHPC-DEV-2026D07-102')
    >>> [project_code(text).mode.value for text in ("AIFAC_P02_222", "EUHPC_R04_192", "d2023d12-053-users", "ehpc533")]
    ['playground', 'regular', 'development', 'other']
    >>> project_code("project_465000001") is None
    True
    """
    found = next((match for form in FORMS if (match := form.fullmatch(text.strip()))), None)
    if found is None:
        return None
    told = {name: (value or "").upper() for name, value in found.groupdict().items()}
    call, year = told.get("call", ""), told.get("year")
    track = _track(told["track"], call)
    mode = AI_FACTORY_MODES.get(call[:1], AccessMode.OTHER) if track == AI_FACTORIES else MODES.get(track, AccessMode.OTHER)
    official = f"EHPC-{track}-{year}{call}{told['cut_off']}-{told['number']}" if year else None
    return ProjectCode(mode=mode, official=official)


def access_mode_of_code(code: str) -> AccessMode:
    """The access mode that a EuroHPC project code names, `other` for any other text.

    >>> str(access_mode_of_code("EHPC-AIF-2025PG01-128")), str(access_mode_of_code("project_465000001"))
    ('playground', 'other')
    """
    found = project_code(code)
    return AccessMode.OTHER if found is None else found.mode


def same_account(account: str) -> str:
    """A text that is the same for all spellings of one project's account: other capitals, or a centre's form of the same code.

    >>> same_account("EHPC-DEV-2026D07-102") == same_account("eehpc-dev-2026d07-102g"), same_account("Project_1")
    (True, 'project_1')
    """
    found = project_code(account)
    return (account if found is None or found.official is None else found.official).lower()


def _track(written: str, call: str) -> str:
    """The part of the code that names the mode, DEV or AIF, in whatever form the centre writes it."""
    if written == "AIFAC":
        return AI_FACTORIES
    return CALL_LETTERS.get(call, written) if written == "EUHPC" or len(written) == 1 else written
