"""Names that the program does not have: `tally` in backticks, run_total, "tally becomes 3", "a flag called tally"."""

import ast
import collections
import itertools
import keyword
import re
import sys

from .course import BUILTINS
from .page import Page
from .statement import Matter
from .tokens import Kind, Token
from .vocabulary import words

_IDENTIFIER = re.compile(r"[^\W\d]\w*\Z")
_CODELIKE = re.compile(r"[a-z]+(?:_[a-z0-9]+)+\Z|[a-z]+[A-Z][a-z]\w*\Z|[a-z]{1,12}\d+\Z")
_ROLES = words(
    "variable variables counter flag accumulator helper list dictionary dict set pointer index function named called"
)
_WORDS = words(
    "it this that they these those which what who output result answer input nothing everything something "
    "execution control return returns line step round iteration pass case condition test check sum length size "
    "index position value values remainder quotient difference product total average mean maximum minimum max min "
    "count counter there one both each all none neither either list string tuple dict set number element item key "
    "word letter character digit loop function program code call stdout stdin then now here so and but or if else "
    "for while in on at by with from to first second third next last final start end begin left right middle i we "
    "you he she parity state init guard verdict truth hit miss note recap summary reading setup after before done "
    "top bottom half rest head tail old new current previous prev bigger smaller modulo mod floor ceiling power "
    "square cube range types type bool int float str true false name exit trace time times steps score table row "
    "column rows cols grid cell entry entries pair pairs stack queue balance"
)
_METHODS = frozenset(
    name for kind in (str, list, dict, set, tuple, int, float, bytes) for name in dir(kind) if not name.startswith("__")
)
_LIBRARY = frozenset(sys.stdlib_module_names) | frozenset(collections.__all__) | frozenset(dir(itertools))
_CHANGES = words("becomes became")


def read_names(page: Page) -> None:
    """Every word in the role of a name that the program does not know."""
    for index, token in enumerate(page.tokens):
        if token.kind is Kind.code and (_is_invented(page, token.text) or _plays_name(page, index, token.text)):
            page.add(Matter.naming, index, index, False, f"the program has no {token.text}")
        elif token.kind is Kind.word and index not in page.used and _IDENTIFIER.match(token.text):
            if _in_role(page, index, token) and _is_invented(page, token.text):
                page.add(Matter.naming, index, index, False, f"the program has no {token.text}")
        elif token.kind is Kind.expression and (token.quoted or isinstance(token.node, ast.Attribute)):
            for name in _names_of(token):
                if _is_invented(page, name):
                    page.add(Matter.naming, index, index, False, f"the program has no {name}")


def _names_of(token: Token) -> list[str]:
    """The names of an expression, and the attributes of `self`."""
    parts = list(ast.walk(token.node)) if token.node else []
    bound = {part.arg for part in parts if isinstance(part, ast.arg)}
    bound |= {part.id for part in parts if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Store)}
    return [part.id for part in parts if isinstance(part, ast.Name) and part.id not in bound] + [
        part.attr
        for part in parts
        if isinstance(part, ast.Attribute) and isinstance(part.value, ast.Name) and part.value.id == "self"
    ]


def _is_invented(page: Page, text: str) -> bool:
    name = text.strip().removesuffix("()").removeprefix(".")
    name = re.sub(r"\(.*\)\Z|\[.*\]\Z", "", name)
    if not _IDENTIFIER.match(name) or keyword.iskeyword(name) or name in page.course.names:
        return False
    if (
        name in _LIBRARY
        or name in BUILTINS
        or name in _METHODS
        or name.lower() in ("true", "false", "none", "null", "stdin", "stdout")
    ):
        return False
    return name not in page.course.text_values and not (len(name) < 4 and name in page.course.told_text)


def _plays_name(page: Page, index: int, text: str) -> bool:
    """Whether a letter of some text is given a number: only a name could be."""
    if (
        text in page.course.text_values
        or text in page.course.names
        or not _IDENTIFIER.match(text)
        or keyword.iskeyword(text)
    ):
        return False
    at = index + 2
    if page.low(index + 1) in ("is", "was", "gets") and page.lows(at + 1, at + 2) == ["to"] and page.is_value(at + 2):
        return page.is_word(at) and text not in BUILTINS  # "`count` is raised to 2"
    while page.low(at) in ("now", "to", "the", "value", "set"):
        at += 1
    if (
        page.low(index + 1) in ("is", "was")
        and page.low(at) in ("found", "given", "computed", "made")
        and (page.lows(at + 1, at + 3) in (["to", "be"], ["as", "the"]))
    ):
        at += 3
    return page.low(index + 1) in ("is", "=", "becomes", "was", "holds") and page.is_value(at) and text not in BUILTINS


def _in_role(page: Page, index: int, token: Token) -> bool:
    """Whether a bare word is used as only a name would be."""
    text, after, before = token.text, page.low(index + 1), page.low(index - 1)
    if _CODELIKE.match(text):
        return True
    if len(text) == 1 and text.islower() and after == "=" and page.is_value(index + 2):
        return True
    if text.lower() in _WORDS or not text.islower():
        return False
    if (
        after in ("=", "==", "+=", "-=", "*=", ":=")
        and before not in ("the", "a", "an")
        and (page.is_term(index + 2) or page.low(index + 2) in ("true", "false"))
    ):
        return True
    if (
        after in _CHANGES
        and page.is_term(index + 2)
        and before in ("", ",", ".", "and", "so", "then", ";", ":", "where", "which", "(", "while", "but")
    ):
        return True
    if before in ("variable", "named", "called") and not page.tokens[index - 1].quoted:
        return after in _ROLE_ENDS and page.low(index - 2) in _ROLES | {"the", "a", "variable", "counter"}
    return False


_ROLE_ENDS = words("is to at becomes = gets holds starts now stays , . and which that")
