"""The arguments of one call, drawn so that they fit each other.

What belongs together shares a shape, see shapes/shape.py: lists with one shape of positions get one length, numbers of
that shape lie within it, and a scalar of the shape of a list's elements is now and then one of them.
"""

from __future__ import annotations

import json
from functools import cache
from typing import Any, TypeVar

from hypothesis import strategies as st

from deskcheck_trainer.nlex.scalars import Scalars
from deskcheck_trainer.nlex.shapes import Code, Parameter, Shape
from deskcheck_trainer.nlex.shapes.definitions import Instances

MAX_DEPTH = 4
"""Containers inside containers."""
_SIZES = (0, 1, 1, 2, 2, 3, 3, 3, 4, 4, 4, 5, 5, 6, 6, 7, 8)
_INNER_SIZES = (1, 2, 2, 2, 3, 3, 3, 4)
_GUESSES = ("int", "list", "str")
"""Tried in turn where nothing is known of a parameter."""
_SCALARS = ("int", "float", "bool", "str", "bytes")
_CONTAINERS = ("list", "tuple", "set", "dict")
Drawn = TypeVar("Drawn")


class Unknown(Exception):
    """No literal can be given for a parameter."""


class Arguments:
    """Draws the arguments of one call."""

    def __init__(self, draw: st.DrawFn, number: int, kinds: dict[Shape, dict[str, float]]) -> None:
        """`number` counts the calls of a function; `kinds` is kept from call to call."""
        self.kinds = kinds
        self.draw, self.number = draw, number
        self.sizes: dict[int, int] = {}
        """By shape of positions, how long the lists of this call are."""
        self.scalars = Scalars(self)

    def of(self, parameters: list[Parameter]) -> dict[str, Any] | None:
        """Values by name, optional ones now and then; None where one cannot be given."""
        given = [p for p in parameters if not p.optional or self.odds(50)]
        given.sort(key=lambda p: p.shape.kind() in _SCALARS)  # lists first: scalars are chosen to suit them
        try:
            return {p.name: self._rest(p.shape) if p.rest else self.value(p.shape) for p in given}
        except Unknown:
            return None

    def below(self, bound: int) -> int:
        """A number from 0 to below `bound`."""
        return self.draw(_below(bound)) if bound > 1 else 0

    def odds(self, percent: int) -> bool:
        """True so often."""
        return self.below(100) < percent

    def drawn(self, strategy: st.SearchStrategy[Drawn]) -> Drawn:
        """A value of a strategy."""
        return self.draw(strategy)

    def one_of(self, values: Any) -> Any:
        """One of these, each as likely as the others."""
        return values[self.below(len(values))]

    def value(self, shape: Shape, depth: int = 0) -> Any:
        """A value of a shape."""
        shape = shape.root
        if shape.marked("closed") and shape.known.constants:
            return self.one_of([value for _, value in shape.known.constants])
        if shape.marked("none") and self.odds(15):
            return None
        kind = self._kind(shape, depth)
        if kind in _SCALARS:
            return self.scalars.value(shape, kind)
        if kind == "object":
            return self._instance(shape, depth)
        if kind in _CONTAINERS:
            return self._container(shape, kind, depth)
        raise Unknown

    def _kind(self, shape: Shape, depth: int) -> str:
        if shape not in self.kinds:
            self.kinds[shape] = shape.kinds()
        kinds = {kind: weight for kind, weight in self.kinds[shape].items() if depth < MAX_DEPTH or kind in _SCALARS}
        if not kinds:
            return "int" if depth else _GUESSES[self.number % len(_GUESSES)]
        top, weight = next(iter(kinds.items()))
        least = max(weight / 2, 0.5)
        others = [kind for kind, other in kinds.items() if other >= least and kind in (*_SCALARS, *_CONTAINERS)]
        return self.one_of(others) if len(others) > 1 and self.odds(40) else top

    def _container(self, shape: Shape, kind: str, depth: int) -> Any:
        if kind == "dict":
            return self._dictionary(shape, depth)
        if (length := shape.fixed()) and kind != "set":
            positions = shape.positions()
            made = [self.value(positions.get(i) or shape.part("item"), depth + 1) for i in range(length)]
            return made if kind == "list" or self._loose(shape) else tuple(made)
        part = shape.part("item" if shape.has("item") else "iter")
        made = [self.value(part, depth + 1) for _ in range(self._size(shape, depth))]
        return made if kind == "list" else tuple(made) if kind == "tuple" else self._set(made)

    def _loose(self, shape: Shape) -> bool:
        """A pair that nobody said is a tuple."""
        return shape.known.votes["tuple"] < 2 and self.number % 2 == 1

    def _set(self, made: list[Any]) -> set[Any]:
        try:
            return set(made)
        except TypeError:
            return set()

    def _size(self, shape: Shape, depth: int) -> int:
        least = max(shape.positions(), default=-1) + 1 or int(shape.marked("filled"))
        sizes = _INNER_SIZES if depth else _SIZES
        if not shape.has("key"):
            size = self.one_of(sizes)
        else:
            positions = id(shape.part("key"))
            if positions not in self.sizes:
                self.sizes[positions] = self.one_of(sizes)
            size = self.sizes[positions]
            if self.odds(6):
                size = max(0, size - 1)
        return least if size < least and not self.odds(5) else size

    def _dictionary(self, shape: Shape, depth: int) -> dict[Any, Any]:
        made = {name: self.value(part, depth + 1) for name, part in shape.fields().items() if not self.odds(4)}
        if made or shape.fields():
            return made
        key, item = shape.part("key" if shape.has("key") else "iter"), shape.part("item")
        pairs = [(self.value(key, MAX_DEPTH), self.value(item, depth + 1)) for _ in range(self.one_of(_SIZES[:14]))]
        return {k: v for k, v in pairs if not isinstance(k, list | dict | set)}

    def _instance(self, shape: Shape, depth: int) -> Code:
        instances = shape.known.meaning
        if not isinstance(instances, Instances) or depth >= MAX_DEPTH:
            raise Unknown
        texts = [literal_text(self.value(part, depth + 1)) for part in instances.constructor.values()]
        return Code(f"{instances.node.name}({', '.join(texts)})")

    def _rest(self, shape: Shape) -> list[Any]:
        return [self.value(shape, 1) for _ in range(self.one_of((0, 1, 2, 2, 3, 4)))]

    def json(self, shape: Shape) -> str:
        """A value as JSON text."""
        return json.dumps(self.value(shape, 1), default=str)


@cache
def _below(bound: int) -> st.SearchStrategy[int]:
    return st.integers(0, bound - 1)


def literal_text(value: Any) -> str:
    """The literal of a value; members of sets sorted, for their order changes from process to process."""
    match value:
        case list():
            return f"[{', '.join(map(literal_text, value))}]"
        case tuple():
            return f"({', '.join(map(literal_text, value))}{',' if len(value) == 1 else ''})"
        case set():
            return f"{{{', '.join(sorted(map(literal_text, value)))}}}" if value else "set()"
        case dict():
            return f"{{{', '.join(f'{literal_text(k)}: {literal_text(v)}' for k, v in value.items())}}}"
    return repr(value)
