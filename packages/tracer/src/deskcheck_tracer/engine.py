"""Run a program under the monitor, in this very process, and hand back or stream what it did.

The program runs as `__main__` with standard input and output in memory. Nothing here isolates it: `record` starts the
process that may call `record_here` or `stream_here`, the sandbox its jailed child. An end that the process survives
(exception, exit, a limit of the recording) is told by the trace; a kill is told by whoever killed it, the rows written
so far being a valid prefix.
"""

import builtins
import os
import platform
import sys
import threading
from collections.abc import Callable, Container, Sequence
from types import CodeType, ModuleType
from typing import Any

from .bypass import Bypass
from .compiled import compiled, family
from .monitor import Monitor
from .originals import BUILTINS as __builtins__  # noqa: F401
from .program import DEFAULT_LIMITS, Limits, Program
from .recording import Stop
from .recursion import Recursion
from .stdio import TextInput, TextOutput
from .stream import RowWriter, end_line, header_line
from .tape import whole
from .threads import alive
from .trace import End, EndReason, Trace, event_from_row

FILENAME = "<program>"
"""What the program's code objects say they come from; unlike `<string>` no library compiles under it."""


def record_here(source: str, stdin: str = "", call: str | None = None, limits: Limits = DEFAULT_LIMITS) -> Trace:
    """Run a program here and return its trace; only the limits on events, bytes and output are kept."""
    program = Program(source, stdin, call)
    run = _Run(program, limits, [])
    end, returned = run.execute()
    events = [event_from_row(list(whole(row))) for row in run.monitor.rows]
    events.append(event_from_row(["end", *run.place, str(end.reason)]))
    return Trace(program, events, "".join(run.stdout), returned, end, python_version())


def stream_here(
    descriptor: int, source: str, stdin: str = "", call: str | None = None, limits: Limits = DEFAULT_LIMITS,
    *, path: str | None = None, include: Sequence[str] = (), batch: int | None = None,
) -> End:  # fmt: skip
    """Run a program here and write its trace to a file descriptor as JSON lines while it runs (`export.read_trace`
    reads them). `path` is the program's `__file__`; files named by `include` are recorded with it. `batch` rows are
    written at once: one by one where that is cheap, so that nothing is lost when the program is killed."""
    program = Program(source, stdin, call)
    if batch is None:
        batch = 1 if limits.max_events is not None and limits.max_events <= 100_000 else 64
    writer = RowWriter(descriptor, batch)
    writer.write(header_line(program, python_version()) + "\n")
    run = _Run(program, limits, writer, path, include)
    end, returned = run.execute()
    writer.flush()
    writer.write(end_line(("end", *run.place), end, returned) + "\n")
    return end


_PYTHON = platform.python_version()  # found out once, not in every process that is forked for a program


def python_version() -> str:
    """The running interpreter's version, e.g. `3.12.1`."""
    return _PYTHON


