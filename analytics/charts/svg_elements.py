"""How the elements of a vector picture are written: without harm from any word, in round numbers, in colours that every reader knows."""

import re
from typing import Any
from xml.sax.saxutils import escape, quoteattr

from data.errors import InputError

DASHES = {"solid": None, "dash": "9 9", "dot": "3 3", "dashdot": "9 3 3 3", "longdash": "15 15", "longdashdot": "15 6 3 6"}
"""The dashes of lines by their names in figures, for a line three pixels wide."""

_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")
_RGB = re.compile(r"rgba?\(\s*([\d.]+)\s*,\s*([\d.]+)\s*,\s*([\d.]+)\s*(?:,\s*([\d.]+)\s*)?\)")


def number(value: float) -> str:
    """A place in a picture to a hundredth of a pixel.

    >>> number(3.14159), number(-0.001), number(12.0)
    ('3.14', '0', '12')
    """
    text = f"{value:.2f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def element(tag: str, inside: str = "", /, **attributes: Any) -> str:
    """An element with its attributes, those of None left out; what is inside must be written already.

    >>> element("rect", x=1.0, fill="#fff", stroke_width=None)
    '<rect x="1" fill="#fff"/>'
    """
    said = "".join(
        f" {name.rstrip('_').replace('_', '-')}={quoteattr(number(value) if isinstance(value, int | float) else str(value))}"
        for name, value in attributes.items()
        if value is not None
    )
    return f"<{tag}{said}>{inside}</{tag}>" if inside else f"<{tag}{said}/>"


def harmless(words: str) -> str:
    """Words as they may stand in a picture, whatever signs they hold.

    >>> harmless("<b> & co")
    '&lt;b&gt; &amp; co'
    """
    return escape(_FORBIDDEN.sub("\ufffd", words))


def painted(colour: str, opacity: float = 1.0, *, part: str = "fill") -> dict[str, Any]:
    """The attributes that paint a part of an element, fill or stroke, in a colour.

    >>> painted("rgba(127,127,127,0.25)")
    {'fill': '#7f7f7f', 'fill_opacity': 0.25}

    Raises:
        InputError: if the colour is written in another way than #rrggbb, #rgb, rgb(…) or rgba(…).
    """
    found = _RGB.fullmatch(colour.strip())
    if found:
        red, green, blue = (min(255, round(float(found.group(i)))) for i in (1, 2, 3))
        colour, opacity = f"#{red:02x}{green:02x}{blue:02x}", opacity * float(found.group(4) or 1)
    elif not re.fullmatch(r"#(?:[0-9a-fA-F]{3}|[0-9a-fA-F]{6})", colour.strip()):
        raise InputError(f"the colour {colour!r} of a chart is not known; write it as #rrggbb or rgb(…).")
    return {part: colour.strip(), f"{part}_opacity": None if opacity >= 1 else opacity}


def dashed(dash: str | None, width: float) -> str | None:
    """The dash pattern of a line of so many pixels.

    >>> dashed("dot", 1.5), dashed("solid", 2)
    ('3 3', None)

    Raises:
        InputError: if no dash goes by this name.
    """
    if dash is None:
        return None
    if dash not in DASHES:
        raise InputError(f"the dash {dash!r} of a chart is not known; use one of {', '.join(DASHES)}.")
    pattern = DASHES[dash]
    scale = max(width, 3.0) / 3.0
    return pattern and " ".join(number(float(part) * scale) for part in pattern.split())
