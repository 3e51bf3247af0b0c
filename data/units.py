"""Conversions between the units that logs, machines and reports use; every factor stands here once."""

JOULES_PER_KWH = 3_600_000
WATTS_PER_KW = 1_000
KWH_PER_MWH = 1_000
GRAMS_PER_KG = 1_000
KG_PER_TONNE = 1_000
SECONDS_PER_MINUTE = 60
SECONDS_PER_HOUR = 3_600
HOURS_PER_DAY = 24
DAYS_PER_WEEK = 7
SECONDS_PER_DAY = SECONDS_PER_HOUR * HOURS_PER_DAY
HOURS_PER_YEAR = 8_760
MIB_PER_GIB = 1_024


def energy_kwh(power_w: float, elapsed_s: float) -> float:
    """The energy of a constant power over a time.

    >>> energy_kwh(power_w=2_000, elapsed_s=5_400)
    3.0
    """
    return power_w * elapsed_s / JOULES_PER_KWH
