"""An expression with its plain names replaced by their current values: `(s + x) % 10` with s = 0, x = 3 reads `(0 + 3)
% 10`.

Only names whose value is a number, a boolean, None or a short string are replaced; names that are called, and names
that the text itself binds (comprehension, lambda, walrus), stay. The layout of the source is kept, spread lines are
joined. `input()` is replaced by what it read when that is known. Values are the texts of a trace (`Step.locals`). A
text is taken apart once (`_template`), and filled in once with the same values.
"""

import ast
import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import NamedTuple, TypeGuard

from .values import is_elided

SHORT = 24
"""Characters up to which a string is put in place of its name."""

CONTAINER = 30
"""Characters up to which a list, tuple, set or dict is put in place of its name, where that is asked for."""

_NUMBER = re.compile(r"-?(\d+(\.\d+)?(e[+-]?\d+)?)\Z")
_BINDERS = ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp | ast.Lambda


class _Spot(NamedTuple):
    """A place in a text that a value may fill, after the text that precedes it."""

    before: str
    source: str
    name: str
    """The name, or "" for an `input()` call."""
    tight: bool
    """Whether a negative number needs brackets there."""


def substitute(
    source: str,
    node: ast.expr | ast.stmt,
    names: Mapping[str, str],
    read: str | None = None,
    *,
    containers: bool = False,
) -> str:
    """The text of `node` (of the syntax tree of `source`) with values for names; `read` is the line its one `input()`
    got. With `containers` also short lists, tuples, sets and dicts take the place of their names."""
    spots, _ = _template(source, node)
    return _filled(source, node, tuple([names.get(spot.name) for spot in spots]), read, containers)


@lru_cache(maxsize=8192)  # a loop comes back to the same values, and other inputs do
def _filled(
    source: str, node: ast.expr | ast.stmt, values: tuple[str | None, ...], read: str | None, containers: bool
) -> str:
    """The text with these values in its spots; None leaves one as it is."""
    spots, rest = _template(source, node)
    pieces: list[str] = []
    for (before, original, name, tight), known in zip(spots, values, strict=True):
        pieces.append(before)
        value = known if name else (None if read is None else repr(read))
        if value is None or (name and not (is_plain(value) or (containers and _is_short_container(value)))):
            pieces.append(original)
        else:
            pieces.append(f"({value})" if tight and value[0] == "-" else value)
    pieces.append(rest)
    return one_line("".join(pieces))


def one_line(text: str) -> str:
    """Spread source joined into one line."""
    if "\n" not in text:
        return text
    return re.sub(r"\s*\\?\n\s*", " ", text).replace("( ", "(").replace("[ ", "[").replace(" )", ")").replace(" ]", "]")


def is_plain(value: str) -> bool:
    """Whether a value's text may stand in for a name."""
    if value in ("True", "False", "None") or _NUMBER.match(value):
        return True
    return len(value) <= SHORT and value[:1] in "'\"" and value[-1:] == value[:1]


@lru_cache(maxsize=1024)
def _is_short_container(value: str) -> bool:
    if len(value) > CONTAINER or value[:1] not in "[({" or is_elided(value):
        return False
    try:
        ast.literal_eval(value)
    except (ValueError, SyntaxError, TypeError):  # an object is in it
        return False
    return True


@lru_cache(maxsize=4096)
def _template(source: str, node: ast.expr | ast.stmt) -> tuple[list[_Spot], str]:
    """The spots of a text in order, and the text after the last one."""
    data, offsets = _lines(source)

    def place(part: ast.expr | ast.stmt) -> tuple[int, int]:
        end = offsets[part.end_lineno or part.lineno] + (part.end_col_offset or 0)
        return offsets[part.lineno] + part.col_offset, end

    at, end = place(node)
    spots: list[_Spot] = []
    for part, name, tight in sorted(_parts(node), key=lambda found: place(found[0])):
        start, stop = place(part)
        spots.append(_Spot(data[at:start].decode(), data[start:stop].decode(), name, tight))
        at = stop
    return spots, data[at:end].decode()


def _parts(node: ast.AST) -> Iterator[tuple[ast.expr, str, bool]]:
    inputs = [part for part in ast.walk(node) if _is_input(part)]
    own = {part.target.id for part in ast.walk(node) if isinstance(part, ast.NamedExpr)}
    for part, parent, bound in _walk(node, None, frozenset(own)):
        if len(inputs) == 1 and part is inputs[0]:
            yield part, "", False
        elif _is_read(part, parent) and part.id not in bound:
            yield part, part.id, _binds_tighter(part, parent)


def _is_read(part: ast.expr, parent: ast.AST | None) -> TypeGuard[ast.Name]:
    """A name whose value is taken, other than to call it."""
    called = isinstance(parent, ast.Call) and parent.func is part
    return isinstance(part, ast.Name) and isinstance(part.ctx, ast.Load) and not called


def _walk(
    node: ast.AST, parent: ast.AST | None, bound: frozenset[str]
) -> Iterator[tuple[ast.expr, ast.AST | None, frozenset[str]]]:
    if isinstance(node, ast.JoinedStr):  # a value inside an f-string would read as its text
        return
    if isinstance(node, _BINDERS):
        bound = bound | _bound_by(node)
    if isinstance(node, ast.expr):
        yield node, parent, bound
    if _is_input(node):  # replaced as a whole
        return
    for child in ast.iter_child_nodes(node):
        yield from _walk(child, node, bound)


def _bound_by(node: ast.AST) -> frozenset[str]:
    stored = {part.id for part in ast.walk(node) if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Store)}
    return frozenset(stored | {part.arg for part in ast.walk(node) if isinstance(part, ast.arg)})


def _binds_tighter(node: ast.Name, parent: ast.AST | None) -> bool:
    if isinstance(parent, ast.BinOp):
        return isinstance(parent.op, ast.Pow) and parent.left is node
    return isinstance(parent, ast.Attribute | ast.UnaryOp | ast.Subscript | ast.Await)


def _is_input(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "input"


@lru_cache(maxsize=64)
def _lines(source: str) -> tuple[bytes, list[int]]:
    """The source as bytes and the byte offset of every line, from 1, as the syntax tree counts lines."""
    offsets, at = [0, 0], 0
    for line in re.split(r"(?<=\n)|(?<=\r)(?!\n)", source):
        at += len(line.encode())
        offsets.append(at)
    return source.encode(), offsets
