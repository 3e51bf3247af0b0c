"""Why a person decided something, as the history keeps it: one line, not empty, and not too long."""

from data.errors import InputError

LONGEST_REASON = 500
"""The most characters of a reason."""


def one_line(text: str) -> str:
    r"""The text without line breaks and doubled blanks.

    >>> one_line("  more \n time ")
    'more time'
    """
    return " ".join(text.split())


def stated(reason: str, what: str) -> str:
    """The reason of a change or a decision, on one line.

    Raises:
        InputError: if there is none, or it is too long.
    """
    said = one_line(reason)
    if not said:
        raise InputError(f"the {what} has no reason; give one, so that the history can tell it later.")
    if len(said) > LONGEST_REASON:
        raise InputError(f"the reason has {len(said):,} characters, but at most {LONGEST_REASON:,} are kept; shorten it.")
    return said
