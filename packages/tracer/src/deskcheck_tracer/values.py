"""Text for runtime values: bounded, the same on every run, and made without calling any code of the program.

Numbers, strings, bytes, None and lists, tuples, dicts of them read as `repr` up to LIMIT characters; sets are sorted.
A longer value is cut and says so: its text ends with ` (len N)`, N counting the elements, characters or digits of the
whole (`is_elided`). Functions, classes and modules go by name. Any other object is labelled by its class and a number
given on first sight and shows its attributes, `Node#1(value=3, next=Node#2)`: attributes are read from the instance's
own storage, one object deep. A program's `__repr__`, `__eq__`, `__len__`, `__getattr__` or properties never run here.
"""

import re
import types
import weakref
from bisect import bisect_right
from collections import Counter, OrderedDict, defaultdict, deque
from collections.abc import Callable, Iterable
from itertools import accumulate
from typing import Any

from .originals import BUILTINS as __builtins__  # noqa: F401

LIMIT = 200
"""Characters up to which a value is shown whole."""

ATOMS = frozenset({int, float, str, bool, type(None), bytes, complex, range, type(Ellipsis), type(NotImplemented)})
"""Immutable types whose repr holds all there is to know and runs no code of the program."""

SEQUENCES = frozenset({list, tuple, deque})
SETS = frozenset({set, frozenset})
DICTS = frozenset({dict, defaultdict, OrderedDict, Counter})

_TOLD_APART = ("builtins", "decimal", "fractions", "datetime", "deskcheck_tracer.record")
_CUT = re.compile(r" \(len \d+\)\Z")
_mro_of: Callable[[type], tuple[type, ...]] = type.__dict__["__mro__"].__get__
_dict_of: Callable[[type], dict[str, Any]] = type.__dict__["__dict__"].__get__
_module_of: Callable[[type], str] = type.__dict__["__module__"].__get__
_name_of: Callable[[type], str] = type.__dict__["__name__"].__get__
_module_dict: Callable[[types.ModuleType], dict[str, Any]] = vars(types.ModuleType)[
    "__dict__"
].__get__  # not a property
_args_of: Callable[[BaseException], tuple[Any, ...]] = BaseException.__dict__["args"].__get__


def is_elided(text: str) -> bool:
    """Whether part of the value was left out of its text."""
    return _CUT.search(text) is not None


class Storage:
    """Where the instances of one class keep their attributes: the descriptors of `__dict__` and of the slots."""

    def __init__(self, kind: type) -> None:
        self.slots: list[tuple[str, Any]] = []
        self.dict_descriptor: Any = None
        self.bare = all(_module_of(base) != "builtins" or base is object for base in _mro_of(kind))
        """Whether an instance is its attributes and nothing else (no subclass of list, int, BaseException ...)."""
        for base in reversed(_mro_of(kind)):
            for name, member in _dict_of(base).items():
                if type(member) is types.MemberDescriptorType and _module_of(base) not in ("builtins", "collections"):
                    self.slots.append((name, member))
                elif name == "__dict__" and type(member) is types.GetSetDescriptorType:
                    self.dict_descriptor = member

        self.plain = self.bare and self.dict_descriptor is not None and not self._is_named(kind)
        """Whether the text of an instance is its label and attributes."""

    @staticmethod
    def _is_named(kind: type) -> bool:
        return _module_of(kind) in _TOLD_APART or any(_module_of(base) == "enum" for base in _mro_of(kind))

    def read(self, value: object) -> dict[str, Any]:
        """Attribute names and values of an instance, in order of definition; unset slots are absent. Not to be written
        to."""
        if not self.slots and self.dict_descriptor is not None:
            return self.dict_descriptor.__get__(value)
        found: dict[str, Any] = {}
        for name, member in self.slots:
            try:
                found[name] = member.__get__(value)
            except AttributeError:
                continue
        if self.dict_descriptor is not None:
            found.update(self.dict_descriptor.__get__(value))
        return found


