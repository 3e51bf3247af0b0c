"""A chart as a picture that travels alone says what it found, in which unit and from which source, whatever words these hold."""

from xml.etree import ElementTree

import pytest

from analytics.charts import framed, theme
from analytics.charts.picture import png_of_svg
from data.errors import InputError

SVG = "{http://www.w3.org/2000/svg}"
FOUND = 'Research <b>received</b> 79 % & "more" than <script>alert(1)</script> others of node-hours from November 2025 to October 2026'
LINES = ("Source: demonstration data, invented", f"http://127.0.0.1/usage?{'machines=LUMI&' * 40}")


def drawn(**words: object) -> ElementTree.Element:
    figure = theme.rows_canvas("By machine", "node-hours", ["LUMI", "Vega"])
    said = {"alt": "two machines", "heading": FOUND, "subtitle": "By machine, in node-hours", "lines": LINES} | words
    return ElementTree.fromstring(framed.picture(figure, **said))  # type: ignore[arg-type]


def words_of(picture: ElementTree.Element) -> str:
    return " ".join("".join(text.itertext()) for text in picture.iter(f"{SVG}text"))


def test_finding_unit_and_source_stand_in_the_picture_as_they_are() -> None:
    words = words_of(drawn())
    assert FOUND in words
    assert "By machine, in node-hours" in words
    assert "demonstration data, invented" in words


def test_no_word_becomes_a_script_or_a_tag() -> None:
    assert not [each for each in drawn().iter() if each.tag in (f"{SVG}script", f"{SVG}b")]


def test_a_long_address_is_broken_and_whole() -> None:
    lines = [text for text in drawn().iter(f"{SVG}text") if "machines" in "".join(text.itertext())]
    assert len(lines) > 3
    assert "".join("".join(line.itertext()) for line in lines) == LINES[1]


def test_all_words_lie_within_the_picture() -> None:
    picture = drawn()
    bottom = float(picture.get("height", 0))
    heights = [float(line.get("y", 0)) for text in picture.findall(f"{SVG}text") for line in text.iter(f"{SVG}tspan") if line.get("y")]
    assert heights
    assert max(heights) < bottom


def test_a_picture_without_words_for_those_who_do_not_see_it_is_refused() -> None:
    with pytest.raises(InputError, match="alt"):
        drawn(alt=" ")


def test_the_picture_is_a_png_too() -> None:
    figure = theme.canvas("Nothing", "node-hours")
    assert png_of_svg(framed.picture(figure, alt="nothing", heading="Nothing")).startswith(b"\x89PNG")
