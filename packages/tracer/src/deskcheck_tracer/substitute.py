"""An expression with its plain names replaced by their current values: `(s + x) % 10` with s = 0, x = 3 reads `(0 + 3) % 10`.

Only names whose value is a number, a boolean, None or a short string are replaced; names that are called, and names that a
comprehension or lambda inside the expression binds, stay. The layout of the source is kept, spread lines are joined. `input()` is
replaced by what it read when that is known. Values are the texts of a trace (`Step.locals`).
"""

import ast
import re
from collections.abc import Iterator, Mapping

SHORT = 24
"""Characters up to which a string is put in place of its name."""

_NUMBER = re.compile(r"-?(\d+(\.\d+)?(e[+-]?\d+)?)\Z")
_BINDERS = ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp | ast.Lambda


def substitute(source: str, node: ast.expr, names: Mapping[str, str], read: str | None = None) -> str:
    """The text of `node` (an expression of `source`) with values for names; `read` is the line its one `input()` got."""
    offsets = _line_offsets(source)
    data = source.encode()
    start = offsets[node.lineno] + node.col_offset
    end = offsets[node.end_lineno or node.lineno] + (node.end_col_offset or 0)
    pieces: list[bytes] = []
    for part, text in sorted(_replacements(node, names, read), key=lambda pair: (pair[0].lineno, pair[0].col_offset)):
        at = offsets[part.lineno] + part.col_offset
        pieces += [data[start:at], text.encode()]
        start = offsets[part.end_lineno or part.lineno] + (part.end_col_offset or 0)
    pieces.append(data[start:end])
    return one_line(b"".join(pieces).decode())


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


def _replacements(node: ast.expr, names: Mapping[str, str], read: str | None) -> Iterator[tuple[ast.expr, str]]:
    reads = [part for part in ast.walk(node) if _is_input(part)]
    for part, parent, bound in _walk(node, None, frozenset()):
        if read is not None and len(reads) == 1 and part is reads[0]:
            yield part, repr(read)
        elif isinstance(part, ast.Name) and isinstance(part.ctx, ast.Load) and part.id not in bound:
            value = names.get(part.id)
            if value is not None and is_plain(value) and not (isinstance(parent, ast.Call) and parent.func is part):
                yield part, f"({value})" if value[0] == "-" and _binds_tighter(part, parent) else value


def _walk(
    node: ast.AST, parent: ast.AST | None, bound: frozenset[str]
) -> Iterator[tuple[ast.expr, ast.AST | None, frozenset[str]]]:
    if isinstance(node, ast.JoinedStr):  # positions inside an f-string are of no use before 3.12's grammar and hard to read after
        return
    if isinstance(node, _BINDERS):
        bound = bound | _bound_by(node)
    if isinstance(node, ast.expr):
        yield node, parent, bound
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


def _line_offsets(source: str) -> list[int]:
    """Byte offset of every line, from 1, as the syntax tree counts lines."""
    offsets, at = [0, 0], 0
    for line in re.split(r"(?<=\n)|(?<=\r)(?!\n)", source):
        at += len(line.encode())
        offsets.append(at)
    return offsets
