"""Reading a predicted input of a function: whatever the text says, only plain values reach the function.

Who predicts an input has been told the output. A text that ran as it stands could write that output where results are
read, redefine the function, or pass an object whose methods return it; none of these is an input that gives the output.
So the text is parsed, never run, as the arguments of one call. What is no literal (`'ab' * 3`, `f(2)`, `dict(a=1)`) is
evaluated in a jail of its own, from which text alone comes back, and that text must be literals too. The function then
runs in another jail, on literals: what a stranger's expression forged in the first jail is one more input to try.

Functions cannot be carried like that, and some true inputs are lambdas. One is passed as it is written if it is closed:
its parameters, constants, operators, a few builtins and methods of plain values (`lambda x: x < 2`).
"""

import ast
from collections.abc import Sequence, Set
from dataclasses import dataclass

from deskcheck_evals.literal import parsed

_MAKERS = ("set", "frozenset", "range", "bytearray")
"""What repr writes as calls, of types that need no import."""
_BUILTINS = {
    "abs", "all", "any", "bool", "chr", "dict", "divmod", "enumerate", "filter", "float", "int", "isinstance", "len",
    "list", "map", "max", "min", "ord", "pow", "range", "repr", "reversed", "round", "set", "sorted", "str", "sum",
    "tuple", "zip",
}  # fmt: skip
_METHODS = frozenset(
    name
    for kind in (str, bytes, list, tuple, dict, set, int, float)
    for name in vars(kind)
    if not name.startswith("_") and not name.startswith("format")  # '{0.__globals__}'.format reads attributes
)
_COMPUTES = (
    ast.Constant, ast.BoolOp, ast.BinOp, ast.UnaryOp, ast.Compare, ast.IfExp, ast.Call, ast.keyword, ast.Starred,
    ast.Subscript, ast.Slice, ast.List, ast.Tuple, ast.Dict, ast.Set,
    ast.expr_context, ast.boolop, ast.operator, ast.unaryop, ast.cmpop,
)  # fmt: skip


@dataclass(frozen=True)
class Argument:
    """One argument as it was written."""

    prefix: str
    """"", "*", "**" or "name="."""
    text: str
    is_plain: bool
    """A literal, or a closed lambda."""


def called_function(call: str) -> str | None:
    """The name of the function that a program's call expression calls; None if it is no call of a plain name."""
    expression = parsed(call)
    if isinstance(expression, ast.Call) and isinstance(expression.func, ast.Name):
        return expression.func.id
    return None


def read_arguments(text: str, function: str) -> list[Argument] | None:
    """The arguments in a predicted input, which is a whole call of `function` or what stands between its parentheses.

    None if it is neither: more than one expression, a call of something else, brackets that do not match.
    """
    for source in (text, f"{function}({text}\n)"):  # a new line, as the text may end with a comment
        call = parsed(source)
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == function:
            named = [(f"{each.arg}=" if each.arg else "**", each.value) for each in call.keywords]
            return [_argument(source.strip(), prefix, node) for prefix, node in [*map(_starred, call.args), *named]]
    return None


def evaluation(arguments: Sequence[Argument]) -> str | None:
    """An expression for the text of a list of all arguments that are no literals; None if there are none of those."""
    values = [_value(each) for each in arguments if not each.is_plain]
    return f"repr([{', '.join(values)}])" if values else None


def evaluated(arguments: Sequence[Argument], returned: str | None) -> list[Argument] | None:
    """The arguments, with what `evaluation` returned in place of those that are no literals.

    None if it is not as many literals: an object, a class, a module, a text that says something else.
    """
    values = _literals(returned or "")
    if len(values) != sum(not each.is_plain for each in arguments):
        return None
    rest = iter(values)
    return [each if each.is_plain else Argument(each.prefix, next(rest), True) for each in arguments]


def call_of(function: str, arguments: Sequence[Argument]) -> str:
    """The call of `function` with these arguments."""
    return f"{function}({', '.join(f'{each.prefix}({each.text}\n)' for each in arguments)})"


def _starred(node: ast.expr) -> tuple[str, ast.expr]:
    return ("*", node.value) if isinstance(node, ast.Starred) else ("", node)


def _argument(source: str, prefix: str, node: ast.expr) -> Argument:
    text = ast.get_source_segment(source, node)
    assert text is not None, "the parser says where each expression stands"
    return Argument(prefix, text, _is_plain(node))


def _value(argument: Argument) -> str:
    match argument.prefix:
        case "*":
            return f"[*({argument.text}\n)]"
        case "**":
            return f"{{**({argument.text}\n)}}"
        case _:
            return f"({argument.text}\n)"


def _literals(returned: str) -> list[str]:
    """The elements of the list whose repr `returned` is the repr of; none if one of them is no literal."""
    text = parsed(returned)
    if not isinstance(text, ast.Constant) or not isinstance(text.value, str):
        return []
    listed = parsed(text.value)
    if not isinstance(listed, ast.List):
        return []
    nodes = [_Numbers().visit(node) for node in listed.elts]
    return [ast.unparse(node) for node in nodes] if all(map(_is_plain, nodes)) else []


class _Numbers(ast.NodeTransformer):
    """What repr writes as the names inf and nan."""

    def visit_Name(self, node: ast.Name) -> ast.expr:
        return ast.Constant(float(node.id)) if node.id in ("inf", "nan") else node


def _is_plain(node: ast.AST) -> bool:
    """Whether an expression is a literal, or what repr writes for a value of a built-in type, or a closed lambda."""
    match node:
        case ast.Constant():
            return True
        case ast.List(elts=parts) | ast.Tuple(elts=parts) | ast.Set(elts=parts):
            return all(map(_is_plain, parts))
        case ast.Dict(keys=keys, values=values):
            return all(key is not None and _is_plain(key) for key in keys) and all(map(_is_plain, values))
        case ast.UnaryOp(op=ast.USub() | ast.UAdd(), operand=ast.Constant(value=int() | float() | complex())):
            return True
        case ast.BinOp(left=left, op=ast.Add() | ast.Sub(), right=ast.Constant(value=complex())):
            return _is_plain(left)
        case ast.Call(func=ast.Name(id=name), args=parts, keywords=[]):
            return name in _MAKERS and all(map(_is_plain, parts))
        case ast.Lambda():
            return _is_closed(node)
        case _:
            return False


def _is_closed(function: ast.Lambda) -> bool:
    """Whether a lambda can reach nothing but its arguments: it has no defaults, binds nothing, names nothing else."""
    if function.args.defaults or any(function.args.kw_defaults):
        return False
    own = {each.arg for each in ast.walk(function.args) if isinstance(each, ast.arg)}
    return all(_computes(each, own | _BUILTINS) for each in ast.walk(function.body))


def _computes(node: ast.AST, names: Set[str]) -> bool:
    match node:
        case ast.Name(id=name):
            return name in names
        case ast.Attribute(attr=name):
            return name in _METHODS
        case _:
            return isinstance(node, _COMPUTES)
