"""Fail at the depth at which the program would fail without the recorder on its stack."""

import sys

from .originals import BUILTINS as __builtins__  # noqa: F401
from .originals import get_recursion_limit, set_recursion_limit

MARGIN = 60
"""Stack frames that our callbacks may use on top of the program's own."""

THREAD_FRAMES = 3
"""Frames of the threading module below those of a program's thread; they count against the recursion limit."""
_HIGHEST_LIMIT = 2**31 - 1  # a C int holds the recursion limit


class Recursion:
    """Raises the interpreter's limit to make room for ours, and keeps to the program's."""

    def __init__(self) -> None:
        depth, frame = 0, sys._getframe()
        while frame.f_back is not None:
            depth, frame = depth + 1, frame.f_back
        self._spare = MARGIN + depth  # how much of the real limit is not the program's
        self._real = 0
        self._set(get_recursion_limit())

    def _set(self, limit: int) -> None:
        self._real = min(limit + self._spare, _HIGHEST_LIMIT)
        self._allowed = self._real - self._spare
        set_recursion_limit(self._real)

    def mind(self, depth: int, threaded: bool) -> None:
        """Raise RecursionError if a frame on top of `depth` others is one too many."""
        limit = get_recursion_limit()
        if limit != self._real:  # the program set its own: leave room for our callbacks on top
            self._set(limit)
        if depth + (THREAD_FRAMES if threaded else 0) >= self._allowed:
            raise RecursionError("maximum recursion depth exceeded")
