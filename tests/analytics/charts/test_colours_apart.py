"""The colours of the user categories can be told apart by people who see colours otherwise, and where they cannot, shapes tell them apart.

Vision is simulated by the matrices of Machado, Oliveira and Fernandes (2009, "A Physiologically-based Model for Simulation of Color
Vision Deficiency") at full severity, in linear RGB. Distances are those of Oklab (Ottosson 2020), in which 0.02 is about just noticeable.
"""

from itertools import combinations

import numpy as np
import pytest
from numpy.typing import NDArray

from analytics.charts import theme

Colour = NDArray[np.float64]

SEEN = {
    "typical": np.eye(3),
    "protanopia": np.array([[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]),
    "deuteranopia": np.array([[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]),
    "tritanopia": np.array([[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]]),
}
TO_CONES = np.array(
    [[0.4122214708, 0.5363325363, 0.0514459929], [0.2119034982, 0.6806995451, 0.1073969566], [0.0883024619, 0.2817188376, 0.6299787005]]
)
TO_OKLAB = np.array(
    [[0.2104542553, 0.7936177850, -0.0040720468], [1.9779984951, -2.4285922050, 0.4505937099], [0.0259040371, 0.7827717662, -0.8086757660]]
)

APART = 0.07
"""More than three times what is just noticeable: told apart in a legend, not only side by side."""


def linear(colour: str) -> Colour:
    """A colour such as #0072B2 in linear RGB."""
    values = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    return np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)


def oklab(rgb: Colour) -> Colour:
    """A colour in Oklab, in which distances are as seen."""
    found: Colour = TO_OKLAB @ np.cbrt(TO_CONES @ np.clip(rgb, 0, 1))
    return found


def distance(one: str, other: str, seen: Colour) -> float:
    """How far two colours are apart to this vision."""
    return float(np.linalg.norm(oklab(seen @ linear(one)) - oklab(seen @ linear(other))))


@pytest.mark.parametrize("vision", SEEN)
def test_the_colours_of_any_two_categories_are_apart(vision: str) -> None:
    close = {
        pair: round(found, 3)
        for pair in combinations(theme.COLOURS, 2)
        if (found := distance(theme.COLOURS[pair[0]], theme.COLOURS[pair[1]], SEEN[vision])) < APART
    }
    assert not close, f"nearer than {APART} in Oklab"


def test_without_any_colour_every_category_has_its_own_dash_marker_and_pattern() -> None:
    for shapes in (theme.DASHES, theme.MARKERS, theme.PATTERNS):
        assert set(shapes) == set(theme.COLOURS)
        assert len(set(shapes.values())) == len(shapes)


def test_colours_that_are_too_near_would_be_found() -> None:
    red, green = "#B35900", "#6B7A00"
    assert distance(red, green, SEEN["typical"]) > APART
    assert distance(red, green, SEEN["protanopia"]) < APART


def test_the_distance_of_oklab_is_that_of_its_definition() -> None:
    assert oklab(linear("#FFFFFF")) == pytest.approx([1.0, 0.0, 0.0], abs=1e-4)
    assert oklab(linear("#FF0000")) == pytest.approx([0.6280, 0.2249, 0.1258], abs=1e-3)