class _Run:
    """One run of one program; holds what has to be put back afterwards."""

    def __init__(
        self, program: Program, limits: Limits, rows: Any, path: str | None = None, include: Sequence[str] = ()
    ) -> None:
        self.program, self.path = program, path
        wanted: Callable[[str], bool] | None = None
        source_of: Callable[[str], str] = lambda _: program.source  # noqa: E731
        if include:
            wanted, source_of, rows = _including(program, path, include, rows)
        self.room = sys.maxsize if limits.output_bytes is None else limits.output_bytes
        self.stdout: list[str] = []
        self.place = (0, 0)
        self.monitor = Monitor(
            FILENAME,
            source_of,
            wanted=wanted,
            max_events=limits.max_events,
            max_bytes=limits.max_bytes,
            raising=True,
            rows=rows,
        )

    def execute(self) -> tuple[End, str | None]:
        """Run module body and call; return how it ended and the repr of the call's value."""
        try:
            body = compiled(self.program.source, FILENAME)
            call = (
                compile(self.program.call.strip(), "<call>", "eval", dont_inherit=True) if self.program.call else None
            )
        except (SyntaxError, ValueError, RecursionError, MemoryError, OverflowError) as error:
            return End(EndReason.raised, f"{type(error).__name__}: {error}"), None
        main = ModuleType("__main__")
        main.__dict__["__builtins__"] = builtins
        saved = sys.stdin, sys.stdout, sys.modules.get("__main__"), sys.getrecursionlimit(), sys.argv
        stdin = TextInput(self.program.stdin, lambda text: self.monitor.say("stdin", text))
        stdout = TextOutput(self._hear, self._flush)
        sys.stdin, sys.stdout = stdin, stdout
        self.bypass = Bypass(stdin, stdout, self._flush, lambda: self.monitor.tool)
        sys.modules["__main__"], sys.argv = main, [self.path or "program.py"]
        if self.path is not None:
            main.__dict__["__file__"] = self.path
        self.monitor.recording.recursion = Recursion()
        self.monitor.recording.codes = frozenset(map(id, family(body)))
        try:
            return self._run(body, call, main.__dict__)
        finally:
            sys.stdin, sys.stdout, sys.modules["__main__"] = saved[:3]  # type: ignore[assignment]
            sys.setrecursionlimit(saved[3])
            sys.argv = saved[4]

    def _run(self, body: CodeType, call: CodeType | None, names: dict[str, Any]) -> tuple[End, str | None]:
        ours, value, end = True, None, None
        others = set(alive.values())
        self.monitor.start()
        try:
            with self.bypass:
                exec(body, names)
                if call is not None:
                    self.monitor.enter_call()
                    value = eval(call, names)
                    self.monitor.leave_call("return", self.monitor.values.text(value))
                _join_threads(others)
        except BaseException as error:
            end = self._end_of(error)
        finally:
            self.monitor.flush()
            self.place = self.monitor.place()
            ours = self.monitor.stop()
        if self.monitor.stopped is not None:
            return End(*self.monitor.stopped), None
        if self.bypass.meddled or not ours:
            return End(EndReason.killed, "the program switched the recorder off"), None
        if end is None and call is not None:
            return self._returned(value)
        return end or End(EndReason.finished), None

    def _returned(self, value: object) -> tuple[End, str | None]:
        try:
            return End(EndReason.finished), repr(value)
        except BaseException as error:
            return self._end_of(error), None

    def _end_of(self, error: BaseException) -> End:
        if isinstance(error, Stop):
            return End(EndReason.events)  # replaced by what the monitor says
        if isinstance(error, SystemExit):
            return End(EndReason.exited, exit_code(error))
        if isinstance(error, MemoryError):
            return End(EndReason.memory, "MemoryError")
        if self.program.call is not None and self.monitor.frames.stack:
            self.monitor.leave_call("unwind", self.monitor.values.exception(error))
        return End(EndReason.raised, describe(error))

    def _hear(self, text: str) -> None:
        """Text is printed; stop the program when it is too much."""
        self.room -= len(text) if text.isascii() else len(text.encode("utf-8", "replace"))
        if self.room < 0:
            self.monitor.cut(EndReason.output, "standard output")
            raise Stop
        self.stdout.append(text)
        self.monitor.say("stdout", text)

    def _flush(self) -> None:
        """The program flushes its output, or leaves at once: what waits is written."""
        self.monitor.flush()
        if isinstance(self.monitor.rows, RowWriter):
            self.monitor.rows.flush()


def _including(
    program: Program, path: str | None, include: Sequence[str], rows: Any
) -> tuple[Callable[[str], bool], Callable[[str], str], Any]:
    """What a monitor needs to record other files, too: which, their sources, and a sink that names them."""
    from . import included

    files = included.Included(FILENAME, include)
    files.folder = os.path.dirname(path) if path is not None else ""
    return (
        files.wants,
        lambda name: program.source if name == FILENAME else included.source_of(name),
        included.SourceRows(rows, files),
    )


def exit_code(error: SystemExit) -> str:
    """The code a SystemExit ends the process with."""
    code = BaseException.__dict__["args"].__get__(error)
    if not code or code[0] is None:
        return "0"
    return str(int(code[0])) if type(code[0]) in (int, bool) else "1"


def describe(error: BaseException) -> str:
    """`Type: message` without running code of the program."""
    name = type.__dict__["__name__"].__get__(type(error))
    arguments = BaseException.__dict__["args"].__get__(error)
    show: Callable[[object], str] = repr if isinstance(error, KeyError) or len(arguments) > 1 else str
    shown = [show(argument) for argument in arguments if type(argument) in (str, int, float, bool, bytes, type(None))]
    return f"{name}: {', '.join(shown)}" if shown else name


def _join_threads(others: Container[threading.Thread]) -> None:
    """Wait for the program's threads, as the interpreter does at its end; `others` were there before the program.

    Workers of an executor that nobody shut down wait for work for ever: the interpreter ends them when they are idle.
    """
    pools = sys.modules.get("concurrent.futures.thread")
    for thread in list(alive.values()):
        if thread not in others and not thread.daemon:
            if pools is not None and thread in pools._threads_queues and (owner := thread._args[0]()) is not None:  # type: ignore[attr-defined]
                owner.shutdown()
            thread.join()
