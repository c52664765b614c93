"""A shape: the evidence for what a value is, and for what its parts are.

Evidence is votes for kinds, so that a wrong guess is outvoted, not final. Two shapes found to be of one sort of value
(`x == xs[i]`) become one; that also tells what belongs together: a number of the same shape as the positions of a list
is an index or a length, one of the same shape as its elements is worth being one of them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Literal

Kind = Literal["int", "float", "bool", "str", "bytes", "list", "tuple", "set", "dict", "object", "function"]
Loose = Literal["number", "container"]
"""What much code says of a value: one can count with it, or iterate, index and measure it."""

PartKey = Literal["iter", "key", "item", "pieces", "json"] | int | tuple[str, str]
"""Parts: what a loop over the value gives; its positions or keys; what is found there; the list that `split` gives;
what JSON text holds; one position; ("field", name): what a dictionary holds under a literal key, or an object as an
attribute."""

CONTAINERS = ("list", "str", "tuple", "set", "dict", "bytes")
HOMOGENEOUS = ("list", "str", "set", "bytes", "tuple")


@dataclass(frozen=True)
class Code:
    """A value that has no literal: the text to write for it, as `Color.RED`."""

    text: str

    def __repr__(self) -> str:
        return self.text


@dataclass(eq=False)
class Evidence:
    """What a shape knows; of two shapes that become one, the sum."""

    votes: Counter[str] = field(default_factory=Counter)
    parts: dict[Any, Shape] = field(default_factory=dict)
    constants: dict[tuple[type, Any], None] = field(default_factory=dict)
    """What values are compared with, in order; by type, for 1 equals True."""
    marks: dict[str, None] = field(default_factory=dict)
    """count: loops run this often; positive; char: one character; digits: text that is read as a number; none: may be
    None; closed: only the constants; unpacked: a fixed number of positions; measured: iterated, or of any length."""
    separators: dict[str, None] = field(default_factory=dict)
    """What texts are split at."""
    formats: dict[str, None] = field(default_factory=dict)
    """Formats by which texts are read as dates."""
    meaning: Any = None
    """The function or class that it is, where the module defines it."""


class Shape:
    """Evidence for one sort of value."""

    __slots__ = ("_evidence", "_same")

    def __init__(self, *kinds: str) -> None:
        self._same: Shape | None = None
        self._evidence = Evidence()
        for kind in kinds:
            self.vote(kind)

    @property
    def root(self) -> Shape:
        """The shape that stands for all that were found to be the same."""
        shape = self
        while shape._same is not None:
            shape = shape._same
        if self is not shape:
            self._same = shape
        return shape

    @property
    def known(self) -> Evidence:
        """What is known of it."""
        return self.root._evidence

    def vote(self, kind: str, weight: float = 1.0) -> Shape:
        """Evidence for a kind."""
        self.known.votes[kind] += weight  # type: ignore[assignment] - a Counter of weights
        return self

    def mark(self, *marks: str) -> Shape:
        """Note one of the marks of Evidence."""
        self.known.marks.update(dict.fromkeys(marks))
        return self

    def marked(self, mark: str) -> bool:
        """Whether a mark was noted."""
        return mark in self.known.marks

    def constant(self, value: Any) -> Shape:
        """A value that it is compared with."""
        self.known.constants[type(value), value] = None
        return self

    def constants(self, *types: type) -> list[Any]:
        """The constants of these types."""
        return [value for kind, value in self.known.constants if kind in types]

    def part(self, key: PartKey) -> Shape:
        """The shape of a part; sequences have one for all positions."""
        known = self.known
        if isinstance(key, int) and self.marked("sequence"):
            key = "item"
        if key not in known.parts:
            known.parts[key] = Shape()
        return known.parts[key].root

    def has(self, key: PartKey) -> bool:
        """Whether anything is known of a part."""
        return key in self.known.parts

    def fields(self) -> dict[str, Shape]:
        """Parts by literal key, or by attribute."""
        return {key[1]: part for key, part in self.known.parts.items() if isinstance(key, tuple)}

    def positions(self) -> dict[int, Shape]:
        """Parts by literal position."""
        return {key: part for key, part in self.known.parts.items() if isinstance(key, int)}

    def same_as(self, other: Shape) -> Shape:
        """Make the two one."""
        pairs: list[tuple[Shape, Shape]] = [(self, other)]
        while pairs:
            one, two = (shape.root for shape in pairs.pop())
            if one is two:
                continue
            pairs.extend(one._absorb(two))
        return self.root

    def alike(self, other: Shape) -> Shape:
        """Make the two one, unless they are known to be of different kinds."""
        kinds = {self.kind(), other.kind()} - {None}
        return self.same_as(other) if len(kinds) < 2 or kinds == {"int", "float"} else self

    def _absorb(self, other: Shape) -> Iterator[tuple[Shape, Shape]]:
        """Take over what another knows; yields the parts that both have."""
        mine, its = self._evidence, other._evidence
        other._same, other._evidence = self, mine
        mine.votes.update(its.votes)
        for name in ("constants", "marks", "separators", "formats"):
            getattr(mine, name).update(getattr(its, name))
        mine.meaning = mine.meaning or its.meaning
        for key, part in its.parts.items():
            if key in mine.parts:
                yield mine.parts[key], part
            else:
                mine.parts[key] = part

    def kinds(self) -> dict[str, float]:
        """Kinds with their weights, the likeliest first; empty where nothing is known."""
        votes: dict[str, float] = {kind: weight for kind, weight in self.known.votes.items() if weight > 0}
        if number := votes.pop("number", 0):
            kind = "float" if votes.get("float", 0) > votes.get("int", 0) else "int"
            votes[kind] = votes.get(kind, 0) + number
        if container := votes.pop("container", 0):
            kind = max((k for k in CONTAINERS if k in votes), key=lambda k: votes[k], default=self._container())
            votes[kind] = votes.get(kind, 0) + container
        return dict(sorted(votes.items(), key=lambda pair: (-pair[1], pair[0])))

    def _container(self) -> str:
        if self.fields():
            return "dict"
        if self.has("key") and self.has("iter") and self.part("key") is self.part("iter"):
            return "dict"  # what a loop gives, or what is in it, is what it is indexed with
        inside = [self.part(key) for key in ("iter", "item") if self.has(key)]
        return "str" if any(part.marked("char") for part in inside) else "list"

    def told(self) -> bool:
        """Whether more than a name tells its kind."""
        return any(weight >= 0.5 for weight in self.known.votes.values())

    def kind(self) -> str | None:
        """The likeliest kind."""
        votes = self.known.votes
        if len(votes) < 2 and not votes.keys() & {"number", "container"}:
            return next(iter(votes), None)  # most shapes, and asked for at every operation
        return next(iter(self.kinds()), None)

    def fixed(self) -> int | None:
        """Its length, where it has one: `a, b = x`, or `x[0] + x[1]` and nothing else."""
        positions = self.positions()
        if arity := next((mark[6:] for mark in self.known.marks if mark.startswith("arity ")), None):
            return int(arity)
        if not positions or self.has("iter") or self.has("key") or self.marked("measured"):
            return None if not self.marked("unpacked") else max(positions, default=-1) + 1
        return max(positions) + 1

    def tie(self) -> None:
        """Make one what must be: a list gives what is at its positions, a dictionary its keys."""
        kind, known = self.kind(), self.known
        if kind == "dict":
            self._join("iter", "key")
            self._join("item", *(key for key in known.parts if isinstance(key, int)))
        elif kind in HOMOGENEOUS and self.fixed() is None:
            self._join("item", "iter", *(key for key in known.parts if isinstance(key, int)))
        if kind == "str" and (self.has("item") or self.has("iter")):
            char = self.part("item" if self.has("item") else "iter").mark("char")
            if not char.known.votes["str"]:
                char.vote("str")

    def _join(self, *keys: Any) -> None:
        parts = [self.part(key) for key in keys if self.has(key)]
        for part in parts[1:]:
            parts[0].same_as(part)


def sequence(element: Shape, kind: str = "list") -> Shape:
    """A list (or set, tuple) of elements of one shape."""
    made = Shape(kind).mark("sequence", "measured")
    made.known.parts.update(iter=element, item=element)
    return made


def mapping(key: Shape, value: Shape) -> Shape:
    """A dictionary."""
    made = Shape("dict").mark("measured")
    made.known.parts.update(iter=key, key=key, item=value)
    return made


def row(*parts: Shape) -> Shape:
    """A tuple of fixed length."""
    made = Shape("tuple").mark("unpacked")
    made.known.parts.update(enumerate(parts))
    return made
