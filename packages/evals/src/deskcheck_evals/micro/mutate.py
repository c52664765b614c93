"""Wrong variants of a program: one constant, comparison, operator, builtin or item changed.

They stand for the near misses a solver writes. Self-fix rows are built from them (statement + near miss + what the
tests said -> the program), and the judge decides what a variant really does: some are equivalent by luck.
"""

from __future__ import annotations

import ast
import random
from collections.abc import Callable

_COMPARISONS: list[type[ast.cmpop]] = [ast.Lt, ast.Gt, ast.LtE, ast.GtE, ast.Eq, ast.NotEq]
_OPERATORS: list[type[ast.operator]] = [ast.Add, ast.Sub, ast.Mod, ast.FloorDiv]
_NAMES = {"max": "min", "min": "max", "sorted": "list", "s": "x", "x": "s"}

Edit = Callable[[], None]


def _edits(node: ast.AST, rng: random.Random) -> list[Edit]:
    """The ways to change `node` in place."""
    if isinstance(node, ast.Constant) and type(node.value) is int:
        value = node.value
        return [
            lambda: setattr(node, "value", rng.choice([v for v in range(max(0, value - 3), value + 4) if v != value]))
        ]
    if isinstance(node, ast.Compare):
        now = type(node.ops[0])
        return [lambda: setattr(node, "ops", [rng.choice([c for c in _COMPARISONS if c is not now])()])]
    if isinstance(node, (ast.AugAssign, ast.BinOp)) and type(node.op) in _OPERATORS[:2]:
        other = ast.Sub if isinstance(node.op, ast.Add) else ast.Add
        return [lambda: setattr(node, "op", other())]
    if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load) and node.id in _NAMES:
        return [lambda: setattr(node, "id", _NAMES[node.id])]
    if isinstance(node, ast.If) and len(node.orelse) > 0 and not isinstance(node.orelse[0], ast.If):
        return [lambda: setattr(node, "orelse", [])]
    return []


def mutate(source: str, rng: random.Random, changes: int = 1) -> str:
    """`source` with `changes` random edits; equal to it only where nothing can be changed."""
    tree = ast.parse(source)
    for _ in range(changes):
        # The reading line is left alone: a program that misreads its input teaches nothing.
        edits = [edit for statement in tree.body[1:] for node in ast.walk(statement) for edit in _edits(node, rng)]
        if edits:
            rng.choice(edits)()
    return ast.unparse(tree)
