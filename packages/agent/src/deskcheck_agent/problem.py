"""A programming problem: what is asked, tests a solver may see, tests it may not, and how answers are compared.

Private tests grade and nothing else: no prompt and no feedback ever holds them (`prompts.py` has no way to ask for
them). One JSON object a line on disk.
"""

import json
from dataclasses import asdict, dataclass, field, fields
from importlib.resources import files
from pathlib import Path
from typing import Any

from deskcheck_tracer.asserts import ASSERTS
from deskcheck_tracer.checker import Checker
from deskcheck_tracer.compare import CHECKERS
from deskcheck_tracer.errors import InputError
from deskcheck_tracer.program import Limits, Program, TestCase


@dataclass(frozen=True)
class Problem:
    """With `entry_point` a test's input holds the call's arguments and its output the repr of the result; without,
    stdin and stdout."""

    id: str
    statement: str
    public_tests: tuple[TestCase, ...] = ()
    private_tests: tuple[TestCase, ...] = ()
    entry_point: str | None = None
    limits: Limits = field(default_factory=Limits)
    checker: str | Checker = "tokens"
    """How outputs are compared: a name of deskcheck_tracer's judge, or a checker of your own (in JSON its `source`)."""
    together: bool = False
    """All calls of a program are graded in one process, under `limits` as a whole: for hundreds of small tests."""

    def program(self, source: str, test: TestCase) -> Program:
        """The program a test runs: `source` on the test's input. The expected output is left behind here.

        InputError for test code (checker "asserts"), which runs beside the program and not in it.
        """
        if self.checker == ASSERTS:
            raise InputError(
                f"problem {self.id!r} has test code with asserts, and there is no output to predict: simulate a "
                "problem with inputs and outputs, or judge this one with feedback=executed"
            )
        if self.entry_point is None:
            return Program(source, stdin=test.input)
        return Program(source, call=f"{self.entry_point}({test.input})")

    def to_json(self) -> dict[str, Any]:
        """A JSON object; `from_json` gives the same problem back."""
        row = asdict(self)
        for name in ("public_tests", "private_tests"):
            row[name] = [{key: value for key, value in test.items() if value is not None} for test in row[name]]
        if not self.together:
            del row["together"]
        if isinstance(self.checker, Checker) and not self.checker.pure:
            del row["checker"]["pure"]
        return row

    @classmethod
    def from_json(cls, row: Any) -> "Problem":
        """Read one problem. Raises InputError naming the key that is missing, unknown or of the wrong type."""
        if not isinstance(row, dict):
            raise InputError(f"a problem is {type(row).__name__}, expected a JSON object with id and statement")
        known = {each.name for each in fields(cls)}
        if unknown := sorted(row.keys() - known):
            raise InputError(f"unknown key {unknown[0]!r} in a problem, expected some of: {', '.join(sorted(known))}")
        for name in ("id", "statement"):
            if not isinstance(row.get(name), str):
                raise InputError(f"problem key {name!r} is {row.get(name)!r}, expected a string")
        name = row.get("entry_point")
        if name is not None and not (isinstance(name, str) and all(map(str.isidentifier, name.split(".")))):
            raise InputError(f"problem key 'entry_point' is {name!r}, expected a function's name")
        values = dict(row)
        for name in ("public_tests", "private_tests"):
            if not isinstance(row.get(name) or [], list | tuple):
                raise InputError(f"problem key {name!r} is {str(row[name])[:80]}, expected a list of tests")
            values[name] = tuple(
                test_from_json(test, f"problem key {name}[{place}]") for place, test in enumerate(row.get(name) or [])
            )
        values["limits"] = _limits(row["limits"], "problem key limits") if row.get("limits") is not None else Limits()
        values["checker"] = _checker(row.get("checker", "tokens"))
        together = row.get("together", False)
        if not isinstance(together, bool) or (together and row.get("entry_point") is None):
            raise InputError(
                f"problem key 'together' is {together!r}, expected true or false, and true with an entry_point"
            )
        return cls(**values)


def located(path: str | Path) -> Path:
    """The file that a path names; `package:PACKAGE/PATH` is a file that an installed package brings."""
    if not str(path).startswith("package:"):
        return Path(path)
    package, _, inside = str(path).removeprefix("package:").partition("/")
    try:
        return Path(str(files(package))) / inside
    except ModuleNotFoundError:
        raise InputError(f"{path}: package {package!r} is not installed") from None


def load_problems(path: str | Path) -> list[Problem]:
    """Read problems from a JSONL file. Raises InputError naming file and line; ids must be unique."""
    path = located(path)
    try:
        lines = path.read_text(encoding="utf-8").split("\n")  # a line of JSON may hold other line separators
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise InputError(f"cannot read problems from {path}: {reason}; expected a JSONL file") from None
    problems: dict[str, Problem] = {}
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            problem = Problem.from_json(json.loads(line))
        except (json.JSONDecodeError, RecursionError) as error:
            raise InputError(f"{path}:{number}: not JSON ({error}); expected one problem a line") from None
        except InputError as error:
            raise InputError(f"{path}:{number}: {error}") from None
        if problem.id in problems:
            raise InputError(
                f"{path}:{number}: problem id {problem.id!r} is taken by an earlier line; ids must be unique"
            )
        problems[problem.id] = problem
    if not problems:
        raise InputError(f"{path} holds no problem, expected at least one line of JSON with id and statement")
    return list(problems.values())


def test_from_json(row: Any, where: str) -> TestCase:
    """A test case of `{input, output, limits?}`; InputError that begins with `where`."""
    if not isinstance(row, dict) or not isinstance(row.get("input"), str) or not isinstance(row.get("output"), str):
        raise InputError(f"{where} is {str(row)[:80]}, expected an object with strings input and output")
    limits = _limits(row["limits"], f"{where}.limits") if row.get("limits") is not None else None
    return TestCase(row["input"], row["output"], limits)


def _checker(row: Any) -> str | Checker:
    names = (*CHECKERS, ASSERTS)
    if isinstance(row, dict) and isinstance(row.get("source"), str) and row.keys() <= {"source", "limits", "pure"}:
        limits = (
            {"limits": _limits(row["limits"], "problem key checker.limits")} if row.get("limits") is not None else {}
        )
        return Checker(row["source"], **limits, pure=row.get("pure") is True)
    if row not in names:
        raise InputError(
            f"problem key 'checker' is {str(row)[:80]!r}, expected one of {', '.join(names)}, or an object with the "
            "source of a function check(input, output, answer)"
        )
    return row


def _limits(row: Any, where: str) -> Limits:
    try:
        if all(value is None or isinstance(value, int | float) for value in row.values()):
            return Limits(**row)
        raise TypeError
    except (TypeError, AttributeError):
        names = ", ".join(each.name for each in fields(Limits))
        raise InputError(f"{where} is {row!r}, expected numbers for some of: {names}") from None
