"""Which stack of frames a callback belongs to: each thread of the program has its own.

Monitoring is interpreter-wide, so callbacks of all threads arrive at one recorder. The thread that started the recorder
has no label; the others are labelled by their name, `Thread-1 (work)`, with `#2` appended when a name comes again.
"""

import threading
from _thread import get_ident

from .originals import BUILTINS as __builtins__  # noqa: F401

alive: dict[int, threading.Thread] = threading._active  # type: ignore[attr-defined]  # asking by name would add dummies


class Threads[Frame]:
    """The stacks of all threads that have run code of the program."""

    def __init__(self, main: list[Frame]) -> None:
        self._main, self._ident = main, get_ident()
        self._stacks: dict[int, tuple[list[Frame], str, threading.Thread | None]] = {}
        self._named: dict[str, int] = {}

    def stack(self) -> list[Frame]:
        """The frames of the calling thread, innermost last."""
        ident = get_ident()
        if ident == self._ident:
            return self._main
        known = self._stacks.get(ident)
        if known is None or not (known[0] or known[2] is alive.get(ident)):  # identifiers are used again
            known = self._stacks[ident] = ([], self._new_label(ident), alive.get(ident))
        return known[0]

    def label(self) -> str:
        """The label of the calling thread, which is not the main one and has been asked for its stack."""
        return self._stacks[get_ident()][1]

    def frames(self) -> list[Frame]:
        """All frames that are on any stack."""
        return [*self._main, *(frame for stack, _, _ in self._stacks.values() for frame in stack)]

    def _new_label(self, ident: int) -> str:
        name = _name(ident)
        count = self._named[name] = self._named.get(name, 0) + 1
        return name if count == 1 else f"{name} #{count}"


def _name(ident: int) -> str:
    thread = alive.get(ident)
    name = None if thread is None else thread.__dict__.get("_name")
    return name if type(name) is str else "thread"
