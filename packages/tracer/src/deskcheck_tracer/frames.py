"""Which activation a report of the interpreter belongs to.

Every thread has a stack of the frames that are known to run; frames that are suspended wait beside it. A report names
only the code, so the innermost frame of the stack is checked by identity with the one that runs: a report that the
interpreter left out is noticed, and frames that ended unseen are dropped.
"""

from _thread import get_ident
from collections.abc import Callable
from types import CodeType, FrameType
from typing import Any

from .layout import CodeLayout, Layout, layout_of
from .originals import BUILTINS as __builtins__  # noqa: F401
from .tape import Place
from .threads import Threads


class Frame:
    """One activation of a function, module or class body."""

    __slots__ = ("current", "frame", "home", "id", "layout", "lines", "namespace", "seen", "snapshot", "view")

    def __init__(self, number: int, frame: FrameType | None, layout: CodeLayout, home: "list[Frame]") -> None:
        self.id, self.frame, self.home = number, frame, home
        self.current = layout.entry  # the statement that runs
        self.seen: dict[str, Any] = {}
        """Name -> the atom it held, or the picture or label of what it held."""
        self.view: dict[str, Any] | None = None
        """What its own `locals()` gave it, where that matters (`CodeLayout.careful`)."""
        self.snapshot = False
        """Whether reading its locals leaves objects of the program in a dictionary, which would keep them alive."""
        self.namespace: Any = None
        """The dictionary of its names, for a module or class body, taken when it begins: since Python 3.13 `f_locals`
        is something else while a comprehension runs. None for a function."""
        if not (layout.optimized or frame is None):
            self.namespace = frame.f_locals
            if type(self.namespace) is not dict:  # a metaclass's __prepare__: names may do anything
                layout = layout.unsure()
        self.layout, self.lines = layout, layout.lines


class Frames:
    """The frames of one recording, and what is known of their code."""

    def __init__(self, source_of: Callable[[str], str], begin: Callable[[CodeType], None]) -> None:
        self._source_of, self._begin = source_of, begin
        self.count = 0
        self.stack: list[Frame] = []
        """The frames of the thread that records; those of others are in `threads`."""
        self.threads = Threads(self.stack)
        self.layouts: dict[int, CodeLayout] = {}
        """id of a code object -> what is known of it."""
        self._sources: dict[str, Layout | None] = {}
        self._suspended: dict[int, Frame] = {}
        self._ident = get_ident()
        self._trusting = True
        self.renamed: Callable[[], None] = lambda: None
        """Told of a source that may rename functions or classes."""

    def here(self) -> list[Frame]:
        """The stack of this thread."""
        return self.stack if get_ident() == self._ident else self.threads.stack()

    def place(self) -> Place:
        """Frame and line that are running in this thread."""
        stack = self.here()
        return (stack[-1].id, stack[-1].current.number) if stack else (0, 0)

    def layout(self, code: CodeType) -> CodeLayout:
        """What is known of a code object; `begin` is told of new ones."""
        known = self.layouts.get(id(code))
        if known is not None:
            return known
        name = code.co_filename
        if name not in self._sources:
            try:
                self._sources[name] = layout_of(self._source_of(name))
            except (SyntaxError, OSError, ValueError, RecursionError, MemoryError):
                self._sources[name] = None
            if (layout := self._sources[name]) is not None and layout.renames:
                self.renamed()
        source = self._sources[name]
        found = self.layouts[id(code)] = source.of(code) if source else CodeLayout(code)
        if not self._trusting:
            found.distrust()
        self._begin(code)
        return found

    def distrust(self) -> None:
        """Something ran, or may run, that is not recorded: statements may do more than they say."""
        if self._trusting:
            self._trusting = False
            for layout in self.layouts.values():
                layout.distrust()

    def add(self, frame: FrameType | None, layout: CodeLayout) -> Frame:
        """A frame that begins, on top of its thread's stack."""
        stack = self.here()
        number = self.count
        self.count = number + 1  # before another thread can run
        record = Frame(number, frame, layout, stack)
        stack.append(record)
        return record

    def find(self, frame: FrameType) -> Frame | None:
        """The record of a frame, now on top of its thread's stack; None if it is new."""
        stack = self.here()
        if stack and stack[-1].frame is frame:
            return stack[-1]
        for depth in range(len(stack) - 2, -1, -1):
            if stack[depth].frame is frame:
                del stack[depth + 1 :]
                return stack[depth]
        record = self._suspended.pop(id(frame), None)
        if record is not None:
            record.home = stack
            stack.append(record)
        return record

    def suspend(self, record: Frame) -> None:
        """Take the innermost frame off its stack until it goes on."""
        self._suspended[id(record.frame)] = record.home.pop()

    def leave(self, record: Frame) -> None:
        """The innermost frame of a stack has ended."""
        record.frame = None
        record.home.pop()

    def forget(self) -> None:
        """Let go of everything that belongs to the program."""
        for record in [*self.threads.frames(), *self._suspended.values()]:
            record.seen.clear()
