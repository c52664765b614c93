# ruff: noqa: RUF001 - people write dashes, quotes and signs of all kinds
"""A sentence as words, names, values and expressions, with their places in the text.

Code in backticks and code in the open are read alike: `total + 3`, `xs[0]`, `4 > 2`, "4 plus 3" are expressions, a
statement of the program is a `line`. What is a name is decided by the program: English words that happen to be names
(`a`, `in`) count only in backticks or beside an operator or a verb of being.
"""

import ast
import re
from collections.abc import Iterator

from .course import BUILTINS, Course, normal
from .joining import BEING, expression, joined, parsed, spoken
from .literal import NUMBERS, UNKNOWN, ordinal, value_of
from .tokens import Kind, Token
from .vocabulary import words

_TOKEN = re.compile(
    r"""(?P<code>``[^`]+``|`[^`\n]+`)"""
    r"""|(?P<string>(?<![\w)])"(?:[^"\\\n]|\\.)*"|(?<![\w)])'(?:[^'\\\n]|\\.)*'(?!\w))"""
    r"""|(?P<ordinal>\d+(?:st|nd|rd|th)\b)"""
    r"""|(?P<grid>(?<![\w.])\d+[x×]\d+\b)|(?P<number>(?<![\w.])\d{1,3}(?:,\d{3})+(?![\d,])|(?<![\w.])\d+(?:\.\d+)?(?:e[+-]?\d+)?(?!\w))"""
    r"""|(?P<word>[^\W\d](?:\w|-(?=[^\W\d])|['’](?=(?:t|re|ve|ll|m|d)\b))*)"""
    r"""|(?P<mark>\.\.\.|…|\*\*=|//=|[-+*/%]=|==|!=|<=|>=|=>|->|[-–—]+>|\*\*|//|[’']s\b|\S)""",
    re.VERBOSE,
)

ENGLISH = words(
    "a an i is in as at it to by of on or and not no so do be if else the this that one all each any start end "
    "stop step go up left right first last next then item items value values list string number numbers word "
    "words char line lines text data input output result results key keys index loop run check test call sum max "
    "min mid low high new old add out even odd size length rest head tail found seen done "
    "empty full equal positive negative zero"
)
"""Words that need a sign (an article's absence, a verb) to be read as names when they stand in the open."""

_KEYWORDS = words("for while if elif else in is not and or return def class with as import from pass break")


def tokens_of(text: str, start: int, end: int, course: Course) -> list[Token]:
    """The tokens of text[start:end]."""
    raw = list(_lined(list(_raw(text, start, end, course)), course))
    return joined(spoken(list(_named(_spelled(raw), course))))


_SCALES = {"hundred": 100, "thousand": 1000}


def _spelled(tokens: list[Token]) -> list[Token]:
    """Numbers of several words as one: "a hundred and four", "two hundred"."""
    found: list[Token] = []
    for token in tokens:
        before = found[-1] if found else None
        last = before.low.rsplit(" ", 1)[-1] if before else ""
        if token.low in _SCALES and before is not None and (before.low == "a" or before.low in NUMBERS):
            number = 1 if before.low == "a" else NUMBERS[before.low]
            found[-1] = _number(before, token, number * _SCALES[token.low])
        elif last in _SCALES and before is not None and token.low in NUMBERS and NUMBERS[token.low] < _SCALES[last]:
            found[-1] = _number(before, token, before.value + NUMBERS[token.low])
        elif (
            len(found) > 1
            and before is not None
            and before.low == "and"
            and found[-2].low.rsplit(" ", 1)[-1] in _SCALES
            and NUMBERS.get(token.low, 1000) < 100
        ):
            found[-2:] = [_number(found[-2], token, found[-2].value + NUMBERS[token.low])]
        else:
            found.append(token)
    return found


def _number(first: Token, last: Token, value: int) -> Token:
    return Token(Kind.literal, f"{first.text} {last.text}", first.start, last.end, value)


_LINE_NUMBER = re.compile(r"[Ll](\d{1,3})\Z")


def _lined(tokens: list[Token], course: Course) -> Iterator[Token]:
    """References to lines of the program as one token each: "line 5", "lines 5-7", "lines 2 and 3", "L5"."""
    index = 0
    while index < len(tokens):
        stop, lines = _lines_at(tokens, index, course)
        if lines:
            yield Token(Kind.line, tokens[index].text, tokens[index].start, tokens[stop - 1].end, lines=lines)
        else:
            yield tokens[index]
        index = max(stop, index + 1)


def _lines_at(tokens: list[Token], index: int, course: Course) -> tuple[int, list[int]]:
    """(end, lines) of the reference that begins at a place."""
    many = tokens[index].low == "lines"
    at = index + (many or tokens[index].low == "line")
    lines: list[int] = []
    while at < len(tokens) and (number := _line_number(tokens[at], bare=at > index)) and number <= course.line_count:
        spans = bool(lines) and tokens[at - 1].low in ("-", "–", "to", "through")
        lines += range(lines[-1] + 1 if spans else number, number + 1)
        at += 1
        after = tokens[at].low if at < len(tokens) else ""
        if after not in ("-", "–", "to", "through") and not (many and after in ("and", ",", "or")):
            return at, lines
        at += 1
    return at - bool(lines), lines


def _line_number(token: Token, *, bare: bool) -> int:
    match = _LINE_NUMBER.match(token.text)
    if match:
        return int(match[1])
    return token.value if bare and token.text.isdigit() and isinstance(token.value, int) else 0


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
        elif kind == "word" and found in course.variables and _IS_SET.match(text, at, end):
            yield Token(Kind.identifier, found, *place, node=parsed(found))
        elif kind == "word":
            yield from _word(found, match.start(), course)
        else:
            yield Token(Kind.mark, found, *place)


_IS_SET = re.compile(r"\s*=(?!=)")


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
    return expression(source, node, start, start + len(source), False)


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


def _quoted(text: str, start: int, end: int, course: Course) -> Iterator[Token]:
    """A quotation as one token; as its parts if it is an equation of values: `total = 4 + 3 = 7`."""
    source = text[start:end].strip("`").strip()
    token = _code(source, start, end, course)
    if token.kind is not Kind.code or not re.search(r"(?<![=!<>])=(?!=)|→|->", source):
        yield token
        return
    first = text.index(source, start)
    is_code = all(parsed(side) is not None for side in re.split(r"(?<![=!<>])=(?!=)|→|->|,", source))
    for part in _raw(text, first, first + len(source), course):
        known = part.text in course.variables or is_code
        if part.kind is Kind.word and part.text.isidentifier() and part.text not in _KEYWORDS and known:
            kind = Kind.identifier if part.text in course.names else Kind.code
            part = Token(kind, part.text, part.start, part.end, node=parsed(part.text), quoted=True)
        yield part


def _code(source: str, start: int, end: int, course: Course) -> Token:
    """What stands in backticks."""
    node = parsed(source)
    if source not in course.names and source in course.held_texts:
        return Token(Kind.literal, source, start, end, source, quoted=True)
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
    follows = after is not None and after.low in BEING
    article = before is not None and before.low in _DETERMINERS
    variable = before is not None and before.low in ("variable", "set", "sets", "of", "=", "name")
    return text if (follows and (not article or len(text) > 1)) or variable else None
