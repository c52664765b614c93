"""Whether the built-in functions that statements rely on are still what their names say.

`effects` knows from the text what `y = len(xs)` can change, if `len` is the built-in function. A program can give that
name to something else in ways that no reading of its text tells: through the dictionary of a module, a function's
globals, a namespace made by a metaclass. All of them need a statement that may change anything, and after such a
statement every frame is looked at: then, and when a frame begins, the names that its code relies on are looked up.
`print` and `input` also rely on the standard streams, whose methods a program may choose.
"""

import io
import sys
from collections.abc import Collection
from types import CodeType, FrameType
from typing import Any

from .originals import BUILTINS
from .originals import BUILTINS as __builtins__  # noqa: F401
from .stdio import TextInput, TextOutput

_STREAM_OF = {"print": "stdout", "input": "stdin"}
QUIET_STREAMS = {id(kind) for kind in (TextInput, TextOutput, io.TextIOWrapper, io.StringIO)}
"""Ids of the types of streams that change nothing but themselves; who puts another in place adds its own."""
_streams = sys.__dict__


def relied_on(code: CodeType, functions: Collection[str]) -> tuple[str, ...]:
    """The built-in functions, out of those that statements may rely on, whose names a code object uses."""
    return tuple(name for name in code.co_names if name in functions)


def is_intact(names: tuple[str, ...], frame: FrameType, namespace: Any) -> bool:
    """Whether the names mean the built-in functions in this frame; `namespace` is a class body's own."""
    own, builtins = frame.f_globals, frame.f_builtins
    if type(own) is not dict or type(builtins) is not dict:
        return False
    for name in names:
        if name in own or builtins.get(name) is not BUILTINS[name] or (namespace is not None and name in namespace):
            return False
        if name in _STREAM_OF and id(type(_streams.get(_STREAM_OF[name]))) not in QUIET_STREAMS:
            return False
    return True
