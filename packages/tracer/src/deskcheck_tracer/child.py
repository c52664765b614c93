"""Run one program in this very process the way `python main.py` would, then leave the process.

The last step of both isolations: a fork of the jail's fork server, and the rlimited child of the "process"
isolation, end up in `run`. It gives the program fresh standard streams, a fresh `__main__`, the names that `site`
would add, and at the end what the interpreter would do: join threads, run atexit, flush, clear the module, exit with
Python's own code. What the judge must be able to trust (does it compile, did it start) is told on the report pipe
*before* the first line of the program runs; the pipe is closed then. Standard library only: this file runs inside
the jail.
"""

from __future__ import annotations

import _signal  # pyright: ignore[reportMissingImports]
import _sitebuiltins
import atexit
import builtins
import contextlib
import functools
import gc
import io
import json
import os
import random
import resource
import sys
import threading
import types
from collections.abc import Callable
from typing import Any, NoReturn

from .answering import answer
from .canonical import canonical
from .proxy import CHECK_NAME, run_check
from .serving import serve

STARTED, COMPILE_ERROR, SETUP_ERROR = b"S", b"C", b"F"
RECORDING = ("trace", "series")
SOURCE_NAME = "main.py"


def prepare() -> None:
    """What can be done once, before any program is known: fresh standard streams on descriptors 0-2, and the names
    `site` adds.

    We start Python with -S, so that no installed package can be imported. The descriptors may be replaced
    afterwards, by pipes.
    """
    builtins_any: Any = builtins
    builtins_any.quit = _sitebuiltins.Quitter("quit", "Ctrl-D (i.e. EOF)")
    builtins_any.exit = _sitebuiltins.Quitter("exit", "Ctrl-D (i.e. EOF)")
    builtins_any.help = _sitebuiltins._Helper()
    # As CPython opens them under a UTF-8 locale: no newline translation, strict errors, stderr by line with
    # backslashes.
    sys.stdin = open(0, encoding="utf-8", errors="strict", newline="\n", closefd=False)  # noqa: SIM115
    sys.stdout = open(1, "w", encoding="utf-8", errors="strict", newline="\n", closefd=False)  # noqa: SIM115
    raw = io.BufferedWriter(io.FileIO(2, "w", closefd=False))
    sys.stderr = io.TextIOWrapper(raw, encoding="utf-8", errors="backslashreplace", newline="\n", line_buffering=True)
    sys.__stdin__, sys.__stdout__, sys.__stderr__ = sys.stdin, sys.stdout, sys.stderr  # type: ignore[misc]


def set_limits(rlimits: dict[str, int], timer_s: float | None) -> None:
    """Set soft and hard `RLIMIT_<name>`; ValueError or OSError when the kernel refuses.

    `timer_s`: CPU seconds after which SIGPROF ends this process, where nobody outside counts them (RLIMIT_CPU knows
    whole seconds only).
    """
    if timer_s is not None:
        _signal.setitimer(_signal.ITIMER_PROF, timer_s)
    for name, value in rlimits.items():
        resource.setrlimit(getattr(resource, f"RLIMIT_{name}"), (value, value))


def read_program(descriptor: int) -> dict[str, Any]:
    """Source, call and standard input as `wires.pack_program` wrote them; cheaper here than JSON."""
    content = os.pread(descriptor, os.fstat(descriptor).st_size, 0)
    lengths, _, rest = content.partition(b"\n")
    source, call, stdin = map(int, lengths.split())
    return {
        "source": rest[:source].decode("utf-8", "surrogatepass"),
        "call": rest[source : source + call].decode("utf-8", "surrogatepass") if call else None,
        "stdin": rest[source + call : source + call + stdin].decode("utf-8"),
    }


def write_source(source: str) -> None:
    """Put the source where the program's tracebacks and `__file__` expect it, in the current folder."""
    descriptor = os.open(SOURCE_NAME, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644)
    text = memoryview(source.encode("utf-8", "replace"))
    while text:
        text = text[os.write(descriptor, text) :]
    os.close(descriptor)


def run(request: dict[str, Any], *, report: int, extra: list[int]) -> NoReturn:
    """Do with `request["source"]` what `request["mode"]` says; never returns.

    run: run it. call: then evaluate `request["call"]`; extra[0] gets the value's canonical text. calls: evaluate every
    one of a JSON list; extra[0] gets a line each (answering.py). trace: record it; extra[0] gets the trace. series:
    record it on each of many inputs (series.py); extra[0] gets their traces. serve: then answer calls on the line
    extra[0] (serving.py). check: run it as test code that calls the names
    `request["call"]` over the line extra[1]; extra[0] gets how it ended (proxy.py).

    `report` gets one byte, STARTED or COMPILE_ERROR. Standard input, output and error are file descriptors 0, 1 and 2.
    """
    # What the last act needs is bound here: the program may have replaced any name of any module by then.
    leave, status = os._exit, 1
    try:
        status = _record(request, report, extra[0]) if request["mode"] in RECORDING else _run(request, report, extra)
    finally:
        leave(status)


