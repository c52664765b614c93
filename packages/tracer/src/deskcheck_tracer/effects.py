"""What a statement can change, as far as its text alone tells: the recorder then looks at that and no further.

A statement that only reads names and combines them changes nothing; a plain assignment changes its targets and no
container; `xs.append(v)`, `xs[i] = v`, `d[k] = v` and the other methods of built-in containers change that container.
Unknown calls, attribute targets, `del`, imports, awaits and everything else have no entry: after those every local is
compared. An entry is void when any recorded code ran meanwhile (an operator or property written in the program), which
the recorder sees by its row count, and when its names did not hold what they must: built-in containers, since other
things may be iterators that reading consumes, or have methods of their own. Programs that use exec, eval or compile get
no entries, since code run that way is not recorded.
"""

import ast
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

from .originals import BUILTINS as __builtins__  # noqa: F401
from .purity import Purity

Index = tuple[str | None, Any]


class Change(NamedTuple):
    """A change inside the container that a name holds."""

    name: str
    how: str = "any"
    """`append`: one element more at the end; `pop`: one less, at `key`; `add`: one more in a set; `store`: the one at
    `key` is another; `attribute`: the one that `key` names; `any`."""
    key: Index = (None, None)
    """For `store`: name and number to add to what it holds, or None and the index itself; so for `attribute`; for `pop`
    None and 0 or -1."""
    in_place: bool = False
    """Whether the element itself may change (`xs[i] += v`), which only numbers and the like cannot."""


@dataclass(frozen=True, slots=True)
class Effect:
    """What one statement may change; valid if nothing else ran meanwhile and its names held what they must."""

    stores: tuple[str, ...]
    """Names it may bind."""
    atoms: tuple[str, ...] = ()
    """Names that must have held a number, string or other atom (`s += x`)."""
    built_in: tuple[str, ...] = ()
    """Names that must have held an atom or a built-in container (`for x in xs`, `xs.index(v)`)."""
    changes: tuple[Change, ...] = ()
    """What it may change inside containers."""
    nothing: bool = field(init=False)
    """Whether it changes nothing whatever its names held."""
    name: str | None = field(init=False)
    """The name it binds, if that is all it can do (for `s += x`, if the name held an atom)."""
    asks: bool = field(init=False)
    """Whether it depends on what its names hold."""
    again: bool = field(init=False)
    """Whether that name must have held an atom."""

    def __post_init__(self) -> None:
        free = not (self.built_in or self.changes)
        single = len(self.stores) == 1 and self.atoms in ((), self.stores) and not self.stores[0].startswith("__")
        object.__setattr__(self, "nothing", free and not self.stores and not self.atoms)
        object.__setattr__(self, "name", self.stores[0] if free and single else None)
        object.__setattr__(self, "again", bool(self.atoms))
        object.__setattr__(self, "asks", bool(self.atoms or self.built_in))


_CHANGING_METHODS = frozenset({
    "append", "appendleft", "pop", "popleft", "popitem", "add", "discard", "remove", "insert", "clear", "reverse",
    "sort", "setdefault", "rotate", "move_to_end",
})  # fmt: skip


