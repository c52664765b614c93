"""Where programs come from: a folder of `.py` files with inputs beside them, or a JSONL file.

A source yields items in a fixed order: `Explain(program)` for what shall be recorded and narrated, `Rejected` for what
cannot even be read. Nothing runs here; every program of these two sources is a stranger's and runs in the jail alone.
The third source, our own micro problems, is in `micro_source.py`.
"""

from __future__ import annotations

import ast
import builtins
import doctest
import gzip
import json
import re
import tokenize
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import IO, Protocol

from deskcheck_agent.problem import Problem
from deskcheck_tracer.errors import InputError
from deskcheck_tracer.program import Program

from deskcheck_trainer.nlex import Reason, Rejected

MAX_SOURCE_BYTES = 1_000_000
"""Larger files are data with a .py suffix."""

MAX_LINE_BYTES = 16_000_000
"""A longer JSONL line is refused unread."""


class Malformed(StrEnum):
    """What to do with a line or file that cannot be read."""

    stop = "stop"
    skip = "skip"
    """Count it and go on."""


@dataclass(frozen=True, kw_only=True)
class Explain:
    """Record this program and narrate it."""

    program: Program
    origin: str
    licence: str | None = None


@dataclass(frozen=True, kw_only=True)
class Solve:
    """Show the reference program as the answer to the problem."""

    problem: Problem
    reference: str
    origin: str
    licence: str | None = None


@dataclass(frozen=True, kw_only=True)
class Fix:
    """Show what to answer to `candidate` after its public tests were executed."""

    problem: Problem
    reference: str
    candidate: str
    origin: str
    licence: str | None = None


Item = Explain | Solve | Fix


class Source(Protocol):
    """Yields the items to make rows of, in a fixed order."""

    def items(self) -> Iterator[Item | Rejected]: ...

    def count(self) -> int | None:
        """About how many items there are, for the progress bar; None if not known."""
        ...


@dataclass(frozen=True)
class FolderSource:
    """Every `foo.py` below `folder`, with the inputs that lie beside it.

    Inputs: `foo.in` and `foo.*.in` (stdin), `foo.inputs.jsonl` (`{"stdin": ...}` or `{"call": ...}` a line), and the
    doctests of its functions (call expressions). A file with none of these runs once, on empty stdin. For a call the
    file is a module: its `if __name__ == "__main__":` block is left out.
    """

    folder: Path
    licence: str | None = None
    """Used where a file has no `SPDX-License-Identifier` line of its own."""
    malformed: Malformed = Malformed.stop

    def count(self) -> int | None:
        return None  # doctests and input files are found while reading

    def items(self) -> Iterator[Item | Rejected]:
        """Raises InputError for a missing folder, and for unreadable files where `malformed` is `stop`."""
        if not self.folder.is_dir():
            raise InputError(f"{self.folder} is not a folder (source.path): expected a folder of .py files.")
        paths = sorted(p for p in self.folder.rglob("*.py") if not _hidden(p.relative_to(self.folder)))
        if not paths:
            raise InputError(f"{self.folder} holds no .py files (source.path).")
        for path in paths:
            yield from self._file(path)

    def _file(self, path: Path) -> Iterator[Item | Rejected]:
        origin = f"{self.folder.resolve().name}/{path.relative_to(self.folder).as_posix()}"
        if path.stat().st_size > MAX_SOURCE_BYTES:
            yield Rejected(reason=Reason.oversize, detail=f"over {MAX_SOURCE_BYTES} bytes", origin=origin)
            return
        try:
            with tokenize.open(path) as file:  # honours an encoding line, as Python does
                source = file.read()
        except (SyntaxError, UnicodeDecodeError) as e:
            yield unreadable(self.malformed, path, f"not Python text ({e})", origin)
            return
        licence = spdx(source) or self.licence
        for item in self._inputs(path, source):
            if isinstance(item, Rejected):
                yield item
            else:
                name, program = item
                yield Explain(program=program, origin=f"{origin}#{name}" if name else origin, licence=licence)

    def _inputs(self, path: Path, source: str) -> Iterator[tuple[str, Program] | Rejected]:
        found = False
        for file in [path.with_suffix(".in"), *sorted(path.parent.glob(f"{_escaped(path.stem)}.*.in"), key=natural)]:
            if file.is_file():
                found = True
                yield self._stdin(file, source)
        listed = path.with_suffix(".inputs.jsonl")
        if listed.is_file():
            found = True
            yield from self._listed(listed, source)
        for call in doctest_calls(source):
            found = True
            yield call, Program(without_main(source), call=call)
        if not found:
            yield "", Program(source)

    def _stdin(self, file: Path, source: str) -> tuple[str, Program] | Rejected:
        try:
            return file.name, Program(source, stdin=file.read_text(encoding="utf-8"))
        except UnicodeDecodeError as e:
            return unreadable(self.malformed, file, f"not UTF-8 text ({e})", file.name)

    def _listed(self, file: Path, source: str) -> Iterator[tuple[str, Program] | Rejected]:
        for line in read_lines(file, self.malformed):
            if isinstance(line, Rejected):
                yield line
                continue
            number, values = line
            if len(values) == 1 and isinstance(values.get("stdin", values.get("call")), str):
                text = without_main(source) if "call" in values else source
                yield f"{file.name}:{number}", Program(text, **values)  # type: ignore[arg-type]
            else:
                wanted = f'expected {{"stdin": "..."}} or {{"call": "..."}}, got {_short(json.dumps(values))}'
                yield unreadable(self.malformed, f"{file}:{number}", wanted, f"{file.name}:{number}")


