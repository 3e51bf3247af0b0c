"""The limits that a person sets for a call, on the page or on the command line, as the limits of its rules."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from analytics.calls.call import COMMERCIAL, CallLimit, Each, Quantity
from data.terms import UserCategory


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitChoices:
    """What a person sets beside the hours offered; shares run from 0 to 1."""

    commercial_share: float | None = None
    """Most part of each machine's hours for companies (Regulation (EU) 2021/1173 Art. 18: 20 % of the Union's time)."""
    country_share: float | None = None
    """Most part of all hours for any one country."""
    floors: Mapping[UserCategory, float] = field(default_factory=dict)
    """Least part of all hours, by user category."""
    caps: Mapping[UserCategory, float] = field(default_factory=dict)
    """Most part of all hours, by user category."""
    energy_budget_mwh: float | None = None
    """Most facility energy."""
    carbon_budget_t: float | None = None
    """Most location-based emissions."""


def limits_of(choices: LimitChoices) -> tuple[CallLimit, ...]:
    """The limits that these choices make.

    >>> [limit.name for limit in limits_of(LimitChoices(commercial_share=0.2, floors={UserCategory.SME: 0.1}))]
    ['commercial', 'floor:sme']
    """
    return tuple(_limits(choices))


def _limits(choices: LimitChoices) -> Iterator[CallLimit]:
    if choices.commercial_share is not None:
        yield CallLimit(name="commercial", value=choices.commercial_share, is_share=True, categories=COMMERCIAL, each=Each.MACHINE)
    if choices.country_share is not None:
        yield CallLimit(name="country", value=choices.country_share, is_share=True, each=Each.COUNTRY)
    for category, share in choices.floors.items():
        yield CallLimit(name=f"floor:{category.value}", value=share, is_share=True, is_floor=True, categories=(category,))
    for category, share in choices.caps.items():
        yield CallLimit(name=f"cap:{category.value}", value=share, is_share=True, categories=(category,))
    if choices.energy_budget_mwh is not None:
        yield CallLimit(name="energy", value=choices.energy_budget_mwh, quantity=Quantity.MWH)
    if choices.carbon_budget_t is not None:
        yield CallLimit(name="carbon", value=choices.carbon_budget_t, quantity=Quantity.TCO2E)
