"""Walking the statements of a body, in the order of its lines."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from deskcheck_trainer.nlex.shapes.definitions import Scope
from deskcheck_trainer.nlex.shapes.hints import annotate
from deskcheck_trainer.nlex.shapes.shape import Shape, sequence

if TYPE_CHECKING:
    from deskcheck_trainer.nlex.shapes.usage import Usage

MAX_STEPS = 20_000
"""Expressions and statements walked for one function."""


def walk(usage: Usage, statements: list[ast.stmt], scope: Scope) -> None:
    for statement in statements:
        if usage.steps > MAX_STEPS:
            return
        usage.steps += 1
        _statement(usage, statement, scope)


def _statement(usage: Usage, node: ast.stmt, scope: Scope) -> None:
    match node:
        case ast.Assign(targets=targets, value=given):
            shape = usage.shape(given, scope)
            for target in targets:
                bind(usage, target, shape, scope)
        case ast.AnnAssign(target=target, annotation=annotation, value=given):
            shape = annotate(usage.shape(given, scope) if given else Shape(), annotation, usage.classes)
            bind(usage, target, shape, scope)
        case ast.AugAssign(target=target, op=operator, value=given):
            bind(usage, target, usage.shape(ast.BinOp(target, operator, given), scope), scope)
        case ast.For(target=target, iter=given, body=body, orelse=orelse):
            bind(usage, target, usage.element(usage.shape(given, scope)), scope)
            walk(usage, [*body, *orelse], scope)
        case ast.While(test=test, body=body, orelse=orelse) | ast.If(test=test, body=body, orelse=orelse):
            usage.test(test, scope)
            walk(usage, body, scope)
            walk(usage, orelse, scope)
        case ast.Return(value=ast.expr() as given):
            scope.returns.alike(usage.shape(given, scope))
        case ast.FunctionDef(name=name):
            scope.names[name] = usage.meaning(node, scope)
        case ast.Expr(value=given):
            usage.shape(given, scope)
        case _:
            _other_statement(usage, node, scope)


def _other_statement(usage: Usage, node: ast.stmt, scope: Scope) -> None:
    for child in ast.iter_child_nodes(node):
        match child:
            case ast.stmt():
                walk(usage, [child], scope)
            case ast.ExceptHandler(body=body) | ast.match_case(body=body):
                walk(usage, body, scope)
            case ast.withitem(context_expr=given):
                usage.shape(given, scope)
            case ast.expr():
                usage.test(child, scope) if isinstance(node, ast.Assert) else usage.shape(child, scope)


def bind(usage: Usage, target: ast.expr, shape: Shape, scope: Scope) -> None:
    """Assign: to a name, to several, to a part."""
    match target:
        case ast.Name(id=name):
            scope.names[name] = shape
        case ast.Tuple(elts=parts) | ast.List(elts=parts):
            if not any(isinstance(part, ast.Starred) for part in parts):
                shape.vote("tuple", 0.3).mark("unpacked", f"arity {len(parts)}")
            for i, part in enumerate(parts):
                bind(usage, part, shape.part(i), scope)
        case ast.Starred(value=part):
            bind(usage, part, sequence(shape), scope)
        case ast.Subscript() | ast.Attribute():
            usage.shape(target, scope).same_as(shape)