@dataclass(frozen=True)
class JsonlSource:
    """Programs from a JSONL file (also `.jsonl.gz`), one a line; other keys of a line are ignored.

    `fields` names the file's key for each of ours: `source` (needed), `stdin`, `call`, `arguments` (call arguments of
    `entry_point`, as CRUXEval's `input`), `id`, `origin`, `licence`.
    """

    path: Path
    fields: Mapping[str, str] = field(default_factory=dict)
    entry_point: str | None = None
    """Function that `arguments` are for."""
    licence: str | None = None
    malformed: Malformed = Malformed.stop

    NAMES = ("source", "stdin", "call", "arguments", "id", "origin", "licence")

    def __post_init__(self) -> None:
        if unknown := sorted(set(self.fields) - set(self.NAMES)):
            raise InputError(f"source.fields has unknown names {unknown}, expected some of {list(self.NAMES)}.")
        if "arguments" in self.fields and not self.entry_point:
            raise InputError("source.fields.arguments needs source.entry_point: the function they are for.")

    def count(self) -> int | None:
        with _open(self.path) as file:
            return sum(block.count(b"\n") for block in iter(lambda: file.read(1 << 20), b""))

    def items(self) -> Iterator[Item | Rejected]:
        """Raises InputError for a missing or empty file, and for malformed lines where `malformed` is `stop`."""
        if self.path.is_file() and not self.path.stat().st_size:
            raise InputError(f"{self.path} is empty (source.path): expected a JSONL file with one program a line.")
        for line in read_lines(self.path, self.malformed):
            if isinstance(line, Rejected):
                yield line
                continue
            number, values = line
            try:
                yield self._item(number, values)
            except _Wrong as e:
                yield unreadable(self.malformed, f"{self.path}:{number}", str(e), f"{self.path.name}:{number}")

    def _item(self, number: int, values: dict[str, object]) -> Explain:
        got = {name: self._text(values, name) for name in self.NAMES}
        if got["source"] is None:
            keys = ", ".join(map(repr, values)) or "none"
            wanted = self.fields.get("source", "source")
            raise _Wrong(f"has no {wanted!r} (keys: {keys}); name the key of the program text in source.fields.source")
        call = got["call"]
        if got["arguments"] is not None and self.entry_point:
            call = f"{self.entry_point}({got['arguments']})"
        program = Program(got["source"], stdin=got["stdin"] or "", call=call)
        origin = f"{got['origin'] or self.path.name}#{got['id'] or number}"
        return Explain(program=program, origin=origin, licence=got["licence"] or self.licence)

    def _text(self, values: dict[str, object], name: str) -> str | None:
        key = self.fields.get(name, name)
        value = values.get(key)
        if name == "id" and isinstance(value, int):
            return str(value)
        if value is None or isinstance(value, str):
            return value
        raise _Wrong(f"{key!r} is {_short(json.dumps(value))}, expected a string")


class _Wrong(Exception):
    """A line that parses but does not hold what it should; the message says what."""


def unreadable(malformed: Malformed, where: Path | str, what: str, origin: str) -> Rejected:
    """The rejected item, or InputError where `malformed` is `stop`."""
    if malformed is Malformed.stop:
        raise InputError(f"{where}: {what}. Correct it, or set source.malformed=skip to count such entries and go on.")
    return Rejected(reason=Reason.unreadable, detail=what, origin=origin)


