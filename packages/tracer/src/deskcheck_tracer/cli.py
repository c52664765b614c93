"""`deskcheck-trace`: the tracer from the command line, without Hydra.

Results go to standard output, everything else to standard error. Exit codes: 0 done; 1 done, and the answer is no
(not accepted, a claim that does not hold, a self-test row that failed); 2 bad input or environment, in one message.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from .errors import DeskcheckError, InputError
from .program import Limits, Program, TestCase

if TYPE_CHECKING:
    from .trace import Trace


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit code."""
    options = _parser().parse_args(arguments)
    command: Callable[[argparse.Namespace], int] = options.command
    try:
        code = command(options)
        sys.stdout.flush()
        return code
    except DeskcheckError as error:
        print(f"deskcheck-trace: {error}", file=sys.stderr)
        return error.exit_code
    except BrokenPipeError:  # the reader of our output has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        return 0
    except KeyboardInterrupt:
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="deskcheck-trace", description="Record, tell and check what a Python program does."
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    record = commands.add_parser("record", help="run a program and write its trace as JSON lines")
    _add_program(record)
    _add_output(record)
    record.set_defaults(command=_record)

    narrate = commands.add_parser("narrate", help="tell a trace (or a program, which is recorded first) in words")
    _add_program(narrate)
    narrate.add_argument("--style", choices=("step", "compact"), default="step")
    narrate.add_argument(
        "--max-tokens", type=int, metavar="N", help="summarise loops to stay below N words and symbols"
    )
    _add_output(narrate)
    narrate.set_defaults(command=_narrate)

    check = commands.add_parser(
        "check", help="check every claim of a narration against a trace; exit 1 if one is false"
    )
    check.add_argument("narration", help="text file, - for standard input")
    _add_program(check)
    check.set_defaults(command=_check)

    view = commands.add_parser("view", help="write one HTML page to walk through a trace")
    _add_program(view)
    _add_output(view)
    view.set_defaults(command=_view)

    export = commands.add_parser("export", help="write a trace in another form")
    _add_program(export)
    export.add_argument("--format", choices=("jsonl", "json", "steps"), default="steps", help="steps: one step a line")
    _add_output(export)
    export.set_defaults(command=_export)

    judge = commands.add_parser("judge", help="judge a program against test cases in the sandbox; exit 1 if not AC")
    judge.add_argument("program", help="Python source file")
    judge.add_argument("tests", help='JSON lines of {"input": ..., "output": ...}, or one JSON list of them')
    judge.add_argument("--checker", default="tokens", help="exact, lines, tokens (default), tokens_ci, lcb_compat")
    judge.add_argument("--entry-point", metavar="NAME", help="tests hold call arguments and the repr of the result")
    judge.add_argument("--stop-early", action="store_true", help="stop at the first test that is not AC")
    judge.add_argument(
        "--degraded", action="store_true", help="go on without control groups where the kernel denies them"
    )
    _add_limits(judge)
    judge.set_defaults(command=_judge)

    selftest = commands.add_parser("selftest", help="run the hostile programs on this machine; exit 1 if a row fails")
    selftest.add_argument("--row", type=int, action="append", metavar="N", help="only this row; may be repeated")
    selftest.add_argument("--workers", type=int, default=2, metavar="N")
    selftest.add_argument("--degraded", action="store_true", help="show what is lost without control groups")
    selftest.set_defaults(command=_selftest)
    return parser


def _add_program(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "file", help="Python source, or a trace in JSON lines (.jsonl); - for a trace on standard input"
    )
    parser.add_argument("--stdin", default="", metavar="TEXT", help="what the program reads")
    parser.add_argument("--stdin-file", metavar="PATH", help="the same from a file")
    parser.add_argument("--call", metavar="EXPR", help="expression to evaluate after the module body, e.g. 'f(3)'")
    parser.add_argument(
        "--isolation", choices=("process", "nsjail"), default="process",
        help="process (default): a child with limits, for your own code; nsjail: for code you do not trust",
    )  # fmt: skip
    _add_limits(parser)
    parser.add_argument("--max-events", type=int, default=Limits().max_events, metavar="N", help="0: no limit")


def _add_limits(parser: argparse.ArgumentParser) -> None:
    defaults = Limits()
    parser.add_argument("--cpu", type=float, default=defaults.cpu_s, metavar="SECONDS")
    parser.add_argument("--wall", type=float, default=defaults.wall_s, metavar="SECONDS")
    parser.add_argument("--memory", type=int, default=defaults.memory_mb, metavar="MB")


