"""Traces in the token format of Code World Model (facebookresearch/cwm, PROMPTING_GUIDE.md and tokenizers.py).

    trace := BEGIN CONTEXT_START source SEP frame* END
    frame := CALL locals ACTION line SEP | LINE locals ACTION line SEP
           | RETURN ACTION line ARG value SEP | EXCEPTION ACTION line ARG value SEP

`cwm_pieces` gives the trace as special tokens and ordinary text between them. Ordinary text that reads like a special
token (`<|frame_sep|>` in a string of the program) therefore stays ordinary. `locals` is a JSON object of repr texts,
the state before the line runs; a value unchanged since the frame's last state is `..` (no repr is that). When a state
is told in full again is not published: `Reset` has both readings of it.

What the format cannot say is left out: frame numbers, output, what the last line of a function did. A `yield` is a
return and a resume a call, as `sys.settrace` has it. Unpublished, so ours: the text of an exception is its value's as
JSON, each frame it reaches has an exception frame, and a statement over several lines is told by its first. Values are
the trace's: cut ones end with ` (len N)`.
"""

import json
import re
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field
from enum import IntEnum, StrEnum

from .errors import InputError
from .narrate import count_words
from .statements import source_lines
from .trace import Event, EventKind, Trace


class Special(IntEnum):
    """Special tokens by their id in CWM's vocabulary; `text` is how they are written."""

    BEGIN = 128000
    END = 128001
    SEP = 128100
    ACTION = 128101
    RETURN = 128102
    CALL = 128103
    LINE = 128104
    EXCEPTION = 128105
    ARG = 128106
    CONTEXT_START = 128107

    @property
    def text(self) -> str:
        return f"<|{_NAMES[self]}|>"


_NAMES = {
    Special.BEGIN: "begin_of_text", Special.END: "end_of_text", Special.SEP: "frame_sep",
    Special.ACTION: "action_sep", Special.RETURN: "return_sep", Special.CALL: "call_sep", Special.LINE: "line_sep",
    Special.EXCEPTION: "exception_sep", Special.ARG: "arg_sep", Special.CONTEXT_START: "trace_context_start",
}  # fmt: skip
_RESERVED = re.compile(r"<\|[a-z_0-9]+\|>")
MARKER = "  # << START_OF_TRACE"

Piece = Special | str


class Reset(StrEnum):
    """When a frame's state is told in full again."""

    activation = "activation"
    """When it is entered or goes on after a yield: `..` may then reach back over whole calls."""
    switch = "switch"
    """Whenever another frame ran since: every `..` can be resolved by walking back to the last call or return."""


def cwm_pieces(
    trace: Trace,
    *,
    entry: str | None = None,
    reset: Reset | str = Reset.switch,
    step_over: Collection[str] = (),
    max_tokens: int | None = None,
    count_tokens: Callable[[str], int] = count_words,
) -> Iterator[Piece]:
    """Special tokens and the ordinary text between them.

    entry: the function whose first call is told; without it the program's call, as the `main` that CWM's prompts put
    around one, or else a function `main`. step_over: functions whose calls are told without what happens in them.
    max_tokens: whole frames are left out at the end, and END with them, so that the rest fits (special tokens count
    one each). Raises InputError if there is no such function or call, or the source alone is too long.
    """
    entry = entry if entry is not None else ("<call>" if trace.program.call is not None else "main")
    head: list[Piece] = [Special.BEGIN, Special.CONTEXT_START, _context(trace, entry), Special.SEP]
    if reset not in list(Reset):
        raise InputError(f"reset is {reset!r}, expected {' or '.join(Reset)}")
    teller = _Teller(trace, entry, Reset(reset), frozenset(step_over))
    room = None if max_tokens is None else max_tokens - _size(head, count_tokens)
    if room is not None and room < 0:
        raise InputError(f"the source takes {max_tokens - room} tokens, expected at most {max_tokens} with its trace")  # type: ignore[operator]
    yield from head
    for frame in teller.frames():
        if room is not None:
            room -= _size(frame, count_tokens)
            if room < 0:
                return
        yield from frame
    if teller.over and (room is None or room > 0):
        yield Special.END


def cwm_ids(trace: Trace, encode: Callable[[str], list[int]], **options: object) -> list[int]:
    """Token ids. `encode` is the tokenizer's `encode_ordinary`, which knows no special tokens; options as
    `cwm_pieces`, whose tokens are then counted by `encode`."""
    options.setdefault("count_tokens", lambda text: len(encode(text)))
    pieces = cwm_pieces(trace, **options)  # type: ignore[arg-type]
    return [number for piece in pieces for number in ([int(piece)] if isinstance(piece, Special) else encode(piece))]


def cwm_text(trace: Trace, **options: object) -> str:
    """The same as one text, for people and for tokenizers that read special tokens in it.

    In values reserved text is written `\\u003c|...|>`, which is the same JSON; in a source nothing of the kind is
    possible: InputError says so, and `cwm_pieces` or `cwm_ids` take such a program.
    """
    return "".join(
        piece.text if isinstance(piece, Special) else _plain(piece)
        for piece in cwm_pieces(trace, **options)  # type: ignore[arg-type]
    )


def _plain(text: str) -> str:
    if match := _RESERVED.search(text):
        raise InputError(
            f"the source holds {match[0]!r}, which one text cannot tell from the special token: use cwm_pieces or "
            "`export --format cwm-json`, where special tokens are numbers"
        )
    return text


