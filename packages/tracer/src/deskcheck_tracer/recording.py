"""What the callbacks of one recording share: the tape, the frames, the state of their locals.

Three fields are for speed. `top` is the frame that ran last, so that most callbacks have theirs by one comparison;
whatever is rare (another frame, printed text that waits, a recording that has stopped) makes it NOBODY and is looked
after by `find`. `last` is the frame whose statement is all that ran since its last row: then the statement's known
effect can be relied on.
"""

import sys
from collections.abc import Callable
from types import CodeType, FrameType
from typing import Any

from .frames import Frame, Frames
from .layout import CodeLayout
from .originals import BUILTINS as __builtins__  # noqa: F401
from .recursion import Recursion
from .state import Changes, State
from .tape import Place, Tape

NO_CODE = CodeLayout((lambda: None).__code__)
NOBODY = Frame(-1, None, NO_CODE, [])


_ANNOTATES = sys.version_info >= (3, 14)
"""Whether annotations are functions that the interpreter makes and calls (PEP 649): no part of a program's text runs
there. Written from the documentation, not run."""


class Stop(BaseException):
    """Raised into the program when a limit of the recording is reached."""


class Recording:
    """One recording while it runs."""

    __slots__ = (
        "codes", "frames", "last", "main", "raising", "recursion", "state", "tape", "top", "travelling", "wanted",
    )  # fmt: skip

    def __init__(
        self, main: str, wanted: Callable[[str], bool], tape: Tape, frames: Frames, state: State, raising: bool
    ) -> None:
        self.main, self.wanted = main, wanted
        self.tape, self.frames, self.state, self.raising = tape, frames, state, raising
        self.codes: frozenset[int] | None = None
        """ids of the code objects of `main`; None if any that says it is from there belongs to it."""
        self.top = NOBODY
        self.last: Frame | None = None
        self.travelling: tuple[int, int] | None = None
        """id of the exception that just left a frame, and the count of rows then."""
        self.recursion: Recursion | None = None
        """The program's own recursion limit, where the recorder raised the real one."""

    def wants(self, code: CodeType) -> bool:
        """Whether frames of this code are recorded. What ran before, in the same process, may have had code of the
        same name, and finalisers of its garbage run at any time."""
        if code.co_name == "__annotate__" and _ANNOTATES:
            return False
        file = code.co_filename
        return self.wanted(file) and (self.codes is None or file != self.main or id(code) in self.codes)

    def again(self) -> None:
        """The recording has stopped and the program still runs: stop it, if that was asked for."""
        if self.raising:
            raise Stop

    def check(self, place: Place) -> None:
        """Stop if a line that begins is one too many."""
        self.tape.check(place)
        if self.tape.stopped is not None:
            self.top = NOBODY
            self.again()

    def find(self, frame: FrameType) -> Frame | None:
        """The record of the frame that runs; None if it is new or nothing is recorded any more."""
        if self.tape.stopped is not None:
            return None
        self.tape.flush()
        record = self.frames.find(frame)
        self.top = record or NOBODY
        return record

    def enter(self, code: CodeType, frame: FrameType) -> Frame:
        """A frame begins, or is noticed in its midst."""
        frames = self.frames
        record = frames.add(frame, frames.layouts.get(id(code)) or frames.layout(code))
        stack, layout = record.home, record.layout
        parent = stack[-2].id if len(stack) > 1 else None
        self.last = record  # before looking: another thread that runs meanwhile puts itself there
        changes = self.state.look(record, frame)
        file = code.co_filename
        row: tuple[Any, ...] = (
            "call", record.id, record.current.number, layout.name, parent, None if file == self.main else file
        )  # fmt: skip
        if stack is not frames.stack:
            row = (*row, frames.threads.label())
        self.tape.add(row if changes is None else (*row, changes), len(layout.name))
        self.top = record if self.tape.stopped is None else NOBODY
        return record

    def write(self, row: tuple[Any, ...], size: int) -> None:
        """A row that is no line's: what is known of any frame is void."""
        self.last = None
        self.tape.add(row, size)
        if self.tape.stopped is not None:
            self.top = NOBODY

    def leave(self, record: Frame) -> None:
        """The innermost frame of its stack has ended."""
        self.frames.leave(record)
        self.top = record.home[-1] if record.home and self.tape.stopped is None else NOBODY

    def suspend(self, record: Frame) -> None:
        """The innermost frame of its stack waits until it goes on."""
        self.frames.suspend(record)
        self.top = record.home[-1] if record.home and self.tape.stopped is None else NOBODY

    def differs(self, record: Frame, frame: FrameType) -> Changes | None:
        """What the statement that a frame runs has done so far, where the frame is left or a line begins by a jump."""
        effect = record.current.effect if self.last is record else None
        self.last = record
        if effect is None:
            return self.state.look(record, frame)
        return None if effect.nothing else self.state.glance(record, frame, effect)
