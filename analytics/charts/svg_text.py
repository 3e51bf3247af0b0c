"""Words in vector pictures: the few tags that figures use, how wide words are, and where their lines stand."""

import re
from dataclasses import dataclass
from html import unescape
from typing import Any

from analytics.charts.svg_elements import element, harmless
from data.errors import InputError

INK = "#1A1A1A"
LINE_HEIGHT = 1.3

ADVANCES = (
    "200 289 426 497 497 824 609 249 303 303 418 497 249 311 249 350 497 497 497 497 497 497 497 497 497 497 249 249 497 497 497 425 "
    "847 543 588 571 615 527 494 617 652 263 479 579 486 727 647 664 566 664 569 534 536 645 515 786 513 476 539 303 350 303 497 500 "
    "542 504 553 456 555 496 292 504 544 246 247 495 255 829 547 542 555 555 347 419 338 544 467 719 446 467 425 303 241 303 497"
)
"""How wide each sign from the space on is in Source Sans 3, in thousandths of its size."""

WIDTHS = {chr(32 + place): int(advance) / 1000 for place, advance in enumerate(ADVANCES.split())} | {"\u00a0": 0.2, "\u2212": 0.497}
OTHER_WIDTH = 0.6
BOLD_WIDER = 1.04

_TAG = re.compile(r"<(/?)(br|b|i|span)((?:\s[^<>]*)?)/?>", re.IGNORECASE)
_COLOUR = re.compile(r"""^\s*style=["']color:\s*([^;"']+);?["']\s*$""")


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """A stretch of words in one look."""

    words: str
    """The words as they are read."""
    colour: str | None = None
    """Their colour, that of the whole text where none is given."""
    bold: bool = False
    """Whether they stand out."""
    italic: bool = False
    """Whether they are slanted."""


def lines_of(text: object) -> list[list[Run]]:
    """The lines of a text of a figure, each as runs of one look; narrow spaces become wider ones, since the font sets them too close.

    >>> [[run.words for run in line] for line in lines_of("a &lt;b&gt;<br><b>c</b>")]
    [['a <b>'], ['c']]

    Raises:
        InputError: if it has tags other than br, b, i and span with a colour.
    """
    lines: list[list[Run]] = [[]]
    looks: list[Run] = [Run(words="")]
    place = 0
    source = str(text)
    for found in _TAG.finditer(source):
        _append(lines, source[place : found.start()], looks[-1])
        place = found.end()
        closing, tag, rest = found.group(1), found.group(2).lower(), found.group(3)
        if tag == "br":
            lines.append([])
        elif closing:
            looks.pop()
        else:
            looks.append(_look(tag, rest, looks[-1]))
    _append(lines, source[place:], looks[-1])
    return lines


def width_px(text: object, size: float) -> float:
    """How wide the widest line of a text is."""
    return max(sum(_run_width(run, size) for run in line) for line in lines_of(text))


def wrapped(text: str, size: float, room_px: float) -> list[str]:
    """The text in lines that fit the room, broken at spaces; its own line breaks are given up."""
    lines: list[str] = [""]
    for word in re.sub(r"<br\s*/?>", " ", text).split():
        longer = f"{lines[-1]} {word}".strip()
        if lines[-1] and width_px(longer, size) > room_px:
            lines.append(word)
        else:
            lines[-1] = longer
    return lines


def text_element(
    text: object, x: float, y: float, size: float, *, anchor: str = "start", valign: str = "baseline", colour: str = INK, **attributes: Any
) -> str:
    """A text at a place; `valign` says whether its top, middle, bottom or first baseline lies at y."""
    lines = lines_of(text)
    step = size * LINE_HEIGHT
    rise = {"baseline": 0.0, "top": 0.95 * size, "middle": 0.34 * size - (len(lines) - 1) * step / 2, "bottom": -0.3 * size}[valign]
    top = y + rise - ((len(lines) - 1) * step if valign == "bottom" else 0.0)
    spans = [element("tspan", "".join(_written(run) for run in line), x=x, y=top + step * row) for row, line in enumerate(lines) if line]
    return element("text", "".join(spans), font_size=size, text_anchor=anchor, fill=colour, **attributes) if spans else ""


def plain(text: object) -> str:
    """The words of a text of a figure, without its tags."""
    return " ".join("".join(run.words for run in line) for line in lines_of(text)).strip()


def _append(lines: list[list[Run]], part: str, look: Run) -> None:
    if re.search(r"<\s*/?\s*[a-zA-Z!]", part):
        raise InputError(f"the text {part!r} of a chart has tags that a picture does not know; use br, b, i, or span with a colour.")
    if part:
        lines[-1].append(Run(words=unescape(part).replace("\u202f", "\u00a0"), colour=look.colour, bold=look.bold, italic=look.italic))


def _look(tag: str, rest: str, around: Run) -> Run:
    if tag == "span":
        colour = _COLOUR.match(rest)
        if not colour:
            raise InputError(f"<span{rest}> in a chart is not one that a picture knows; only style='color:…' is.")
        return Run(words="", colour=colour.group(1), bold=around.bold, italic=around.italic)
    return Run(words="", colour=around.colour, bold=around.bold or tag == "b", italic=around.italic or tag == "i")


def _run_width(run: Run, size: float) -> float:
    return sum(WIDTHS.get(sign, OTHER_WIDTH) for sign in run.words) * size * (BOLD_WIDER if run.bold else 1.0)


def _written(run: Run) -> str:
    words = harmless(run.words)
    if run.colour is None and not run.bold and not run.italic:
        return words
    return element("tspan", words, fill=run.colour, font_weight=600 if run.bold else None, font_style="italic" if run.italic else None)