class Values:
    """Renders values and remembers the labels it gave to objects; one per recording."""

    def __init__(self, limit: int = LIMIT) -> None:
        self.limit = limit
        self._numbers: dict[int, tuple[int, Any]] = {}  # id -> number, and what keeps the entry honest
        self._counts: Counter[str] = Counter()
        self._storages: dict[type, Storage] = {}

    # ---- text ----

    def text(self, value: object) -> str:
        """The value in at most about `limit` characters."""
        kind = type(value)
        if kind is int or kind is bool or value is None or kind is float:
            return self._atom(value)
        if kind is str and len(value) < 100:  # type: ignore[arg-type]
            return repr(value) if len(value) < 20 else self._atom(value)  # type: ignore[arg-type]
        if (kind is list or kind is tuple) and (flat := self._flat(value)) is not None:
            return flat
        if (short := self._short_object(value, kind)) is not None:
            return short
        whole = _Writer(self, self.limit * 3).write(value)  # room for the separators it also counts
        if whole is not None:
            return whole
        return _Writer(self, self.limit * 4 // 5, cut=True).write_cut(value)

    def _flat(self, value: Any) -> str | None:
        """A list or tuple of atoms, the commonest container, at C speed; None if it is not flat."""
        head = value[: self.limit // 3 + 1]  # an element takes three characters at least
        if not ATOMS.issuperset(map(type, head)):
            return None
        try:
            text = repr(head)
            if len(head) == len(value) and len(text) <= self.limit:
                return text
            texts = [repr(item) for item in head]
        except ValueError:  # an int that cannot be printed
            return None
        ends = list(accumulate(len(text) + 2 for text in texts))
        kept = bisect_right(ends, self.limit * 4 // 5)
        if kept == 0:
            return None
        inside = ", ".join([*texts[:kept], "..."])
        return f"[{inside}] (len {len(value)})" if type(value) is list else f"({inside}) (len {len(value)})"

    def _short_object(self, value: Any, kind: type) -> str | None:
        """An instance of a plain class whose attributes are all atoms, the commonest object; None if it is not that or
        too long."""
        storage = self._storages.get(kind)
        if storage is None:
            storage = self.storage(kind)
        if not storage.plain:
            return None
        attributes = storage.read(value)
        if not attributes or not ATOMS.issuperset(map(type, attributes.values())):
            return None
        try:
            text = f"{self.label(value)}({', '.join([f'{name}={item!r}' for name, item in attributes.items()])})"
        except ValueError:
            return None
        return text if len(text) <= self.limit else None

    def _atom(self, value: Any) -> str:
        try:
            text = repr(value)
        except ValueError:  # an int beyond sys.get_int_max_str_digits()
            return _huge_int(value)
        if len(text) <= self.limit:
            return text
        return cut_atom(value, text, self.limit * 4 // 5)

    def label(self, value: object) -> str:
        """`Class#n`: n counts the objects of that class name in order of first sight."""
        name = _name_of(type(value))
        known = self._numbers.get(id(value))
        if known is None:
            self._counts[name] += 1
            known = self._numbers[id(value)] = (self._counts[name], self._guard(value))
        return f"{name}#{known[0]}"

    def _guard(self, value: object) -> Any:
        """Forget the label when the object dies, since its id may then be used again."""
        numbers, key = self._numbers, id(value)
        try:
            return weakref.ref(value, lambda _: numbers.pop(key, None))
        except TypeError:
            return value  # cannot be watched: keep it alive instead

    def storage(self, kind: type) -> Storage:
        """Where instances of `kind` keep their attributes."""
        found = self._storages.get(kind)
        if found is None:
            found = self._storages[kind] = Storage(kind)
        return found

    def exception(self, error: BaseException) -> str:
        """`ValueError('x')`, from the exception's own arguments."""
        inner = ", ".join(self.text(argument) for argument in _args_of(error))
        return f"{_name_of(type(error))}({inner})"


class _TooLong(Exception):
    """The text does not fit; caught by `_Writer.write`."""


class _Writer:
    """One rendering: counts what it has written and either gives up (`write`) or leaves out the rest (`write_cut`)."""

    def __init__(self, values: Values, limit: int, cut: bool = False) -> None:
        self.values, self.left, self.cut = values, limit, cut
        self.active: set[int] = set()
        self.depth = 0  # objects entered; attributes are shown for the first

    def write(self, value: object) -> str | None:
        try:
            text = self._value(value)
        except _TooLong:
            return None
        return text if len(text) <= self.values.limit else None

    def write_cut(self, value: object) -> str:
        return f"{self._value(value)} (len {_size(value)})" if type(value) not in ATOMS else self.values._atom(value)

    def _value(self, value: Any) -> str:
        kind = type(value)
        if kind in ATOMS:
            return self._spend(self._bounded_atom(value))
        if id(value) in self.active:
            return self._spend(_RECURSIVE.get(kind) or self.values.label(value))
        if len(self.active) > 50:
            return self._spend("...")
        self.active.add(id(value))
        try:
            return self._compound(value, kind)
        finally:
            self.active.discard(id(value))

    def _bounded_atom(self, value: Any) -> str:
        if self.cut and type(value) in (str, bytes) and len(value) > self.left:
            return repr(value[: max(self.left, 8)]) + "..."
        try:
            return repr(value)
        except ValueError:
            return _huge_int(value)

    def _compound(self, value: Any, kind: type) -> str:
        if kind is list:
            return f"[{self._items(value)}]"
        if kind is tuple:
            return f"({self._items(value)},)" if len(value) == 1 else f"({self._items(value)})"
        if kind is dict:
            return f"{{{self._pairs(value.items())}}}"
        if kind is set:
            return f"{{{self._items(ordered(value))}}}" if value else "set()"
        if kind is frozenset:
            return f"frozenset({{{self._items(ordered(value))}}})" if value else "frozenset()"
        if kind is deque:
            tail = "" if value.maxlen is None else f", maxlen={value.maxlen}"
            return f"deque([{self._items(value)}]{tail})"
        if kind is defaultdict:
            return f"defaultdict({self._value(value.default_factory)}, {{{self._pairs(dict.items(value))}}})"
        if kind is Counter:
            return f"Counter({{{self._pairs(_most_common(value))}}})" if value else "Counter()"
        if kind is OrderedDict:
            return f"OrderedDict({{{self._pairs(value.items())}}})" if value else "OrderedDict()"
        if kind is bytearray:
            return self._spend(f"bytearray({self._bounded_atom(bytes(value))})")
        named = _named(value, kind)
        return self._spend(named) if named else self._object(value, kind)

    def _items(self, items: Iterable[Any]) -> str:
        parts = []
        for item in items:
            if self.cut and self.left <= 0:
                parts.append("...")
                break
            parts.append(self._value(item))
            self._spend(", ")
        return ", ".join(parts)

    def _pairs(self, pairs: Iterable[tuple[Any, Any]]) -> str:
        parts = []
        for key, item in pairs:
            if self.cut and self.left <= 0:
                parts.append("...")
                break
            parts.append(f"{self._value(key)}: {self._value(item)}")
            self._spend(", ")
        return ", ".join(parts)

    def _object(self, value: Any, kind: type) -> str:
        if issubclass(kind, BaseException):
            return f"{_name_of(kind)}({self._items(_args_of(value))})"
        if _module_of(kind) == "builtins":  # iterators, properties and other inner things
            return self._spend(self.values.label(value))
        content = self._content(value, kind)
        attributes = self.values.storage(kind).read(value)
        if content is not None and "_fields" in _dict_of(kind) and issubclass(kind, tuple):
            fields = dict(zip(_dict_of(kind)["_fields"], tuple.__iter__(value), strict=False))
            return f"{_name_of(kind)}({self._attributes(fields)})"
        if content is not None and issubclass(kind, (int, float, str, bytes)):
            return f"{_name_of(kind)}({content})"
        label = self._spend(self.values.label(value))
        if self.depth >= 1 or not (attributes or content):
            return label
        self.depth += 1
        try:
            inside = [part for part in (content, self._attributes(attributes)) if part]
        finally:
            self.depth -= 1
        return f"{label}({', '.join(inside)})"

    def _attributes(self, attributes: dict[str, Any]) -> str:
        parts = []
        for name, item in attributes.items():
            if self.cut and self.left <= 0:
                parts.append("...")
                break
            parts.append(f"{self._spend(str.__str__(name))}={self._value(item)}")
            self._spend("=, ")
        return ", ".join(parts)

    def _content(self, value: Any, kind: type) -> str | None:
        """What an instance of a subclass of a built-in type holds as such."""
        for base in _mro_of(kind)[1:]:
            if base in (list, tuple, deque):
                return f"[{self._items(base.__iter__(value))}]"  # type: ignore[attr-defined]
            if base in (set, frozenset):
                return f"{{{self._items(ordered(base.__iter__(value)))}}}"  # type: ignore[attr-defined]
            if base is dict:
                return f"{{{self._pairs(dict.items(value))}}}"
            if base in (int, float, str, bytes):
                return self._spend(base.__repr__(value)[: self.values.limit])
        return None

    def _spend(self, text: str) -> str:
        self.left -= len(text)
        if self.left < 0 and not self.cut:
            raise _TooLong
        return text


_RECURSIVE: dict[type, str] = {list: "[...]", tuple: "(...)", dict: "{...}", deque: "[...]"}
_BY_NAME = {
    types.FunctionType: "function",
    types.BuiltinFunctionType: "built-in",
    types.ModuleType: "module",
}


def _named(value: Any, kind: type) -> str | None:
    """Text for what goes by its name: functions, classes, modules, bound methods, enumeration members, exact numbers,
    dates."""
    if _module_of(kind).startswith("deskcheck_tracer."):
        return f"<{_name_of(kind)}>"  # a Recorder in the code it records
    if issubclass(kind, type):
        return f"<class '{_name_of(value)}'>"
    if kind in _BY_NAME:
        name = _module_name(value) if kind is types.ModuleType else value.__name__
        return f"<{_BY_NAME[kind]} {name}>"
    if kind is types.MethodType:
        return f"<method {getattr(value.__func__, '__name__', '?')} of {_name_of(type(value.__self__))}>"
    home = _dict_of(kind).get("__module__")
    if home is None and _module_of(kind) in ("decimal", "datetime"):
        home = _module_of(kind)
    if (home, _name_of(kind)) in _EXACT:
        return repr(value)
    bases = _mro_of(kind)
    if any(_module_of(base) == "enum" and _name_of(base) == "Enum" for base in bases):
        return f"{_name_of(kind)}.{_dict_of_instance(value).get('_name_')}"
    return None


_EXACT = {
    ("decimal", "Decimal"), ("fractions", "Fraction"), ("datetime", "date"), ("datetime", "datetime"),
    ("datetime", "timedelta"), ("datetime", "time"),
}  # fmt: skip


def _module_name(module: types.ModuleType) -> str:
    name = _module_dict(module).get("__name__")
    return name if type(name) is str else "?"


def _dict_of_instance(value: object) -> dict[str, Any]:
    return Storage(type(value)).read(value)


def ordered(items: Iterable[Any]) -> list[Any]:
    """A set's elements in an order that does not depend on hashes: by value within a type, else by type and text."""
    found = list(items)
    kinds = set(map(type, found))
    if kinds <= {int, float, bool} or (len(kinds) == 1 and kinds <= {str, bytes}):
        return sorted(found)
    texts = Values()
    return sorted(found, key=lambda item: (_name_of(type(item)), texts.text(item)))


def _most_common(counter: Counter[Any]) -> list[tuple[Any, Any]]:
    pairs = list(dict.items(counter))
    return sorted(pairs, key=lambda pair: -pair[1]) if all(type(count) is int for _, count in pairs) else pairs


def _huge_int(value: int) -> str:
    """An int that Python refuses to print: its leading digits would cost too much, so its size in bits."""
    return f"<int of {int.bit_length(value)} bits>"


def cut_atom(value: Any, text: str, keep: int) -> str:
    """A long string, bytes or number with its end left out."""
    if type(value) in (str, bytes):
        return f"{value[: keep - 10]!r}... (len {len(value)})"
    return f"{text[:keep]}... (len {len(text)})"


def _size(value: Any) -> int:
    for base in _mro_of(type(value)):
        if base in SEQUENCES or base in SETS or base is dict or base is bytearray:
            return base.__len__(value)
    return len(_dict_of_instance(value))
