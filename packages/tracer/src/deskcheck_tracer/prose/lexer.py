"""Text taken apart: sentences, and in each the words, names, values and expressions, with their places in the text.

Code in backticks and code in the open are read alike: `total + 3`, `xs[0]`, `4 > 2`, "4 plus 3" are expressions, a
statement of the program is a `line`. What is a name is decided by the program: English words that happen to be names
(`a`, `in`) count only in backticks or beside an operator or a verb of being.
"""

import ast
import re
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from functools import lru_cache
from typing import Any

from .course import BUILTINS, Course, normal
from .literal import NUMBERS, UNKNOWN, ordinal, value_of
from .vocabulary import words


class Kind(StrEnum):
    """What a token is."""

    word = "word"
    literal = "literal"
    """A literal, `value`."""
    identifier = "identifier"
    """A name of the program."""
    expression = "expression"
    """`node` can be evaluated."""
    line = "line"
    """A statement, or the head of one, that the program has: `lines`."""
    code = "code"
    """Something in backticks that is none of these."""
    ordinal = "ordinal"
    mark = "mark"
    """An operator or punctuation."""


@dataclass
class Token:
    """A piece of a sentence."""

    kind: Kind
    text: str
    start: int
    end: int
    value: Any = UNKNOWN
    node: ast.expr | None = None
    lines: list[int] = field(default_factory=list)
    quoted: bool = False
    """Written in backticks."""

    @property
    def low(self) -> str:
        """The word without its case."""
        return self.text.lower().replace("’", "'")

    @property
    def is_term(self) -> bool:
        """Whether it stands for a value."""
        return self.kind in (Kind.literal, Kind.identifier, Kind.expression)


@dataclass
class Sentence:
    """One sentence, bullet or heading."""

    tokens: list[Token]
    start: int
    end: int
    text: str
    begins_line: bool
    begins_paragraph: bool
    indent: int = 0
    header: list[str] | None = None
    """For a row of a table: the names of its columns."""
    heading: bool = False
    """Nothing but an introduction: it ends in a colon or is marked as a heading."""


_SENTENCE_END = re.compile(r"(?<=[.!?;])[\"')\]]*\s+(?=\S)|(?<=[.!?])$|\n+")
_BULLET = re.compile(r"[ \t]*(?:[-*+•>]+\s+|#+\s*|\(?\d{1,3}[.)]\s+)*")
_TOKEN = re.compile(
    r"""(?P<code>``[^`]+``|`[^`\n]+`)"""
    r"""|(?P<string>(?<![\w)])"(?:[^"\\\n]|\\.)*"|(?<![\w)])'(?:[^'\\\n]|\\.)*'(?!\w))"""
    r"""|(?P<ordinal>\d+(?:st|nd|rd|th)\b)"""
    r"""|(?P<grid>(?<![\w.])\d+[x×]\d+\b)|(?P<number>(?<![\w.])\d{1,3}(?:,\d{3})+(?![\d,])|(?<![\w.])\d+(?:\.\d+)?(?:e[+-]?\d+)?(?!\w))"""
    r"""|(?P<word>[^\W\d](?:\w|-(?=[^\W\d])|['’](?=(?:t|re|ve|ll|m|d)\b))*)"""
    r"""|(?P<mark>\.\.\.|…|\*\*=|//=|[-+*/%]=|==|!=|<=|>=|=>|->|[-–—]+>|\*\*|//|[’']s\b|\S)""",
    re.VERBOSE,
)
_OPERATORS = {
    "+": "+", "-": "-", "*": "*", "/": "/", "//": "//", "%": "%", "**": "**", "×": "*", "·": "*", "−": "-", "÷": "/",
    "==": "==", "!=": "!=", "<": "<", ">": ">", "<=": "<=", ">=": ">=", "≤": "<=", "≥": ">=", "≠": "!=",
    "plus": "+", "minus": "-", "times": "*", "mod": "%", "modulo": "%",
}  # fmt: skip
_ARROWS = frozenset(("→", "->", "=>", "⇒", "➜", "-->", "—>", "–>"))
ENGLISH = words(
    "a an i is in as at it to by of on or and not no so do be if else the this that one all each any start end "
    "stop step go up left right first last next then item items value values list string number numbers word "
    "words char line lines text data input output result results key keys index loop run check test call sum max "
    "min mid low high new old add out even odd size length rest head tail found seen done"
)
"""Words that need a sign (an article's absence, a verb) to be read as names when they stand in the open."""
_KEYWORDS = words("for while if elif else in is not and or return def class with as import from pass break")


