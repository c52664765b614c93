"""What a name of a program stands for, as far as walking its text goes: functions, classes, instances, scopes."""

from __future__ import annotations

import ast
from collections.abc import Mapping, MutableMapping
from dataclasses import dataclass, field

from deskcheck_trainer.nlex.shapes.shape import Shape

FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda


@dataclass(eq=False)
class Scope:
    """The names of a function that is being walked."""

    names: MutableMapping[str, Shape]
    returns: Shape = field(default_factory=Shape)


@dataclass(frozen=True)
class Meaning:
    """A function or class of the module, with the scope it was defined in; `self` for methods."""

    node: FunctionNode | ast.ClassDef
    scope: Scope
    owner: Shape | None = None


@dataclass(frozen=True)
class Signature:
    """What a function takes and gives."""

    parameters: dict[str, Shape]
    returns: Shape


@dataclass(frozen=True)
class Instances:
    """A class with what its instances hold; as the meaning of a shape, it is an instance."""

    node: ast.ClassDef
    itself: Shape
    methods: Mapping[str, ast.FunctionDef]
    bases: tuple[str, ...] = ()
    constructor: dict[str, Shape] = field(default_factory=dict)
    """What `Class(...)` takes, by name."""
