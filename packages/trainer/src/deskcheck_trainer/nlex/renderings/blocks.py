"""Answers between tags: `<state>` and `<branch>`, each tag on a line of its own, as `<output>` and `<input>` are."""

from __future__ import annotations


def block(tag: str, text: str) -> str:
    """The text between the tags."""
    return f"<{tag}>\n{text}\n</{tag}>"


def stated(tag: str, text: str) -> str | None:
    """What stands between the last opening tag and the closing one after it; None if there is no such block."""
    _, opened, rest = text.rpartition(f"<{tag}>\n")
    inside, closed, _ = rest.partition(f"\n</{tag}>")
    return inside if opened and closed else None
