"""How words and numbers stand on a page: those from logs made harmless, numbers as the site writes them."""

import re

from analytics.charts import numbers
from data.settings import settings


def escaped(text: str) -> str:
    r"""Text from logs and declarations as Markdown that shows it as it stands.

    >>> print(escaped("a_b *c* [d](e) <f>"))
    a\_b \*c\* \[d\](e) \<f\>
    """
    return re.sub(r"([\\`*_\[\]<>$#~|:])", r"\\\1", text)


def written_for_site() -> None:
    """Have the pages write numbers as the site asks for."""
    numbers.write_as(settings().locale)