def sentences(text: str, course: Course) -> Iterator[Sentence]:
    """The sentences of a text in order."""
    plain = _unmarked(text)
    at = 0
    paragraph = True
    header: list[str] | None = None
    for raw in plain.split("\n"):
        if not raw.strip():
            paragraph = True
        if raw.lstrip().startswith("|"):
            if header is not None and not _RULE.match(raw):
                yield Sentence([], at, at + len(raw), raw, True, False, header=header)
            header = header or cells(raw)
            at += len(raw) + 1
            continue
        header = None
        bullet = _BULLET.match(raw)
        skip = bullet.end() if bullet else 0
        first = True
        for start, end in _pieces(raw, skip):
            tokens = list(tokens_of(plain, at + start, at + end, course))
            if tokens:
                heading = raw[:end].rstrip().endswith(":") or raw.lstrip().startswith("#")
                yield Sentence(
                    tokens, at + start, at + end, text[at + start : at + end], first, paragraph,
                    len(raw) - len(raw.lstrip()), heading=heading,
                )  # fmt: skip
                first = paragraph = False
        at += len(raw) + 1


_RULE = re.compile(r"[\s|:-]+\Z")


def cells(row: str) -> list[str]:
    """The cells of a table's row."""
    return [cell.strip() for cell in row.strip().strip("|").split("|")]


def _unmarked(text: str) -> str:
    """The text with its emphasis blanked out, in place."""
    text = re.sub(r"(?<![\w*`])(\*\*|__)(?=[^\s*])([^*\n]*?)(?<=[^\s*])\1(?![\w*])", _blank, text)
    return re.sub(r"(?<![\w*`])([*_])(?=[A-Za-z`])([^*\n`]{1,60}?)(?<=[^\s*])\1(?![\w*])", _blank, text)


def _blank(match: re.Match[str]) -> str:
    pad = " " * len(match[1])
    return f"{pad}{match[2]}{pad}"


_NESTING = re.compile(r"`[^`\n]*`|(?<!\w)\"[^\"\n]*\"|(?<!\w)'[^'\n]*'(?!\w)|[.!?;](?=[\"')\]]*(?:\s|$))")
_SHORT = re.compile(r"(?:\be\.g|\bi\.e|\betc|\bvs|\bresp|\bcf|\bapprox|^\s*\d+)\.$")


def _pieces(line: str, start: int) -> Iterator[tuple[int, int]]:
    """Where the sentences of a line begin and end."""
    for match in _NESTING.finditer(line, start):
        if match[0] in ".!?;" and not _SHORT.search(line[start : match.end()]):
            yield start, match.end()
            start = match.end()
    if line[start:].strip():
        yield start, len(line)


def tokens_of(text: str, start: int, end: int, course: Course) -> list[Token]:
    """The tokens of text[start:end]."""
    return _joined(_spoken(list(_named(list(_raw(text, start, end, course)), course))))


def _raw(text: str, start: int, end: int, course: Course) -> Iterator[Token]:
    at = start
    while match := _TOKEN.search(text, at, end):
        kind, found = match.lastgroup, match[0]
        at = match.end()
        place = (match.start(), at)
        if kind == "code":
            yield from _quoted(text, *place, course)
        elif kind == "string":
            yield Token(Kind.literal, found, *place, value_of(found))
        elif kind == "number":
            yield Token(Kind.literal, found, *place, value_of(found.replace(",", "").lstrip("0") or "0"))
        elif kind == "grid":
            pass
        elif kind == "ordinal":
            yield Token(Kind.ordinal, found, *place, ordinal(found.lower()))
        elif found in "[{(" or (kind == "word" and text[at : at + 1] in ("(", "[", ".") and found in course.names):
            token = _bracketed(text, match.start(), end, course)
            if token is not None:
                at = token.end
                yield token
            else:
                yield Token(Kind.mark if kind == "mark" else Kind.word, found, *place)
        elif kind == "word":
            yield from _word(found, match.start(), course)
        else:
            yield Token(Kind.mark, found, *place)


