"""Lists of words, written as text."""

from functools import cache


def in_order(text: str) -> list[str]:
    """The words of a text as they stand there."""
    return text.split()


@cache
def words(text: str) -> frozenset[str]:
    """The words of a text."""
    return frozenset(text.split())
