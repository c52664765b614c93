"""One problem in a file that a person wrote: Markdown as it stands on a contest's page, or JSON.

In Markdown the text is the statement and its examples become the public tests. An example is an input and the output
after it, however they are marked: headings or paragraphs that end in words such as "Sample Input 1" before fenced
blocks, or paragraphs that begin with "Input:" and "Output:". `>>> f(2)` lines with their results are tests of the
function that they call. Front matter (`---`, YAML) may name `entry_point`, `checker`, `limits` or an `id`.
"""

import builtins
import doctest
import json
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import yaml
from deskcheck_tracer.errors import InputError
from markdown_it import MarkdownIt
from markdown_it.token import Token

from deskcheck_agent.problem import Problem, located

FRONT_KEYS = ("id", "entry_point", "checker", "limits")
_KIND = r"(?:(?:sample|example)s?\s*)?(?P<kind>input|output)"
_LABEL = re.compile(rf"^[\s\W]*{_KIND}s?[\s\d#.)]*:?[\s*_`]*$", re.IGNORECASE)
_INLINE = re.compile(rf"^[\s*_>-]*{_KIND}\s*\d*[*_]*\s*[:=][*_]*[ \t]*(?P<text>.*)$", re.IGNORECASE)


def read_problem(path: str | Path) -> Problem:
    """Read a .md or .json file. Raises InputError naming file and key for one that is neither, or says nothing."""
    place = located(path)
    try:
        text = place.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise InputError(f"cannot read the problem {path}: {reason}; expected a Markdown or JSON file") from None
    try:
        if place.suffix.lower() == ".json":
            return _from_json(text, place.stem)
        if place.suffix.lower() in (".md", ".markdown", ".txt"):
            return from_markdown(text, place.stem)
    except InputError as error:
        raise InputError(f"{path}: {error}") from None
    raise InputError(f"{path} is no problem file: expected .md or .json (for many problems: problems=FILE.jsonl)")


def _from_json(text: str, name: str) -> Problem:
    try:
        row = json.loads(text)
    except ValueError as error:
        raise InputError(f"not JSON ({error}); expected one object with a statement") from None
    return Problem.from_json({"id": name, **row} if isinstance(row, dict) else row)


def from_markdown(text: str, name: str = "problem") -> Problem:
    """The problem a Markdown text tells. Raises InputError where its statement is empty or its examples do not pair."""
    front, statement = _front_matter(text.replace("\r\n", "\n"))
    if not statement.strip():
        raise InputError("no statement: expected the problem's text")
    entry_point = front.get("entry_point")
    tests = _doctests(statement, entry_point) or _examples(statement)
    if tests and entry_point is None and (called := tests[0].pop("calls", None)):
        front["entry_point"] = called
    called = front.get("entry_point") is not None  # then a test's input holds arguments
    rows = [{"input": _argument(test["input"], called), "output": test["output"]} for test in tests]
    return Problem.from_json({"id": name, **front, "statement": statement.strip(), "public_tests": rows})


def _argument(text: str, called: bool) -> str:
    return text.strip() if called else text


def _front_matter(text: str) -> tuple[dict[str, Any], str]:
    if not text.startswith("---\n") or "\n---\n" not in text[3:]:
        return {}, text
    head, _, rest = text[3:].partition("\n---\n")
    try:
        front = yaml.safe_load(head) or {}
    except (yaml.YAMLError, ValueError) as error:  # ValueError: a date that is none
        raise InputError(f"front matter: {str(error).splitlines()[0]}") from None
    told = sorted(map(str, set(front) - set(FRONT_KEYS))) if isinstance(front, dict) else [head[:40]]
    if told:
        raise InputError(f"front matter holds {', '.join(told)}; expected some of {', '.join(FRONT_KEYS)}")
    return front, rest


# examples: inputs and outputs in turn


def _examples(statement: str) -> list[dict[str, str]]:
    """Inputs paired with the output that follows each: of blocks or, where no block is marked, of lines."""
    tokens = MarkdownIt().parse(statement)
    return _paired(_marked_blocks(tokens)) or _paired(_marked_lines(tokens))


def _paired(marked: Iterable[tuple[str, str]]) -> list[dict[str, str]]:
    tests: list[dict[str, str]] = []
    waiting: str | None = None
    for kind, text in marked:
        if kind == "input":
            if waiting is not None:
                raise InputError(f"an example's input {waiting[:40]!r} is followed by another input and by no output")
            waiting = text
        elif waiting is not None:
            tests.append({"input": waiting, "output": text})
            waiting = None
    if waiting is not None and tests:
        raise InputError(f"the example with the input {waiting[:40]!r} has no output")
    return tests


def _marked_blocks(tokens: list[Token]) -> Iterator[tuple[str, str]]:
    """(kind, text) of every block that the words right before it mark as an input or an output."""
    kind: str | None = None
    for token in tokens:
        if token.type in ("fence", "code_block"):
            if kind is not None:
                yield kind, token.content
            kind = None
        elif token.type == "inline":
            label = _LABEL.match(token.content.splitlines()[-1]) if token.content.strip() else None
            kind = label["kind"].lower() if label else None


def _marked_lines(tokens: list[Token]) -> Iterator[tuple[str, str]]:
    """(kind, text) of every line that begins with "Input:" or "Output:"; the lines after it belong to it."""
    for token in tokens:
        if token.type != "inline":
            continue
        told: list[tuple[str, list[str]]] = []
        for line in token.content.splitlines():
            if match := _INLINE.match(line):
                told.append((match["kind"].lower(), [_bare(match["text"])]))
            elif told:
                told[-1][1].append(line)
        yield from ((kind, "\n".join(filter(None, lines)) + "\n") for kind, lines in told if any(lines))


def _bare(text: str) -> str:
    """Without the code marks around it."""
    text = text.strip()
    return text[1:-1] if len(text) > 1 and text[0] == text[-1] == "`" else text


# doctests: calls and their results


def _doctests(statement: str, entry_point: str | None) -> list[dict[str, str]]:
    """Calls of one function with results, as in `>>> f(2)`; statements and other calls are no tests."""
    plain = "\n".join(line for line in statement.splitlines() if not line.lstrip().startswith("```"))
    try:
        found = doctest.DocTestParser().get_examples(plain)
    except ValueError:  # prose that begins with >>>
        return []
    tests: list[dict[str, str]] = []
    for example in found:
        call = re.fullmatch(r"(?P<name>\w+)\((?P<arguments>.*)\)", example.source.strip(), re.DOTALL)
        if call is None or not example.want.strip() or (entry_point or call["name"]) != call["name"]:
            continue
        if entry_point is None and hasattr(builtins, call["name"]):  # print(f(2)) is no test of print
            continue
        entry_point = str(call["name"])
        tests.append({"input": call["arguments"], "output": example.want.strip(), "calls": entry_point})
    return tests
