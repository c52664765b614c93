"""What a model's answer says: a program, a wish to submit, a predicted output or input. Every outcome has a name.

One parser for all models and prompt sets. A program is the *last* fenced block (models think aloud in earlier ones);
a block that holds the line #SUBMIT submits. An output is what the last `<output>` block holds, in the narrator's own
format; an input is what the last `<input>` block holds.
"""

import re
from dataclasses import dataclass
from enum import StrEnum

from deskcheck_tracer.claims import OUTPUT_CLOSE, OUTPUT_OPEN, stated_between

SUBMIT = "#SUBMIT"
INPUT_OPEN, INPUT_CLOSE = "<input>", "</input>"
_FENCE = re.compile(r"^(?P<fence>`{3,}|~{3,})[^\n`]*\n(?P<body>.*?)^(?P=fence)[ \t]*$", re.MULTILINE | re.DOTALL)
_OPEN_FENCE = re.compile(r"^(?:`{3,}|~{3,})", re.MULTILINE)


class ParseStatus(StrEnum):
    """What was found in an answer."""

    ok = "ok"
    empty = "empty"
    """Nothing but white space."""
    missing = "missing"
    """Text, but no fenced block, or no output or input block."""
    unclosed = "unclosed"
    """A block was opened and never closed: mostly an answer cut at max_tokens."""
    blank = "blank"
    """A fenced block with nothing in it."""
    error = "error"
    """Nothing could be sampled: the prompt overflows the model's context, or the server refused it."""
    budget = "budget"
    """Never written: the problem's budget was spent."""


@dataclass(frozen=True)
class Reply:
    """A solver's answer: code, or `submit`, or neither (then `status` says why)."""

    code: str | None
    submit: bool
    status: ParseStatus


def parse_solution(text: str) -> Reply:
    """Read the last fenced block: a program, or the wish to submit."""
    if not text.strip():
        return Reply(None, False, ParseStatus.empty)
    text = text.replace("\r\n", "\n")
    blocks = list(_FENCE.finditer(text))
    if _OPEN_FENCE.search(text, blocks[-1].end() if blocks else 0):
        return Reply(None, False, ParseStatus.unclosed)
    if not blocks:
        return Reply(None, False, ParseStatus.missing)
    body = blocks[-1]["body"]
    if any(line.strip() == SUBMIT for line in body.splitlines()):
        return Reply(None, True, ParseStatus.ok)
    return Reply(body, False, ParseStatus.ok) if body.strip() else Reply(None, False, ParseStatus.blank)


def fenced_blocks(text: str) -> list[str]:
    """What stands in each fenced block of an answer, in order; a block that is never closed is none."""
    return [match["body"] for match in _FENCE.finditer(text.replace("\r\n", "\n"))]


def parse_output(text: str) -> tuple[str | None, ParseStatus]:
    """Read the output that an answer ends with."""
    return _stated(OUTPUT_OPEN, OUTPUT_CLOSE, text)


def parse_input(text: str) -> tuple[str | None, ParseStatus]:
    """Read the input that an answer ends with: a call or its arguments, or standard input without its last newline."""
    return _stated(INPUT_OPEN, INPUT_CLOSE, text)


def input_block(text: str) -> str:
    """The block that answers a question for an input."""
    return f"{INPUT_OPEN}\n{text}\n{INPUT_CLOSE}"


def _stated(opening: str, closing: str, text: str) -> tuple[str | None, ParseStatus]:
    inside = stated_between(opening, closing, text)
    if inside is not None:
        return inside, ParseStatus.ok
    if not text.strip():
        return None, ParseStatus.empty
    return None, ParseStatus.unclosed if opening in text else ParseStatus.missing
