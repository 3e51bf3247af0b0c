"""Words from logs and declarations, made harmless before they stand on a page."""

import re


def escaped(text: str) -> str:
    r"""Text from logs and declarations as Markdown that shows it as it stands.

    >>> print(escaped("a_b *c* [d](e) <f>"))
    a\_b \*c\* \[d\](e) \<f\>
    """
    return re.sub(r"([\\`*_\[\]<>$#~|:])", r"\\\1", text)