def _json(value: object) -> str:
    return _RESERVED.sub(lambda match: "\\u003c" + match[0][1:], json.dumps(value))


def _size(pieces: list[Piece], count: Callable[[str], int]) -> int:
    return sum(1 if isinstance(piece, Special) else count(piece) for piece in pieces)


def _context(trace: Trace, entry: str) -> str:
    """The source with the start marked."""
    source, call = trace.program.source, trace.program.call
    if entry == "<call>":
        if call is None:
            raise InputError("the program has no call: name the function to start at by entry=")
        return f"{source.rstrip(chr(10))}\ndef main():{MARKER}\n    return {call}\n"
    lines = source_lines(source)
    found = next(
        (n for n, line in enumerate(lines) if re.match(rf"\s*(async\s+)?def\s+{re.escape(entry)}\b", line)), -1
    )
    if found < 0:
        names = ", ".join(re.findall(r"^\s*def\s+(\w+)", source, re.MULTILINE)) or "none"
        raise InputError(f"the program defines no function {entry!r} (functions: {names}): a CWM trace starts at one")
    lines[found] += MARKER
    return "\n".join(lines)


@dataclass
class _Frame:
    """One activation as it was last told."""

    call: Event
    now: dict[str, str] = field(default_factory=dict)
    told: dict[str, str] = field(default_factory=dict)


class _Teller:
    """Reads the events from the entry's call to its end."""

    def __init__(self, trace: Trace, entry: str, reset: Reset, step_over: frozenset[str]) -> None:
        self.trace, self.entry, self.reset, self.step_over = trace, entry, reset, step_over
        self.sources = {None: source_lines(trace.program.source)} | {
            name: source_lines(text) for name, text in trace.files.items()
        }
        self.known: dict[int, _Frame] = {}
        self.start: int | None = None
        self.last: int | None = None  # frame of the frame told last
        self.over = False  # the entry's call has ended
        self.skipped: int | None = None  # a call that is stepped over
        self.reached: set[int] = set()  # frames that have told the exception under way

    def frames(self) -> Iterator[list[Piece]]:
        for event in self.trace.events:
            if self.over:
                return
            if self.start is None:
                if event.kind is not EventKind.call or event.function != self.entry:
                    continue
                self.start = event.frame
            if event.kind is EventKind.call:
                self.known[event.frame] = _Frame(event)
            if event.frame in self.known:
                yield from self._tell(event, self.known[event.frame])
        if self.start is None:
            raise InputError(f"{self.entry} was never called in this trace")

    def _tell(self, event: Event, frame: _Frame) -> Iterator[list[Piece]]:
        for name, value in event.changes.items():
            if value is None:
                frame.now.pop(name, None)
            else:
                frame.now[name] = value
        leaves = event.kind in (EventKind.return_, EventKind.unwind, EventKind.yield_)
        if self.skipped is not None and event.frame != self.skipped:
            return
        if self.skipped is None or leaves:
            told = self._frame(event, frame)
            if told is not None:
                self.last = event.frame
                yield told
        if leaves:
            self.skipped = None
            self.over = event.frame == self.start and event.kind is not EventKind.yield_
        elif event.kind is EventKind.call and event.function in self.step_over:
            self.skipped = event.frame

    def _frame(self, event: Event, frame: _Frame) -> list[Piece] | None:
        kind, line = event.kind, self._line(event, frame)
        if kind in (EventKind.call, EventKind.resume, EventKind.throw):
            frame.told = {}
            told: list[Piece] = [Special.CALL, self._locals(event, frame), Special.ACTION, line, Special.SEP]
            if frame.call.function == "<call>":  # its one line has no event of its own
                told += [Special.LINE, "{}", Special.ACTION, f"    return {self.trace.program.call}\n", Special.SEP]
            return told
        if kind is EventKind.line:
            return [Special.LINE, self._locals(event, frame), Special.ACTION, line, Special.SEP]
        if kind in (EventKind.return_, EventKind.yield_):
            return [Special.RETURN, Special.ACTION, line, Special.ARG, _json(event.value), Special.SEP]
        if kind is EventKind.raise_:
            self.reached = set()
        elif kind not in (EventKind.unwind, EventKind.handled) or event.frame in self.reached:
            return None
        self.reached.add(event.frame)
        return [Special.EXCEPTION, Special.ACTION, line, Special.ARG, _json(event.value), Special.SEP]

    def _locals(self, event: Event, frame: _Frame) -> str:
        if self.reset is Reset.switch and self.last != event.frame:
            frame.told = {}
        shown = {name: ".." if frame.told.get(name) == value else value for name, value in frame.now.items()}
        frame.told = dict(frame.now)
        return _json(shown)

    def _line(self, event: Event, frame: _Frame) -> str:
        if frame.call.function == "<call>":
            return "def main():\n" if event.kind is EventKind.call else f"    return {self.trace.program.call}\n"
        lines = self.sources.get(frame.call.file, [])
        number = event.line
        if event.kind is EventKind.call:  # past decorators, to the `def`
            heads = range(number, min(number + 100, len(lines) + 1))
            number = next((n for n in heads if re.match(r"\s*(async\s+def|def|class)\b", lines[n - 1])), number)
            if frame.call.function in ("<lambda>", "<genexpr>"):
                number = event.line
        return (lines[number - 1] if 0 < number <= len(lines) else "") + "\n"