class Effects:
    """Effects of the statements of one source."""

    def __init__(self, nodes: Sequence[ast.AST]) -> None:
        """`nodes` are all of its syntax tree."""
        self._code = Purity(nodes)
        self._is_pure = self._code.is_pure
        self.renames = self._code.renames
        self.functions = self._code.functions
        """Names of the built-in functions that an effect may rely on."""

    def of(self, node: ast.AST) -> Effect | None:
        """The effect of one statement's own line; None if it may change anything."""
        if self._code.off:
            return None
        self._code.built_in = []
        effect = self._effect(node)
        if effect is None or not self._code.built_in:
            return effect
        return replace(effect, built_in=(*effect.built_in, *sorted(set(self._code.built_in))))

    def _effect(self, node: ast.AST) -> Effect | None:
        match node:
            case ast.If() | ast.While():
                return Effect(()) if self._is_pure(node.test) else None
            case ast.Expr(value=value):
                return self._expression((), value)
            case ast.Return(value=value):
                return Effect(()) if value is None else self._expression((), value)
            case ast.Pass() | ast.Break() | ast.Continue() | ast.Try() | ast.Global() | ast.Nonlocal():
                return Effect(())
            case ast.Assign(targets=targets, value=value) if all(map(_is_plain, targets)):
                return self._expression(tuple(name for target in targets for name in _names(target)), value)
            case ast.Assign(targets=[target], value=value) if self._is_pure(value):
                return self._assignment(target, value)
            case ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value, simple=1):
                return self._expression((name,), value)
            case ast.AugAssign(target=ast.Name(id=name), value=value):
                return Effect((name,), atoms=(name,)) if self._is_pure(value) else None
            case ast.AugAssign(target=ast.Subscript() | ast.Attribute() as target, value=value) if self._is_pure(value):
                effect = self._assignment(target, value)
                return effect and replace(effect, changes=tuple(c._replace(in_place=True) for c in effect.changes))
            case ast.For(target=target, iter=iterable):
                return self._loop(node, target, iterable)
        return None

    def _expression(self, stores: tuple[str, ...], value: ast.expr) -> Effect | None:
        """Evaluate and maybe bind: `x = value`, where the value may be one changing method of a container."""
        if self._is_pure(value):
            return Effect(stores)
        match value:
            case ast.Call(func=ast.Attribute(value=ast.Name(id=name), attr=method), args=arguments, keywords=[]):
                return self._method(stores, name, method, arguments)
        return None

    def _method(self, stores: tuple[str, ...], name: str, method: str, arguments: list[ast.expr]) -> Effect | None:
        """A changing method of a container; its one argument may be what another gave: `xs.append(ys.pop())`."""
        if method not in _CHANGING_METHODS or name in stores:
            return None
        changes = (_called(name, method, arguments),)
        if all(map(self._is_pure, arguments)):
            return Effect(stores, built_in=(name,), changes=changes)
        match arguments:
            case [ast.Call(func=ast.Attribute(value=ast.Name(id=inner), attr=attr), args=rest, keywords=[])]:
                if attr in _CHANGING_METHODS and inner not in stores and all(map(self._is_pure, rest)):
                    return Effect(stores, built_in=(name, inner), changes=(*changes, _called(inner, attr, rest)))
        return None

    def _assignment(self, target: ast.expr, value: ast.expr) -> Effect | None:
        """To an element of a container, or to several names and elements side by side."""
        pairs = isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple) and len(target.elts) == len(value.elts)
        parts = target.elts if pairs and isinstance(target, ast.Tuple) else [target]
        stores: list[str] = []
        changes: list[Change] = []
        for part in parts:
            match part:
                case ast.Name(id=name) if pairs:
                    stores.append(name)
                case ast.Subscript(value=ast.Name(id=name), slice=index) if self._is_pure(index):
                    changes.append(_stored(name, index))
                case ast.Attribute(value=ast.Name(id=name), attr=attr) if self._code.attributes and attr[:2] != "__":
                    changes.append(Change(name, "attribute", (None, attr)))
                case _:
                    return None
        if {change.key[0] for change in changes} & set(stores) or {change.name for change in changes} & set(stores):
            return None
        return Effect(tuple(stores), changes=tuple(changes))

    def _loop(self, node: ast.For, target: ast.expr, iterable: ast.expr) -> Effect | None:
        """The head of a loop: it advances an iterator over a built-in container and binds the target."""
        match iterable:
            case ast.Call(func=ast.Name(id="range")) | ast.List() | ast.Tuple() | ast.Constant():
                return Effect(tuple(_names(target))) if _is_plain(target) and self._is_pure(iterable) else None
            case ast.Name(id=name) if _is_plain(target):
                self._code.built_in.append(name)
            case ast.Call(func=ast.Name(id="enumerate" | "zip")) | ast.Call(func=ast.Attribute(attr="items")):
                fresh = isinstance(target, ast.Tuple) and all(map(_is_plain, target.elts))  # the tuple is new
                if not (fresh or _is_plain(target)) or not self._is_pure(iterable):
                    return None
            case _:
                return None
        rebound = {
            part.id
            for part in ast.walk(node)
            if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Store | ast.Del)
        }
        if not rebound.isdisjoint(self._code.built_in):  # what is asked of the names now holds of the first round alone
            return None
        parts = target.elts if isinstance(target, ast.Tuple) else [target]
        return Effect(tuple(name for part in parts for name in _names(part)))


def _called(name: str, method: str, arguments: list[ast.expr]) -> Change:
    match method, arguments:
        case "append" | "add", [_]:
            return Change(name, method)
        case "pop", []:
            return Change(name, "pop", (None, -1))
        case "pop", [ast.Constant(value=int(0))]:
            return Change(name, "pop", (None, 0))
    return Change(name)


def _stored(name: str, index: ast.expr) -> Change:
    match index:
        case ast.Name(id=held):
            return Change(name, "store", (held, 0))
        case ast.Constant(value=constant):
            return Change(name, "store", (None, constant))
        case ast.BinOp(left=ast.Name(id=held), op=ast.Add(), right=ast.Constant(value=int() as more)):
            return Change(name, "store", (held, int(more)))
        case ast.BinOp(left=ast.Name(id=held), op=ast.Sub(), right=ast.Constant(value=int() as less)):
            return Change(name, "store", (held, -int(less)))
    return Change(name)


def _is_plain(target: ast.expr) -> bool:
    """A single name; unpacking may consume an iterator."""
    return isinstance(target, ast.Name)


def _names(target: ast.expr) -> list[str]:
    return [target.id] if isinstance(target, ast.Name) else []
