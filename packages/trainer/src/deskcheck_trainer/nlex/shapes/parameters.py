"""The parameters of one function of a module, each with its shape."""

from __future__ import annotations

import ast
from dataclasses import dataclass

from deskcheck_trainer.nlex.shapes.shape import Shape
from deskcheck_trainer.nlex.shapes.usage import Usage
from deskcheck_trainer.nlex.syntax import parsed


@dataclass(frozen=True)
class Parameter:
    """One parameter."""

    name: str
    shape: Shape
    optional: bool = False
    """It has a default value."""
    by_name: bool = False
    """Given as `name=value` only."""
    by_place: bool = False
    """Never given as `name=value`."""
    rest: bool = False
    """`*names`; its shape is that of one of them."""


def read_parameters(source: str, entry_point: str) -> list[Parameter] | None:
    """The parameters of a module-level function; None where there is no such function, or the text is no program."""
    if (tree := parsed(source)) is None:
        return None
    function = next((n for n in tree.body if isinstance(n, ast.FunctionDef) and n.name == entry_point), None)
    try:
        return _parameters(Usage(tree), function) if function is not None else None
    except RecursionError:  # expressions inside expressions, hundreds deep
        return None


def _parameters(usage: Usage, function: ast.FunctionDef) -> list[Parameter]:
    shapes = usage.entry(function)
    a = function.args
    places = [*a.posonlyargs, *a.args]
    required = len(places) - len(a.defaults)
    found = [
        Parameter(p.arg, shapes[p.arg], optional=i >= required, by_place=p in a.posonlyargs)
        for i, p in enumerate(places)
    ]
    if a.vararg:
        found.append(Parameter(a.vararg.arg, shapes[a.vararg.arg].part("item"), rest=True))
    for p, value in zip(a.kwonlyargs, a.kw_defaults, strict=True):
        found.append(Parameter(p.arg, shapes[p.arg], optional=value is not None, by_name=True))
    return found