def _word(found: str, start: int, course: Course) -> Iterator[Token]:
    low = found.lower()
    if found in ("True", "False", "None"):
        yield Token(Kind.literal, found, start, start + len(found), value_of(found))
    elif low in NUMBERS:
        yield Token(Kind.literal, found, start, start + len(found), NUMBERS[low])
    elif ordinal(low) is not None:
        yield Token(Kind.ordinal, found, start, start + len(found), ordinal(low))
    elif "-" in found and found not in course.names:
        at = start
        for part in found.split("-"):
            yield Token(Kind.word, part, at, at + len(part))
            at += len(part) + 1
    else:
        yield Token(Kind.word, found, start, start + len(found))


def _bracketed(text: str, start: int, end: int, course: Course) -> Token | None:
    """A literal in brackets, a call, a subscript or an attribute that begins here."""
    stop = _balanced(text, start, end)
    source = text[start:stop].rstrip(".")
    node = parsed(source)
    if node is None or isinstance(node, ast.Name | ast.Constant) or not _is_known(node, course):
        return None
    if source[0] == "(" and not isinstance(node, ast.Tuple):
        return None
    return _expression(source, node, start, start + len(source), False)


def _balanced(text: str, start: int, end: int) -> int:
    """Where the run of names, dots and balanced brackets that begins at `start` ends."""
    depth, at, quote = 0, start, ""
    while at < end:
        char = text[at]
        if quote:
            quote = "" if char == quote else quote
        elif depth and char in "'\"":
            quote = char
        elif char in "([{":
            depth += 1
        elif char in ")]}":
            depth -= 1
            if depth < 0:
                return at
            if depth == 0 and text[at + 1 : at + 2] not in ("(", "[", "."):
                return at + 1
        elif depth == 0 and not (char.isalnum() or char in "_."):
            return at
        at += 1
    return at


def _is_known(node: ast.expr, course: Course) -> bool:
    """Whether all names of an expression are the program's or built in."""
    return all(part.id in course.names or part.id in BUILTINS for part in ast.walk(node) if isinstance(part, ast.Name))


@lru_cache(maxsize=4096)
def parsed(source: str) -> ast.expr | None:
    """The expression a text is; None if it is none."""
    try:
        with warnings.catch_warnings(action="ignore"):
            return ast.parse(source.strip(), mode="eval").body
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        return None


def _expression(source: str, node: ast.expr, start: int, end: int, quoted: bool) -> Token:
    value = value_of(source)
    if value is not UNKNOWN:
        return Token(Kind.literal, source, start, end, value, quoted=quoted)
    return Token(Kind.expression, source, start, end, node=node, quoted=quoted)


def _quoted(text: str, start: int, end: int, course: Course) -> Iterator[Token]:
    """A quotation as one token; as its parts if it is an equation of values: `total = 4 + 3 = 7`."""
    source = text[start:end].strip("`").strip()
    token = _code(source, start, end, course)
    if token.kind is not Kind.code or not re.search(r"(?<![=!<>])=(?!=)|→|->", source):
        yield token
        return
    first = text.index(source, start)
    for part in _raw(text, first, first + len(source), course):
        if part.kind is Kind.word and part.text.isidentifier() and part.text not in _KEYWORDS:
            kind = Kind.identifier if part.text in course.names else Kind.code
            part = Token(kind, part.text, part.start, part.end, node=parsed(part.text), quoted=True)
        yield part