def _run(request: dict[str, Any], report: int, extra: list[int]) -> int:
    finish, tell = _finish, _teller(extra)
    if "deskcheck_tracer" in sys.modules:
        for name in [name for name in sys.modules if name.startswith("deskcheck_tracer")]:
            del sys.modules[name]
    main = _fresh_main()
    if "random" in request["source"]:
        random.seed()  # the fork server's state would give every program the same numbers
    try:
        name = CHECK_NAME if request["mode"] == "check" else SOURCE_NAME
        code = compile(request["source"], name, "exec", dont_inherit=True)
        act = _act(request, extra)
    except BaseException as error:
        _announce(report, COMPILE_ERROR)
        _print_error(error)
        sys.stderr.flush()
        return 1
    _announce(report, STARTED)
    status = _run_code(act, code, main.__dict__, tell)
    return status if request["mode"] == "calls" else finish(main, status)  # all answers are told: nothing else counts


def _act(request: dict[str, Any], extra: list[int]) -> Callable[[types.CodeType, dict[str, Any]], str | None]:
    """What the mode does with the compiled source: a function that returns the text to tell, if there is one."""
    match request["mode"]:
        case "call":
            call = compile(request["call"], "<call>", "eval", dont_inherit=True)
            return functools.partial(_run_and_call, call)
        case "calls":
            return functools.partial(answer, _sender(extra[0]), json.loads(request["call"]))
        case "serve":
            return functools.partial(_run_and_serve, extra[0])
        case "check":
            return functools.partial(run_check, extra[1], request["call"].split(), request["max_bytes"])
        case _:
            return exec


def _run_and_call(call: types.CodeType, code: types.CodeType, names: dict[str, Any]) -> str:
    exec(code, names)
    return canonical(eval(call, names))


def _run_and_serve(line: int, code: types.CodeType, names: dict[str, Any]) -> None:
    names["__name__"] = "main"  # imported, as it were: what stands under a main guard would read the input
    sys.modules["main"] = sys.modules["__main__"]
    exec(code, names)
    serve(line, names)


def _teller(extra: list[int]) -> Callable[[str], None]:
    send, shut = _sender(extra[0] if extra else -1), os.close

    def tell(text: str) -> None:
        send(text)
        shut(extra[0])

    return tell


def _sender(descriptor: int) -> Callable[[str], None]:
    write = os.write  # the program may replace it

    def send(text: str) -> None:
        left = memoryview(text.encode("utf-8", "backslashreplace"))
        while left:
            left = left[write(descriptor, left) :]

    return send


def _announce(report: int, mark: bytes) -> None:
    os.write(report, mark)
    os.close(report)


def _fresh_main() -> types.ModuleType:
    main: Any = types.ModuleType("__main__")
    main.__builtins__ = builtins
    folder = os.getcwd()
    main.__file__ = f"{folder}/{SOURCE_NAME}"
    sys.modules["__main__"] = main
    sys.argv = [SOURCE_NAME]
    sys.path.insert(0, folder)
    _signal.signal(_signal.SIGINT, _signal.default_int_handler)
    return main


def _run_code(act: Any, code: types.CodeType, names: dict[str, Any], tell: Callable[[str], None]) -> int:
    try:
        if (text := act(code, names)) is not None:
            tell(text)
        return 0
    except SystemExit as error:
        return _exit_code(error)
    except KeyboardInterrupt:
        return 130
    except BaseException as error:
        _print_error(error)
        return 1


def _exit_code(error: SystemExit) -> int:
    if error.code is None:
        return 0
    if isinstance(error.code, int):
        return error.code & 0xFF
    with contextlib.suppress(BaseException):
        print(error.code, file=sys.stderr)
    return 1


def _print_error(error: BaseException) -> None:
    trace = error.__traceback__
    while trace is not None and trace.tb_frame.f_code.co_filename == __file__:  # our own exec or compile
        trace = trace.tb_next
    error = error.with_traceback(trace)
    try:
        sys.excepthook(type(error), error, trace)
    except BaseException:
        with contextlib.suppress(BaseException):
            sys.__excepthook__(type(error), error, trace)


def _finish(main: types.ModuleType, status: int) -> int:
    """The order of Py_FinalizeEx: threads, atexit, flush, the module's names, flush."""
    for act in (threading._shutdown, atexit._run_exitfuncs):  # pyright: ignore[reportAttributeAccessIssue]
        try:
            act()
        except BaseException as error:
            _print_error(error)
    flushed = _flush()
    names = main.__dict__
    private = [name for name in names if name[:1] == "_" and name[1:2] != "_"]
    for name in private + [name for name in names if name != "__builtins__"]:
        names[name] = None
    gc.collect()
    return status if flushed and _flush() else (status or 120)  # 120: what CPython exits with when its last flush fails


def _flush() -> bool:
    flushed = True
    for stream in (sys.stdout, sys.stderr):
        try:
            if stream is not None and not stream.closed:
                stream.flush()
        except BaseException:
            flushed = stream is not sys.stdout and flushed
    return flushed


def _record(request: dict[str, Any], report: int, trace: int) -> int:
    _announce(report, STARTED)
    from deskcheck_tracer.engine import stream_here
    from deskcheck_tracer.program import Limits
    from deskcheck_tracer.trace import AT_LIMIT

    limits = Limits(**request["limits"])
    if request["mode"] == "trace":
        stream_here(trace, request["source"], request["stdin"], request["call"], limits)
        return 0
    cut, (patience, inputs) = 0, json.loads(request["call"])
    for number, (stdin, call) in enumerate(inputs, 1):
        cut += stream_here(trace, request["source"], stdin, call, limits, batch=1000).reason in AT_LIMIT
        if cut == number == patience:
            break  # see series.py
        if threading.active_count() > 1:
            break  # what it left running would be heard in the next one
    return 0
