# ruff: noqa: RUF001 - people write dashes, quotes and signs of all kinds
"""Terms joined by operators as one expression: `total + 3`, "4 plus 3", "12 divided by 4", `x % 2 == 0`."""

import ast
import warnings
from functools import lru_cache

from .literal import UNKNOWN, value_of
from .tokens import Kind, Token
from .vocabulary import words

_OPERATORS = {
    "+": "+", "-": "-", "*": "*", "/": "/", "//": "//", "%": "%", "**": "**", "×": "*", "·": "*", "−": "-", "÷": "/",
    "==": "==", "!=": "!=", "<": "<", ">": ">", "<=": "<=", ">=": ">=", "≤": "<=", "≥": ">=", "≠": "!=",
    "plus": "+", "minus": "-", "times": "*", "mod": "%", "modulo": "%",
}  # fmt: skip

_ARROWS = frozenset(("→", "->", "=>", "⇒", "➜", "-->", "—>", "–>"))


@lru_cache(maxsize=4096)
def parsed(source: str) -> ast.expr | None:
    """The expression a text is; None if it is none."""
    try:
        with warnings.catch_warnings(action="ignore"):
            return ast.parse(source.strip(), mode="eval").body
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        return None


def expression(source: str, node: ast.expr, start: int, end: int, quoted: bool) -> Token:
    value = value_of(source)
    if value is not UNKNOWN:
        return Token(Kind.literal, source, start, end, value, quoted=quoted)
    return Token(Kind.expression, source, start, end, node=node, quoted=quoted)


BEING = words(
    "is are was were becomes become became equals holds has gets stays remains = == := += -= *= : < > <= >= != + "
    "- * / % // starts begins ends goes reaches takes ( → ->"
)


def spoken(tokens: list[Token]) -> list[Token]:
    """`divided by` and `multiplied by` as one operator."""
    found: list[Token] = []
    for token in tokens:
        if token.low == "by" and found and found[-1].low in ("divided", "multiplied") and token.kind is Kind.word:
            found[-1] = Token(Kind.mark, "/" if found[-1].low == "divided" else "*", found[-1].start, token.end)
        else:
            found.append(token)
    return found


def joined(tokens: list[Token]) -> list[Token]:
    """Terms joined by operators as expressions; signs joined to their numbers."""
    found: list[Token] = []
    index = 0
    while index < len(tokens):
        stop = _operation(tokens, index)
        if stop - index > 1:
            token = _operated(tokens[index:stop])
            if token is not None:
                found.append(token)
                index = stop
                continue
        found.append(tokens[index])
        index += 1
    return found


def _operation(tokens: list[Token], index: int) -> int:
    """The end of the run `term (operator term)*` that begins at `index`; `index` itself if none does."""
    at = _operand(tokens, index)
    if at == index:
        return index
    asked = any(token.text == "?" for token in tokens[at : at + 4])
    bound = index > 0 and tokens[index - 1].text == "=" and not asked
    while at < len(tokens) and tokens[at].low in _OPERATORS and not tokens[at].quoted and not _is_sign(tokens, at):
        after = _operand(tokens, at + 1)
        if after == at + 1 or _is_dash(tokens, at) or (bound and tokens[at].low in _COMPARES | _SPOKEN):
            return at
        at = after
    return at


def _operand(tokens: list[Token], index: int) -> int:
    """The end of a term: a value, name or expression, a sign and a value, or an operation in round brackets."""
    if index >= len(tokens):
        return index
    token = tokens[index]
    if token.is_term:
        return index + 1
    if token.text in ("-", "−") and index + 1 < len(tokens) and isinstance(tokens[index + 1].value, int | float):
        return index + 2 if tokens[index + 1].start == token.end else index
    if token.text == "(":
        stop = _operation(tokens, index + 1)
        if stop > index + 2 and stop < len(tokens) and tokens[stop].text == ")":
            return stop + 1
    return index


def _is_sign(tokens: list[Token], at: int) -> bool:
    """Whether a minus belongs to the number after it: `balance -45`."""
    if tokens[at].text not in ("-", "−") or at + 1 >= len(tokens):
        return False
    return tokens[at - 1].end < tokens[at].start and tokens[at].end == tokens[at + 1].start


_SPOKEN = words("plus minus times")
_COMPARES = frozenset(("<", ">", "<=", ">=", "==", "!=", "≤", "≥", "≠"))


def _is_dash(tokens: list[Token], at: int) -> bool:
    """Whether a minus sign parts two statements: `x = 3 - total becomes 4`."""
    if tokens[at].text != "-" or at + 2 >= len(tokens) or tokens[at + 1].kind is not Kind.identifier:
        return False
    return tokens[at + 2].low in BEING and tokens[at + 2].low not in _OPERATORS


def _operated(tokens: list[Token]) -> Token | None:
    if len(tokens) == 1:
        return None
    pieces = [_OPERATORS.get(token.low, _source(token)) for token in tokens]
    source = " ".join(pieces)
    node = parsed(source)
    if node is None:
        return None
    found = expression(source, node, tokens[0].start, tokens[-1].end, False)
    found.text = source
    return found


def _source(token: Token) -> str:
    if token.kind is Kind.literal:
        return repr(token.value)
    return f"({token.text})" if token.kind is Kind.expression else token.text


def is_arrow(token: Token) -> bool:
    """Whether it is an arrow."""
    return token.text in _ARROWS
