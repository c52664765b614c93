"""LiveCodeBench, code generation (Jain et al. 2024, arXiv 2403.07974; MIT, but statements are their sites' own).

A row of any release: question_id, question_content, contest_date, starter_code, public_test_cases (JSON list of
{input, output, testtype}), private_test_cases (the same, or base64 of zlib of a pickled JSON text), metadata (JSON;
func_name). The pickle is never unpickled: its opcodes are read, and only those that spell one text are accepted.
`datasets` no longer runs the hub's loading script: fetch test.jsonl to test6.jsonl and give the folder.

LCB-IO of the paper (benchmark=lcb_io) is inferred: stdio problems of contests from 2024-08-01 to before 2025-05-01.
Problems with a method become calls `Solution.name(Solution(), ...)`, compared as LiveCodeBench does: a tuple is a list.
Prints are compared by tokens, not as its grader does (`lcb_compat`); interactive problems, if any, are not told apart.
"""

import base64
import binascii
import json
import pickletools
import zlib
from datetime import date
from typing import Any

from deskcheck_agent.problem import Problem
from deskcheck_tracer import TestCase

from deskcheck_evals.benchmarks.collection import Entry, Shape, Unused, graded, stdio_test
from deskcheck_evals.benchmarks.config import BenchmarkConfig, TestType
from deskcheck_evals.benchmarks.row_files import Row
from deskcheck_evals.benchmarks.values import value_checker
from deskcheck_evals.errors import EvalError
from deskcheck_evals.jsonl import field

MAX_BYTES = 1 << 30
"""Private tests of one problem, unpacked: beyond it they are no tests but a bomb."""
_TEXT = ("BINUNICODE", "SHORT_BINUNICODE", "BINUNICODE8", "UNICODE")
_HARMLESS = ("PROTO", "FRAME", "MEMOIZE", "BINPUT", "LONG_BINPUT", "PUT", "STOP", *_TEXT)


def entry(row: Row, where: str, config: BenchmarkConfig) -> Entry:
    """The problem of a row, if it is in the window and of the asked type."""
    _check_window(row.get("contest_date"), where, config)
    public = case_rows(_json(row, "public_test_cases", where), f"{where}: public_test_cases")
    private = case_rows(private_tests(row, where), f"{where}: private_test_cases")
    kinds = {test.get("testtype", "stdin") for test in (*public, *private)}
    if len(kinds) > 1 or not kinds <= {"stdin", "functional"}:
        raise EvalError(f"{where}: tests of types {sorted(map(str, kinds))}, expected all stdin or all functional")
    kind = next(iter(kinds), "stdin")
    if config.testtype not in (TestType.all, kind):
        raise Unused(f"not {config.testtype}")
    build = _method if kind == "functional" else _stdio
    return Entry(graded(build(row, where, public, private), where))


def question_id(row: Row, where: str) -> str:
    """The row's id."""
    return field(row, "question_id", str, where)


SHAPE = Shape(question_id, entry)


def _check_window(contest_date: Any, where: str, config: BenchmarkConfig) -> None:
    """By the day, however precisely the row tells the time."""
    if not config.from_date and not config.to_date:
        return
    try:
        day = date.fromisoformat(str(contest_date)[:10]).isoformat()
    except ValueError:
        raise EvalError(f"{where}: 'contest_date' is {contest_date!r}, expected such as 2024-08-01T00:00:00") from None
    if (config.from_date and day < config.from_date) or (config.to_date and day >= config.to_date):
        raise Unused(f"outside {config.from_date or 'the first'} to before {config.to_date or 'the end'}")


def _stdio(row: Row, where: str, public: list[Row], private: list[Row]) -> Problem:
    shown, hidden = (tuple(stdio_test(test["input"], test["output"]) for test in part) for part in (public, private))
    return Problem(question_id(row, where), field(row, "question_content", str, where), shown, hidden)


def _method(row: Row, where: str, public: list[Row], private: list[Row]) -> Problem:
    told = _json(row, "metadata", where)
    name = field(told if isinstance(told, dict) else {}, "func_name", str, f"{where}: metadata")
    starter = field(row, "starter_code", str, where)
    is_method = "class Solution" in starter
    shown, hidden = (tuple(_call(test, is_method, where) for test in part) for part in (public, private))
    statement = f"{field(row, 'question_content', str, where)}\n\nStart from:\n```python\n{starter.rstrip()}\n```"
    entry_point = f"Solution.{name}" if is_method else name
    checker = value_checker(plain_lists=True)
    return Problem(question_id(row, where), statement, shown, hidden, entry_point=entry_point, checker=checker)


def _call(test: Row, is_method: bool, where: str) -> TestCase:
    """One JSON value a line is one argument."""
    try:
        given = [repr(json.loads(line)) for line in test["input"].split("\n") if line.strip()]
        output = repr(json.loads(test["output"]))
    except ValueError as error:
        raise EvalError(f"{where}: a functional test is not JSON ({error}), expected one value a line") from None
    return TestCase(", ".join(["Solution()"] * is_method + given), output)


def private_tests(row: Row, where: str) -> Any:
    """The private tests as JSON values, decoded without running anything. EvalError if they cannot be."""
    text = field(row, "private_test_cases", str, where)
    try:
        return json.loads(text)
    except ValueError:
        pass
    where = f"{where}: private_test_cases"
    try:
        unpacker = zlib.decompressobj()
        packed = unpacker.decompress(base64.b64decode(text, validate=True), MAX_BYTES)
        if unpacker.unconsumed_tail or not unpacker.eof:
            raise EvalError(f"{where} is cut, or over {MAX_BYTES} bytes unpacked")
        return json.loads(pickled_text(packed, where))
    except (binascii.Error, zlib.error, ValueError) as error:
        if isinstance(error, EvalError):
            raise
        raise EvalError(
            f"{where} cannot be decoded ({error}), expected JSON, or base64 of zlib of a pickled JSON text"
        ) from None


def pickled_text(packed: bytes, where: str) -> str:
    """The one text in a pickle, by reading its opcodes. EvalError if there is anything else: it could run code."""
    texts = []
    for opcode, argument, _ in pickletools.genops(packed):
        if opcode.name not in _HARMLESS:
            raise EvalError(
                f"{where} is a pickle with {opcode.name}, expected one text and nothing else: do not load it"
            )
        if opcode.name in _TEXT:
            texts.append(str(argument))
    if len(texts) != 1:
        raise EvalError(f"{where} is a pickle of {len(texts)} texts, expected one")
    return texts[0]


def _json(row: Row, name: str, where: str) -> Any:
    value = row.get(name)
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except ValueError as error:
        raise EvalError(f"{where}: {name!r} is not JSON ({error})") from None


def case_rows(value: Any, where: str) -> list[Row]:
    """A list of {input, output, ...}; EvalError for anything else."""
    if not isinstance(value, list):
        raise EvalError(f"{where} is {str(value)[:60]!r}, expected a JSON list of {{input, output, testtype}}")
    for place, test in enumerate(value):
        if not isinstance(test, dict) or not all(isinstance(test.get(key), str) for key in ("input", "output")):
            raise EvalError(f"{where}[{place}] is {str(test)[:60]!r}, expected an object with texts input and output")
    return value