def _code(source: str, start: int, end: int, course: Course) -> Token:
    """What stands in backticks."""
    node = parsed(source)
    if isinstance(node, ast.Name):
        kind = Kind.identifier if source in course.names else Kind.code
        return Token(kind, source, start, end, node=node, quoted=True)
    value = value_of(source)
    if value is not UNKNOWN:
        return Token(Kind.literal, source, start, end, value, quoted=True)
    lines = course.lines.get(normal(source), [])
    if node is not None:
        return Token(Kind.expression, source, start, end, node=node, lines=lines, quoted=True)
    if lines:
        return Token(Kind.line, source, start, end, lines=lines, quoted=True)
    return Token(Kind.code, source, start, end, quoted=True)


_BEING = words(
    "is are was were becomes become became equals holds has gets stays remains = == := += -= *= : < > <= >= != + "
    "- * / % // starts begins ends goes reaches takes ( → ->"
)
_DETERMINERS = words("the a an this that each every its their our your my another any")


def _named(tokens: list[Token], course: Course) -> Iterator[Token]:
    """Words that are names of the program, as names; dotted and hyphened words left as they are."""
    for index, token in enumerate(tokens):
        if token.kind is Kind.word:
            before = tokens[index - 1] if index else None
            after = tokens[index + 1] if index + 1 < len(tokens) else None
            found = _name_of(token, before, after, course)
            if found:
                token = Token(Kind.identifier, found, token.start, token.end, node=parsed(found))
        yield token


def _name_of(token: Token, before: Token | None, after: Token | None, course: Course) -> str | None:
    text = token.text
    if text in _KEYWORDS:
        return None
    if text not in course.variables:
        if before is not None or text.lower() not in course.variables or len(text) < 2:
            return None
        text = text.lower()
    if text.lower() not in ENGLISH:
        return text
    follows = after is not None and after.low in _BEING
    article = before is not None and before.low in _DETERMINERS
    variable = before is not None and before.low in ("variable", "set", "sets", "of", "=", "name")
    return text if (follows and (not article or len(text) > 1)) or variable else None


def _spoken(tokens: list[Token]) -> list[Token]:
    """`divided by` and `multiplied by` as one operator."""
    found: list[Token] = []
    for token in tokens:
        if token.low == "by" and found and found[-1].low in ("divided", "multiplied") and token.kind is Kind.word:
            found[-1] = Token(Kind.mark, "/" if found[-1].low == "divided" else "*", found[-1].start, token.end)
        else:
            found.append(token)
    return found


def _joined(tokens: list[Token]) -> list[Token]:
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
    bound = index > 0 and tokens[index - 1].text == "="
    while at < len(tokens) and tokens[at].low in _OPERATORS and not tokens[at].quoted and not _is_sign(tokens, at):
        after = _operand(tokens, at + 1)
        if after == at + 1 or _is_dash(tokens, at) or (bound and tokens[at].low in _COMPARES):
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


_COMPARES = frozenset(("<", ">", "<=", ">=", "==", "!=", "≤", "≥", "≠"))


def _is_dash(tokens: list[Token], at: int) -> bool:
    """Whether a minus sign parts two statements: `x = 3 - total becomes 4`."""
    if tokens[at].text != "-" or at + 2 >= len(tokens) or tokens[at + 1].kind is not Kind.identifier:
        return False
    return tokens[at + 2].low in _BEING and tokens[at + 2].low not in _OPERATORS


def _operated(tokens: list[Token]) -> Token | None:
    if len(tokens) == 1:
        return None
    pieces = [_OPERATORS.get(token.low, _source(token)) for token in tokens]
    source = " ".join(pieces)
    node = parsed(source)
    if node is None:
        return None
    found = _expression(source, node, tokens[0].start, tokens[-1].end, False)
    found.text = source
    return found


def _source(token: Token) -> str:
    if token.kind is Kind.literal:
        return repr(token.value)
    return f"({token.text})" if token.kind is Kind.expression else token.text


def is_arrow(token: Token) -> bool:
    """Whether it is an arrow."""
    return token.text in _ARROWS