def read_lines(path: Path, malformed: Malformed) -> Iterator[tuple[int, dict[str, object]] | Rejected]:
    """`(line number, object)` for every line of a JSONL file that is not blank.

    Raises:
        InputError: the file is missing or not gzip although named so; a line is malformed and `malformed` is `stop`.
    """
    with _open(path) as file:
        number = 0
        while line := _readline(path, file):
            number += 1
            where, origin = f"{path}:{number}", f"{path.name}:{number}"
            if len(line) > MAX_LINE_BYTES:
                while line and not line.endswith(b"\n"):
                    line = file.readline(MAX_LINE_BYTES)
                yield unreadable(malformed, where, f"line is over {MAX_LINE_BYTES} bytes", origin)
            elif line.strip():
                try:
                    values = json.loads(line.decode("utf-8"))
                except (ValueError, RecursionError) as e:
                    yield unreadable(malformed, where, f"not JSON in UTF-8 ({e or 'nested too deep'})", origin)
                    continue
                if isinstance(values, dict):
                    yield number, values
                else:
                    yield unreadable(malformed, where, f"a JSON {type(values).__name__}, expected an object", origin)


def _open(path: Path) -> IO[bytes]:
    try:
        return gzip.open(path, "rb") if path.suffix == ".gz" else path.open("rb")  # type: ignore[return-value]
    except FileNotFoundError:
        raise InputError(f"{path} does not exist (source.path): expected a JSONL file.") from None
    except IsADirectoryError:
        raise InputError(f"{path} is a folder (source.path), expected a JSONL file; or use source=folder.") from None


def _readline(path: Path, file: IO[bytes]) -> bytes:
    try:
        return file.readline(MAX_LINE_BYTES + 1)
    except (EOFError, gzip.BadGzipFile) as e:
        raise InputError(f"{path} is not whole gzip data ({e}).") from None


def doctest_calls(source: str) -> list[str]:
    """Doctest calls of module-level functions that stand on their own: `f([1, 2])`, not `f(x)` of an earlier line."""
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return []  # recording it will say so
    functions = [n for n in tree.body if isinstance(n, ast.FunctionDef)]
    known = set(dir(builtins)) | {name for n in tree.body for name in _bound(n)}
    calls = [call for f in functions for call in _calls(ast.get_docstring(f) or "", {g.name for g in functions}, known)]
    return list(dict.fromkeys(calls))


def without_main(source: str) -> str:
    """`source` with the lines of its `if __name__ == "__main__":` block left blank: called, not run."""
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return source
    lines = source.split("\n")
    for node in tree.body:
        if isinstance(node, ast.If) and ast.unparse(node.test) in _IS_MAIN:
            for i in range(node.lineno - 1, node.end_lineno or node.lineno):
                lines[i] = ""
    return "\n".join(lines).rstrip("\n") + "\n"


_IS_MAIN = ("__name__ == '__main__'", "'__main__' == __name__")


def _calls(text: str, functions: set[str], known: set[str]) -> Iterator[str]:
    try:
        examples = doctest.DocTestParser().get_examples(text)
    except ValueError:
        return  # a docstring that only looks like a doctest
    for example in examples:
        try:
            node = ast.parse(example.source.strip(), mode="eval").body
        except (SyntaxError, ValueError):
            continue
        is_call = isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in functions
        if is_call and example.exc_msg is None and _used(node) <= known | set(_bound(node)):
            yield ast.unparse(node)


def _used(node: ast.AST) -> set[str]:
    return {n.id for n in ast.walk(node) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load)}


def _bound(tree: ast.AST) -> Iterator[str]:
    """Names that a module-level statement, or the parts of an expression, bind."""
    if isinstance(tree, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        yield tree.name
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id
        elif isinstance(node, ast.arg):
            yield node.arg
        elif isinstance(node, ast.alias):
            yield (node.asname or node.name).split(".")[0]


def spdx(source: str) -> str | None:
    """The licence a file names in an `SPDX-License-Identifier` comment."""
    match = re.search(r"^#.*SPDX-License-Identifier:\s*(.+?)\s*$", source[:4000], re.MULTILINE)
    return match[1] if match else None


def natural(path: Path) -> list[tuple[bool, int, str]]:
    """Sort key that puts `a.2.in` before `a.10.in`."""
    return [(p.isdigit(), int(p) if p.isdigit() else 0, p) for p in re.split(r"([0-9]+)", path.name)]


def _hidden(path: Path) -> bool:
    return any(part.startswith(".") or part == "__pycache__" for part in path.parts)


def _escaped(stem: str) -> str:
    return re.sub(r"([*?\[])", r"[\1]", stem)


def _short(text: str) -> str:
    return text if len(text) <= 80 else text[:77] + "..."
