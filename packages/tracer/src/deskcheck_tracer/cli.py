"""`deskcheck-trace`: the tracer from the command line, without Hydra.

Results go to standard output, everything else to standard error. Exit codes: 0 done; 1 done, and the answer is no
(not accepted, a claim that does not hold, a self-test row that failed); 2 bad input or environment, in one message.
This file holds the words of the commands; what they do is in cli_trace.py and cli_judge.py.
"""

import argparse
import os
import sys
from collections.abc import Callable, Sequence

from . import cli_judge, cli_trace
from .errors import DeskcheckError
from .program import Limits

_EXAMPLES = """\
examples:
  deskcheck-trace narrate sum.py --stdin 4         tell in words what a program does
  deskcheck-trace view sum.py --stdin 4 --open     walk through it in the browser
  deskcheck-trace record -c 'x = [3, 1]; x.sort()' -o sort.jsonl
  deskcheck-trace export sort.jsonl --format text  read a recorded trace
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit code."""
    options = parser().parse_args(arguments)
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


def parser() -> argparse.ArgumentParser:
    """Commands and options."""
    whole = argparse.ArgumentParser(
        prog="deskcheck-trace", description="Record, tell and check what a Python program does.",
        epilog=_EXAMPLES, formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    commands = whole.add_subparsers(required=True, metavar="COMMAND")
    _add_record(commands)
    _add_narrate(commands)
    _add_check(commands)
    _add_view(commands)
    _add_export(commands)
    _add_judge(commands)
    _add_selftest(commands)
    return whole


def _add_record(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    record = commands.add_parser("record", help="run a program and write its trace as JSON lines")
    _add_program(record)
    _add_output(record)
    record.set_defaults(command=cli_trace.record_command)


def _add_narrate(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    narrate = commands.add_parser("narrate", help="tell a trace (or a program, which is recorded first) in words")
    _add_program(narrate)
    narrate.add_argument("--style", default="step", help="step (default), block, summary, or compact for small models")
    narrate.add_argument("--max-tokens", type=int, metavar="N", help="stay below N words and symbols by telling less")
    _add_output(narrate)
    narrate.set_defaults(command=cli_trace.narrate_command)


def _add_check(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    check = commands.add_parser("check", help="check a narration's claims against a trace; exit 1 if one is false")
    check.add_argument("narration", help="text file, - for standard input")
    _add_program(check)
    check.add_argument("--prose", action="store_true", help="the text is free prose: read it as far as it can be read")
    check.set_defaults(command=cli_trace.check_command)


def _add_view(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    view = commands.add_parser("view", help="write one HTML page to walk through a trace")
    _add_program(view)
    view.add_argument("--open", action="store_true", help="show it in the browser")
    view.add_argument("-o", "--output", metavar="PATH", help="write here instead of NAME.html")
    view.set_defaults(command=cli_trace.view_command)


def _add_export(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    export = commands.add_parser("export", help="write a trace in another form")
    _add_program(export)
    export.add_argument(
        "--format", choices=cli_trace.FORMATS, default="steps",
        help="steps (default): a JSON line a step with the state after it; text: a listing to read; jsonl: the trace "
        "file; json: the same in one value; cwm: tokens of Code World Model as text; cwm-json: the same as a JSON list "
        "with special tokens as numbers",
    )  # fmt: skip
    export.add_argument("--entry", metavar="NAME", help="cwm: function to start at (default: the call, or main)")
    export.add_argument(
        "--reset", choices=("switch", "activation"), default="switch",
        help="cwm: tell a frame's state in full after every switch of frames (default), or once an activation",
    )  # fmt: skip
    export.add_argument("--step-over", action="append", default=[], metavar="NAME", help="cwm: skip inside its calls")
    export.add_argument("--max-tokens", type=int, metavar="N", help="cwm: whole frames up to N words and symbols")
    _add_output(export)
    export.set_defaults(command=cli_trace.export_command)


def _add_judge(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    judge = commands.add_parser("judge", help="judge a program against test cases in the sandbox; exit 1 if not AC")
    judge.add_argument("program", help="Python source file")
    judge.add_argument("tests", help='JSON lines of {"input": ..., "output": ...}, or one JSON list of them')
    judge.add_argument(
        "--checker",
        default="tokens",
        metavar="NAME|FILE.py",
        help="exact, lines, tokens (default), tokens_ci, lcb_compat, asserts (tests hold test code), or a file that "
        "defines check(input, output, answer)",
    )
    judge.add_argument("--entry-point", metavar="NAME", help="tests hold call arguments and the repr of the result")
    judge.add_argument("--stop-early", action="store_true", help="stop at the first test that is not AC")
    judge.add_argument(
        "--degraded", action="store_true", help="go on without control groups where the kernel denies them"
    )
    _add_limits(judge)
    judge.set_defaults(command=cli_judge.judge_command)


def _add_selftest(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    selftest = commands.add_parser("selftest", help="run the hostile programs on this machine; exit 1 if a row fails")
    selftest.add_argument("--row", type=int, action="append", metavar="N", help="only this row; may be repeated")
    selftest.add_argument("--workers", type=int, default=2, metavar="N")
    selftest.add_argument("--degraded", action="store_true", help="show what is lost without control groups")
    selftest.set_defaults(command=cli_judge.selftest_command)


def _add_program(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "file", nargs="?", help="Python source, or a recorded trace (JSON lines); - for either on standard input"
    )
    command.add_argument("-c", dest="code", metavar="CODE", help="the program itself instead of a file")
    command.add_argument("--call", metavar="EXPR", help="expression to evaluate after the module body, e.g. 'f(3)'")
    command.add_argument("--stdin", metavar="TEXT", help="what the program reads")
    command.add_argument("--stdin-file", metavar="PATH", help="the same from a file")
    command.add_argument(
        "--include", action="append", default=[], metavar="PATH",
        help="also record this file, or the files of this folder, when the program imports them; may be repeated",
    )  # fmt: skip
    command.add_argument(
        "--isolation", choices=("process", "nsjail"), default="process",
        help="process (default): a child with limits, for your own code; nsjail: for code you do not trust",
    )  # fmt: skip
    _add_limits(command)
    defaults = Limits()
    command.add_argument("--max-events", type=int, default=defaults.max_events, metavar="N", help="0: no limit")
    command.add_argument("--max-bytes", type=int, default=defaults.max_bytes, metavar="N", help="0: no limit")


def _add_limits(command: argparse.ArgumentParser) -> None:
    defaults = Limits()
    command.add_argument("--cpu", type=float, default=defaults.cpu_s, metavar="SECONDS")
    command.add_argument("--wall", type=float, default=defaults.wall_s, metavar="SECONDS")
    command.add_argument("--memory", type=int, default=defaults.memory_mb, metavar="MB")


def _add_output(command: argparse.ArgumentParser) -> None:
    command.add_argument("-o", "--output", metavar="PATH", help="write here instead of standard output")


if __name__ == "__main__":
    sys.exit(main())
