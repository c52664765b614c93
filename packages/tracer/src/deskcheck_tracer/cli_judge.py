"""The commands that run programs in the sandbox: `judge` and `selftest`."""

import argparse
import json
from dataclasses import asdict

from .checker import Checker
from .cli_files import read_text
from .cli_trace import limits_of
from .errors import InputError
from .program import TestCase


def judge_command(options: argparse.Namespace) -> int:
    """A line a test, then the verdict."""
    from .judge import judge
    from .sandbox import Sandbox
    from .verdict import Verdict

    source, tests, checker = read_text(options.program), _tests(options.tests), options.checker
    if checker.endswith(".py"):
        checker = Checker(read_text(checker))
    with Sandbox(degraded=options.degraded) as sandbox:
        judgement = judge(
            source, tests, limits=limits_of(options), checker=checker, entry_point=options.entry_point,
            sandbox=sandbox, stop_early=options.stop_early,
        )  # fmt: skip
    for number, result in enumerate(judgement.results, 1):
        said = result.difference or result.detail or (result.stderr.strip().split("\n")[-1] if result.stderr else "")
        print(f"test {number}: {result.verdict} {result.cpu_s:.3f} s" + (f"  {said}" if said else ""))
    print(judgement.verdict + (" (degraded)" if any(result.degraded for result in judgement.results) else ""))
    return 0 if judgement.verdict is Verdict.AC else 1


def selftest_command(options: argparse.Namespace) -> int:
    """A line a hostile program, then how many were held."""
    from .sandbox import Sandbox
    from .selftest import all_rows, leftovers, selftest

    rows = [row for row in all_rows() if options.row is None or row.number in options.row]
    if not rows:
        raise InputError(f"no hostile row has the number {options.row}, expected one of those that selftest prints")
    with Sandbox(workers=1, degraded=options.degraded):
        pass  # a machine that cannot do it says so once, before any row
    before = leftovers()
    results = selftest(degraded=options.degraded, workers=options.workers, rows=rows)
    after, failed = leftovers(), [result.row.number for result in results if not result.holds]
    print(f"{len(results) - len(failed)} of {len(results)} rows hold" + (f"; failed: {failed}" if failed else ""))
    for name, count in asdict(before).items():
        if (now := getattr(after, name)) != count:
            print(f"left behind: {name.replace('_', ' ')}: {count} before, {now} after")
    return 1 if failed or after != before else 0


def _tests(path: str) -> list[TestCase]:
    text = read_text(path)
    try:
        whole = json.loads(text)
        rows = [(1, row) for row in (whole if isinstance(whole, list) else [whole])]
    except ValueError:
        rows = [
            (number, _json_line(path, number, line)) for number, line in enumerate(text.split("\n"), 1) if line.strip()
        ]
    if not rows:
        raise InputError(f"{path} holds no test cases, expected at least one line of JSON with input and output")
    return [_test(path, number, row) for number, row in rows]


def _json_line(path: str, number: int, line: str) -> object:
    try:
        return json.loads(line)
    except ValueError as error:
        raise InputError(f"{path}, line {number}: not JSON ({error}): got {line[:60]!r}") from error


def _test(path: str, number: int, row: object) -> TestCase:
    if not isinstance(row, dict) or not all(isinstance(row.get(key), str) for key in ("input", "output")):
        raise InputError(f'{path}, line {number}: got {str(row)[:80]}, expected {{"input": "...", "output": "..."}}')
    return TestCase(row["input"], row["output"])
