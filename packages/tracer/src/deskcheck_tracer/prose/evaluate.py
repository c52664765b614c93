"""The value of an expression in a state, for expressions that cannot do harm: literals, names, operators, subscripts,
and a few built-in functions and methods without side effects. Anything else is UNKNOWN.

Names are looked up by the caller, so are calls of the program's own functions.
"""

import ast
import operator
from collections.abc import Callable
from typing import Any

from .literal import UNKNOWN
from .vocabulary import words

Lookup = Callable[[str], Any]
Called = Callable[[str, list[Any]], Any]

_BINARY: dict[type, Callable[[Any, Any], Any]] = {
    ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv, ast.Mod: operator.mod, ast.BitAnd: operator.and_, ast.BitOr: operator.or_,
    ast.BitXor: operator.xor,
}  # fmt: skip
_COMPARE: dict[type, Callable[[Any, Any], Any]] = {
    ast.Eq: operator.eq, ast.NotEq: operator.ne, ast.Lt: operator.lt, ast.LtE: operator.le, ast.Gt: operator.gt,
    ast.GtE: operator.ge, ast.In: lambda a, b: a in b, ast.NotIn: lambda a, b: a not in b, ast.Is: operator.is_,
    ast.IsNot: operator.is_not,
}  # fmt: skip
_FUNCTIONS: dict[str, Callable[..., Any]] = {
    "len": len, "sum": sum, "min": min, "max": max, "abs": abs, "sorted": sorted, "int": int, "str": str, "bool": bool,
    "float": float, "round": round, "ord": ord, "chr": chr, "list": list, "tuple": tuple, "set": set,
    "reversed": lambda items: list(reversed(items)), "divmod": divmod,
}  # fmt: skip
_METHODS = words(
    "upper lower strip split isdigit isalpha isupper islower isspace isalnum count index find get keys values "
    "items startswith endswith replace title capitalize swapcase join lstrip rstrip"
)
_LARGEST = 10**60


def evaluate(node: ast.expr, lookup: Lookup, called: Called, seen: Callable[[Any], None] | None = None) -> Any:
    """The value of an expression; UNKNOWN where it has none or cannot be known. `seen` gets the values of its parts."""
    try:
        return _evaluate(node, lookup, called, seen)
    except Exception:  # of the program's operators, on whatever values it has: there is no value
        return UNKNOWN


def _evaluate(node: ast.AST, lookup: Lookup, called: Called, seen: Callable[[Any], None] | None) -> Any:
    def value(part: ast.AST) -> Any:
        found = _evaluate(part, lookup, called, seen)
        if found is UNKNOWN:
            raise LookupError
        if seen is not None and not isinstance(part, ast.Constant):
            seen(found)
        return found

    match node:
        case ast.Constant():
            return node.value
        case ast.Name():
            return lookup(node.id)
        case ast.Attribute(value=ast.Name(id=owner), attr=name):
            return lookup(f"{owner}.{name}")
        case ast.List(elts=items):
            return [value(item) for item in items]
        case ast.Tuple(elts=items):
            return tuple(value(item) for item in items)
        case ast.Set(elts=items):
            return {value(item) for item in items}
        case ast.Dict(keys=keys, values=values):
            return {value(one): value(other) for one, other in zip(keys, values, strict=True) if one is not None}
        case ast.UnaryOp(op=ast.Not()):
            return not value(node.operand)
        case ast.UnaryOp(op=ast.USub()):
            return -value(node.operand)
        case ast.UnaryOp(op=ast.UAdd()):
            return value(node.operand)
        case ast.BinOp(op=ast.Pow()):
            return _power(value(node.left), value(node.right))
        case ast.BinOp():
            return _binary(node.op, value(node.left), value(node.right))
        case ast.BoolOp():
            return _boolean(node, value)
        case ast.Compare():
            return _compare(node, value)
        case ast.IfExp():
            return value(node.body) if value(node.test) else value(node.orelse)
        case ast.Subscript():
            return value(node.value)[value(node.slice)]
        case ast.Slice():
            return slice(*(None if part is None else value(part) for part in (node.lower, node.upper, node.step)))
        case ast.Call(func=ast.Name(id=name)) if not node.keywords:
            arguments = [value(item) for item in node.args]
            known = called(name, arguments)
            return known if known is not UNKNOWN or name not in _FUNCTIONS else _FUNCTIONS[name](*arguments)
        case ast.Call(func=ast.Attribute(value=owner, attr=name)) if not node.keywords and name in _METHODS:
            receiver = value(owner)
            if isinstance(receiver, str | list | tuple | dict):
                return getattr(receiver, name)(*(value(item) for item in node.args))
    return UNKNOWN


def _binary(op: ast.operator, left: Any, right: Any) -> Any:
    if isinstance(op, ast.Mult) and any(_repeats(one, other) for one, other in ((left, right), (right, left))):
        return UNKNOWN
    if isinstance(op, ast.Mod) and isinstance(left, str | bytes):  # formatting may ask for any width
        return UNKNOWN
    found = _BINARY[type(op)](left, right)
    return UNKNOWN if isinstance(found, int) and abs(found) > _LARGEST else found


def _repeats(item: Any, times: Any) -> bool:
    """Whether a product would be a text or list of more than 10,000 parts."""
    return isinstance(item, str | bytes | list | tuple) and (not isinstance(times, int) or len(item) * times > 10_000)


def _power(base: Any, exponent: Any) -> Any:
    if not isinstance(exponent, int) or abs(exponent) > 64 or abs(base) > 10**6:
        return UNKNOWN
    return base**exponent


def _boolean(node: ast.BoolOp, value: Callable[[ast.AST], Any]) -> Any:
    found: Any = UNKNOWN
    for part in node.values:
        found = value(part)
        if bool(found) is isinstance(node.op, ast.Or):
            break
    return found


def _compare(node: ast.Compare, value: Callable[[ast.AST], Any]) -> Any:
    left = value(node.left)
    for op, part in zip(node.ops, node.comparators, strict=True):
        right = value(part)
        if not _COMPARE[type(op)](left, right):
            return False
        left = right
    return True
