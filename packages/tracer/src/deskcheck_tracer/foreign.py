"""Classes whose methods no recording sees: those of libraries.

What a statement does is known from its text as long as the code of operators, properties and `__str__` is recorded. An
instance of a library's class may change itself unseen (`str(path)` keeps the text in an attribute), so the first one
that shows ends all such knowledge (`Frames.distrust`).
"""

import os
import types
from collections.abc import Callable
from typing import Any

from .originals import BUILTINS as __builtins__  # noqa: F401
from .storage import dict_of, is_built_in, mro_of

_LIBRARY = os.path.dirname(os.__file__)
_HARMLESS = frozenset(
    {f"{_LIBRARY}/{name}.py" for name in ("dataclasses", "functools", "typing", "enum", "fractions", "numbers")}
    | {"<frozen abc>", "<frozen _collections_abc>", "<string>"}
)
"""Where the methods come from that the library writes into classes of a program, and those of its abstract classes:
they change nothing but by calling the class's own. Numbers of the library change nothing at all."""


def is_foreign(kind: type, recorded: Callable[[str], bool]) -> bool:
    """Whether instances of a class may run code that is not recorded; `recorded` tells it of a file."""
    for base in mro_of(kind):
        if not is_built_in(base):
            for member in dict_of(base).values():
                for code in _codes(member):
                    if not (recorded(code.co_filename) or code.co_filename in _HARMLESS):
                        return True
    return False


def _codes(member: Any) -> list[types.CodeType]:
    """The code behind a member of a class, as far as it is written in Python."""
    kind = type(member)
    if kind is types.FunctionType:
        return [member.__code__]
    if kind is staticmethod or kind is classmethod:
        return _codes(member.__func__)
    if kind is property:
        return [code for part in (member.fget, member.fset) for code in _codes(part)]
    return []
