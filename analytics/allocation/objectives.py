"""The aims a split can pursue, from most useful hours to helping the worst-off first, and the one figure each is judged by."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from data.errors import InputError

Vector = NDArray[np.float64]


class Aim(StrEnum):
    """The family of an objective."""

    ALPHA = "alpha"
    MAX_MIN = "max_min"
    LEXIMIN = "leximin"


@dataclass(frozen=True, slots=True, kw_only=True)
class Objective:
    """What a split should achieve: Σ weight · φ_α(satisfaction) less what its carbon, energy and money are worth."""

    aim: Aim = Aim.ALPHA
    """α-fairness, the best possible worst-off project, or leximin (max-min again and again)."""
    alpha: float = 1.0
    """0 most useful hours, 1 proportional fairness, 2 and more ever more for the worst-off; read for α-fairness alone."""
    price_co2_eur_per_t: float = 0.0
    """What a tonne of emissions counts against a split."""
    price_energy_eur_per_mwh: float = 0.0
    """What a MWh counts against a split, beside its cost in the capacity table."""
    price_money: float = 0.0
    """What a euro of the capacity table's own cost counts against a split; 1 counts it fully."""
    welfare_eur: float = 1.0
    """Euros that one unit of welfare is worth: every price is divided by it."""

    def __post_init__(self) -> None:
        numbers = {
            "alpha": self.alpha,
            "price of carbon": self.price_co2_eur_per_t,
            "price of energy": self.price_energy_eur_per_mwh,
            "price of money": self.price_money,
        }
        for name, value in numbers.items():
            if not (np.isfinite(value) and value >= 0):
                raise InputError(f"{name} is {value}; it must be a number of 0 or more (for the limit of a large alpha, aim at max-min).")
        if not (np.isfinite(self.welfare_eur) and self.welfare_eur > 0):
            raise InputError(f"the worth of welfare is {self.welfare_eur} EUR; it must be above 0.")
        if self.aim is not Aim.ALPHA and self.has_prices:
            raise InputError(f"{self.aim} cannot weigh a price on carbon, energy or money; limit them by a budget, or choose an alpha.")

    @property
    def has_prices(self) -> bool:
        """Whether carbon, energy or money count against a split."""
        return max(self.price_co2_eur_per_t, self.price_energy_eur_per_mwh, self.price_money) > 0


def utility(u: Vector, alpha: float) -> Vector:
    """φ_α of each satisfaction: u^(1−α)/(1−α), and ln u for α = 1.

    >>> utility(np.array([1.0, 4.0]), 0.5).tolist()
    [2.0, 4.0]
    """
    with np.errstate(divide="ignore", over="ignore"):
        return np.log(u) if alpha == 1 else u ** (1 - alpha) / (1 - alpha)


def equivalent(u: Any, weight: Any, alpha: float) -> float:
    """The equally-distributed-equivalent satisfaction (Atkinson 1970): the level that, given to everybody, would be worth as much.

    It lies between the least and the mean satisfaction; α = 0 gives the weighted mean, a large α the least.

    >>> round(equivalent(np.array([1.0, 4.0]), np.array([1.0, 1.0]), 1.0), 12)
    2.0
    >>> equivalent(np.array([1.0, 3.0]), np.array([1.0, 1.0]), 0.0)
    2.0
    """
    u, weight = np.asarray(u, float), np.asarray(weight, float)
    if u.size == 0:
        return float("nan")
    if alpha >= 1 and u.min() <= 0:
        return 0.0
    share = weight / weight.sum()
    if alpha == 1:
        return float(np.exp(share @ np.log(u)))
    scale = u.max() if alpha < 1 else u.min()
    if scale <= 0:
        return 0.0
    return float(scale * (share @ (u / scale) ** (1 - alpha)) ** (1 / (1 - alpha)))
