"""How to look into an object without running any code of the program.

A class may define `__getattribute__`, `__class__`, `__len__` or properties of its own, and its metaclass `__hash__` and
`__eq__`. So nothing here asks an object: the readers are the C descriptors of `type`, `object` and the built-in
classes, taken before any program runs, and classes are told apart by identity, never by hash or `==`.
"""

import types
from collections import Counter, OrderedDict, defaultdict, deque
from collections.abc import Callable, Iterable
from typing import Any

from .originals import BUILTINS as __builtins__  # noqa: F401

ATOMS = frozenset({int, float, str, bool, type(None), bytes, complex, range, type(Ellipsis), type(NotImplemented)})
"""Immutable types whose repr holds all there is to know and runs no code of the program."""

ATOM_IDS = frozenset(map(id, ATOMS))
SEQUENCE_IDS = frozenset(map(id, (list, tuple, deque)))
SET_IDS = frozenset(map(id, (set, frozenset)))
DICT_IDS = frozenset(map(id, (dict, defaultdict, OrderedDict, Counter)))
_CONTENT = (list, tuple, deque, set, frozenset, dict, int, float, str, bytes, bytearray, complex)

mro_of: Callable[[type], tuple[type, ...]] = type.__dict__["__mro__"].__get__
dict_of: Callable[[type], dict[str, Any]] = type.__dict__["__dict__"].__get__
_module_of: Callable[[type], object] = type.__dict__["__module__"].__get__
_name_of: Callable[[type], str] = type.__dict__["__name__"].__get__
args_of: Callable[[BaseException], tuple[Any, ...]] = BaseException.__dict__["args"].__get__

_flags_of: Callable[[type], int] = type.__dict__["__flags__"].__get__

_TOLD_APART = ("decimal", "fractions", "datetime")
_IMMUTABLE_TYPE = 1 << 8  # Py_TPFLAGS_IMMUTABLETYPE (CPython's Include/object.h): written in C, cannot be patched


def module_of(kind: type) -> str:
    """Name of the module that a class says it is from; `?` if that is no string."""
    name = _module_of(kind)
    return name if type(name) is str else "?"


def name_of(kind: type) -> str:
    """A class's own name."""
    return exact(_name_of(kind))


def exact(name: object) -> str:
    """A name as a true string: a program may use a subclass of `str` with methods of its own; `?` for other things."""
    if type(name) is str:
        return name
    return str.__str__(name) if issubclass(type(name), str) else "?"  # type: ignore[arg-type]


def all_atoms(items: Iterable[object]) -> bool:
    """Whether every item is an atom."""
    return ATOM_IDS.issuperset(map(id, map(type, items)))


def is_built_in(kind: type) -> bool:
    """Whether a class is written in C, so that no program can have made or changed it."""
    return bool(_flags_of(kind) & _IMMUTABLE_TYPE)


class Storage:
    """Where the instances of one class keep their attributes: the descriptors of `__dict__` and of the slots."""

    def __init__(self, kind: type) -> None:
        self.slots: list[tuple[str, Any]] = []
        self.dict_reader: Callable[[object], dict[str, Any]] | None = None
        """Gives the `__dict__` of an instance."""
        bases = mro_of(kind)
        self.bare = all(module_of(base) != "builtins" or base is object for base in bases)
        """Whether an instance is its attributes and nothing else (no subclass of list, int, BaseException ...)."""
        for base in reversed(bases):
            told = module_of(base) not in ("builtins", "collections")
            for name, member in dict_of(base).items():
                if type(member) is types.MemberDescriptorType and told and name[:2] != "__":
                    self.slots.append((name, member))
                elif name == "__dict__" and type(member) is types.GetSetDescriptorType:
                    self.dict_reader = member.__get__
        self.content = next((base for base in bases[1:] if any(base is known for known in _CONTENT)), None)
        """The built-in class whose content an instance of a subclass holds besides its attributes."""
        ours = module_of(kind).startswith("deskcheck_tracer.")
        self.is_error = issubclass(kind, BaseException)
        fields = dict_of(kind).get("_fields") if self.content is tuple else None
        self.fields: tuple[str, ...] | None = fields if type(fields) is tuple else None
        """Field names of a named tuple."""
        self.shown_inside = self.is_error or self.fields is not None
        """Whether the text shows what an instance holds even where it is an attribute of another object."""
        inner = module_of(kind) == "builtins" and not self.is_error
        is_enum = any(module_of(base) == "enum" and name_of(base) == "Enum" for base in bases)
        self.by_name = ours or inner or is_enum or issubclass(kind, type)
        """Whether instances are told by name or label alone: functions, classes, modules, iterators, enum members."""
        told_apart = self.by_name or module_of(kind) in _TOLD_APART
        self.plain = self.bare and not told_apart and (self.dict_reader is not None or bool(self.slots))
        """Whether the text of an instance is its label and attributes."""
        self.attributes: Callable[[object], dict[str, Any]] = self._reader()
        """Names and values of an instance's attributes, in order of definition, unset slots absent; not to be written
        to."""

    def _reader(self) -> Callable[[object], dict[str, Any]]:
        if not self.slots and self.dict_reader is not None:
            return self.dict_reader
        return self._read_slots

    def _read_slots(self, value: object) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for name, member in self.slots:
            try:
                found[name] = member.__get__(value)
            except AttributeError:
                continue
        if self.dict_reader is not None:
            found.update(self.dict_reader(value))
        return found
