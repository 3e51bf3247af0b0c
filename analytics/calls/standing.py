"""Where an application stands when its call is decided."""

from enum import StrEnum


class Standing(StrEnum):
    """What became of an application."""

    AWARDED = "awarded"
    """It receives all it asked for."""
    REDUCED = "reduced"
    """It receives less than it asked for, no less than its minimum."""
    RESERVE = "reserve"
    """It reached the threshold and receives nothing; it is next when hours come free, in rank order."""
    BELOW_THRESHOLD = "below_threshold"
    """Its score lies below the threshold."""