def _add_output(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("-o", "--output", metavar="PATH", help="write here instead of standard output")


def _record(options: argparse.Namespace) -> int:
    from .export import trace_lines

    trace = _trace(options)
    _write(options.output, (line + "\n" for line in trace_lines(trace)))
    detail = f": {trace.end.detail}" if trace.end.detail else ""
    print(f"{len(trace.events)} events, ended: {trace.end.reason}{detail}", file=sys.stderr)
    return 0


def _narrate(options: argparse.Namespace) -> int:
    from .narrate import narrate

    text = narrate(_trace(options), style=options.style, max_tokens=options.max_tokens)
    _write(options.output, iter([text if text.endswith("\n") else text + "\n"]))
    return 0


def _check(options: argparse.Namespace) -> int:
    from .claims import check, claims

    checks = check(claims(_read(options.narration)), _trace(options))
    for found in checks:
        claim, why = found.claim, f"  ({found.reason})" if found.reason else ""
        print(f"{'holds' if found.holds else 'FALSE'}  {claim.text}  [{claim.kind}: {claim.name} {claim.value}]{why}")
    false = sum(not found.holds for found in checks)
    print(f"{len(checks)} claims, {false} false" if checks else "nothing is claimed", file=sys.stderr)
    return 0 if checks and not false else 1


def _view(options: argparse.Namespace) -> int:
    from .view import page

    output = options.output or (Path(options.file).stem + ".html" if options.file != "-" else "trace.html")
    _write(output, iter([page(_trace(options), title=options.file)]))
    print(output)
    return 0


def _export(options: argparse.Namespace) -> int:
    from .export import trace_lines

    trace = _trace(options)
    if options.format == "jsonl":
        lines: Iterator[str] = iter(trace_lines(trace))
    elif options.format == "json":
        lines = iter([json.dumps(trace.to_json())])
    else:
        lines = (json.dumps(_step_row(step)) for step in trace.steps())
    _write(options.output, (line + "\n" for line in lines))
    return 0


def _step_row(step: object) -> dict[str, object]:
    from dataclasses import asdict

    return asdict(step)  # type: ignore[call-overload]


def _judge(options: argparse.Namespace) -> int:
    from .judge import judge
    from .sandbox import Sandbox
    from .verdict import Verdict

    source, tests = _read(options.program), _tests(options.tests)
    with Sandbox(degraded=options.degraded) as sandbox:
        judgement = judge(
            source, tests, limits=_limits(options), checker=options.checker, entry_point=options.entry_point,
            sandbox=sandbox, stop_early=options.stop_early,
        )  # fmt: skip
    for number, result in enumerate(judgement.results, 1):
        said = result.difference or result.detail or (result.stderr.strip().split("\n")[-1] if result.stderr else "")
        print(f"test {number}: {result.verdict} {result.cpu_s:.3f} s" + (f"  {said}" if said else ""))
    print(judgement.verdict + (" (degraded)" if any(result.degraded for result in judgement.results) else ""))
    return 0 if judgement.verdict is Verdict.AC else 1


def _selftest(options: argparse.Namespace) -> int:
    from .sandbox import Sandbox
    from .selftest import hostile_rows, leftovers, selftest

    rows = [row for row in hostile_rows() if options.row is None or row.number in options.row]
    if not rows:
        raise InputError(f"no hostile row has the number {options.row}, expected one of those that selftest prints")
    with Sandbox(workers=1, degraded=options.degraded):
        pass  # a machine that cannot do it says so once, before any row
    before = leftovers()
    results = selftest(degraded=options.degraded, workers=options.workers, rows=rows)
    after, failed = leftovers(), [result.row.number for result in results if not result.holds]
    print(f"{len(results) - len(failed)} of {len(results)} rows hold" + (f"; failed: {failed}" if failed else ""))
    if after != before:
        print(f"left behind: before {before}, after {after}")
    return 1 if failed or after != before else 0


def _trace(options: argparse.Namespace) -> Trace:
    from .export import read_trace

    if options.file == "-" or options.file.endswith(".jsonl"):
        lines = _read(options.file).splitlines(keepends=True)
        return read_trace(lines, name="standard input" if options.file == "-" else options.file)
    from .record import record

    stdin = _read(options.stdin_file) if options.stdin_file else options.stdin
    program = Program(_read(options.file), stdin, options.call)
    return record(program, limits=_limits(options), isolation=options.isolation)


def _limits(options: argparse.Namespace) -> Limits:
    chosen = {"cpu_s": options.cpu, "wall_s": options.wall, "memory_mb": options.memory}
    for name, value in chosen.items():
        if value <= 0:
            raise InputError(f"--{name.split('_')[0]} is {value}, expected a positive number")
    events = getattr(options, "max_events", None)
    return Limits(**chosen, max_events=events or None)


def _tests(path: str) -> list[TestCase]:
    text = _read(path)
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


def _read(path: str) -> str:
    try:
        if path == "-":
            return sys.stdin.read()
        return Path(path).read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise InputError(f"{path} is not UTF-8 (byte {error.start}): convert it first") from error
    except OSError as error:
        raise InputError(f"cannot read {path}: {error.strerror}") from error


def _write(path: str | None, pieces: Iterator[str]) -> None:
    """To a file all or nothing: written beside it and moved over it."""
    if path is None:
        _write_all(sys.stdout, pieces)
        return
    beside = Path(path).with_name(Path(path).name + ".part")
    try:
        with open(beside, "w", encoding="utf-8", newline="\n") as file:
            _write_all(file, pieces)
        beside.replace(path)
    except OSError as error:
        beside.unlink(missing_ok=True)
        raise InputError(f"cannot write {path}: {error.strerror}") from error


def _write_all(file: TextIO, pieces: Iterator[str]) -> None:
    for piece in pieces:
        file.write(piece)


if __name__ == "__main__":
    sys.exit(main())
