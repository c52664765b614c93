"""Record a program in a process of its own.

Isolation "nsjail" hands it to the sandbox, "process" runs it in a child with limits on memory and time, for code you
trust. For code that is already running there is `recorder.Recorder`.
"""

import json
import os
import select
import signal
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from .errors import DeskcheckError, InputError
from .export import read_trace
from .program import DEFAULT_LIMITS, Limits, Program
from .trace import End, EndReason, Trace

if TYPE_CHECKING:
    from .sandbox import Sandbox

_CHILD = (
    "import sys; sys.path.insert(0, sys.argv[1]); from deskcheck_tracer.record import serve; sys.path.pop(0); serve()"
)


def record(
    program: Program,
    *,
    limits: Limits = DEFAULT_LIMITS,
    isolation: str = "nsjail",
    sandbox: "Sandbox | None" = None,
    path: str | Path | None = None,
    include: Sequence[str | Path] = (),
) -> Trace:
    """Run a program under the recorder and return its trace, a partial one with its reason if a limit was reached.

    isolation: "nsjail" (hostile code allowed; uses `sandbox` or the process-wide default one) or "process" (your own
    code only). With "process" alone: `path`, the program's file, lets it run as `python path` would (this working
    directory and environment, its own folder first among the imports, installed packages; the hash seed stays 0), and
    `include` names files and folders that are recorded besides its own source. Raises InputError on another isolation
    and on these with a jail, SandboxUnavailable if the jail cannot be built here.
    """
    if (path is not None or include) and (sandbox is not None or isolation != "process"):
        raise InputError("path and include are for isolation 'process': a jailed program has no files")
    if sandbox is not None:
        return sandbox.trace(program, limits)
    if isolation == "nsjail":
        from .sandbox import default_sandbox

        return default_sandbox().trace(program, limits)
    if isolation != "process":
        raise InputError(f"isolation is {isolation!r}, expected 'nsjail' or 'process'")
    place = None if path is None else os.path.abspath(path)
    return _record_in_child(program, limits, place, [os.path.abspath(name) for name in include])


def _record_in_child(program: Program, limits: Limits, path: str | None, include: list[str]) -> Trace:
    ready, started = os.pipe()  # closed by the child when the program begins: starting up is not on the program's clock
    parts = [program.source, program.stdin, program.call]
    request = {"program": parts, "limits": vars(limits), "path": path, "include": include, "started": started}
    package_root = str(Path(__file__).resolve().parent.parent)
    bare = [] if path is not None else ["-S", "-s"]
    command = [sys.executable, *bare, "-P", "-c", _CHILD, package_root]
    with tempfile.TemporaryFile() as rows, tempfile.TemporaryFile() as asked, tempfile.TemporaryDirectory() as folder:
        asked.write(json.dumps(request).encode())
        asked.seek(0)
        # -I would ignore the hash seed; without a path the environment is empty but for it
        around = os.environ if path is not None else {}
        child = subprocess.Popen(
            command, stdin=asked, stdout=rows, stderr=subprocess.PIPE, cwd=folder if path is None else None,
            env={**around, "PYTHONHASHSEED": "0"}, pass_fds=(started,), start_new_session=True,
        )  # fmt: skip
        os.close(started)
        select.select([ready], [], [], START_S)
        os.close(ready)
        cut = _wait(child, limits)
        rows.seek(0)
        lines = rows.read().decode("utf-8", "replace").splitlines(keepends=True)
    if not lines:
        raise DeskcheckError(f"the recording child wrote nothing and ended with {child.returncode}: {cut.detail}")
    return read_trace(lines, cut=cut)


START_S = 60.0
"""How long the child may take to start, on a machine that is busy with other things."""


def _wait(child: "subprocess.Popen[bytes]", limits: Limits) -> End:
    """Wait for the child and say why its trace ends, should the trace itself not say so."""
    try:
        _, errors = child.communicate(timeout=limits.wall_s)
    except subprocess.TimeoutExpired:
        os.killpg(child.pid, signal.SIGKILL)
        child.communicate()
        return End(EndReason.wall, f"{limits.wall_s} s")
    return end_of_status(child.returncode, errors.decode("utf-8", "replace")[-300:].strip(), limits)


def end_of_status(status: int, errors: str, limits: Limits) -> End:
    """Why a process whose trace has no end is gone, from its wait status (negative: the signal)."""
    if status in (-signal.SIGXCPU, -signal.SIGPROF):
        return End(EndReason.cpu, f"{limits.cpu_s} s")
    if status < 0:
        return End(EndReason.killed, signal.Signals(-status).name)
    return End(EndReason.exited, str(status)) if not errors else End(EndReason.killed, errors)


def serve() -> None:
    """The child's side: read a request from standard input, stream the trace to what was standard output."""
    from .engine import stream_here

    request = json.loads(sys.stdin.buffer.read())
    limits = Limits(**request["limits"])
    rows = os.dup(1)
    null = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(null, descriptor)
    _limit_self(limits)
    source, stdin, call = request["program"]
    if request["path"] is not None:
        sys.path.insert(0, os.path.dirname(request["path"]))
    os.close(request["started"])
    stream_here(rows, source, stdin, call, limits, path=request["path"], include=request["include"])
    os._exit(0)


def _limit_self(limits: Limits) -> None:
    import resource

    if limits.cpu_s is not None:
        signal.setitimer(signal.ITIMER_PROF, limits.cpu_s)  # its default action ends the process, to the millisecond
    if limits.memory_mb is not None:
        size = limits.memory_mb * 2**20
        resource.setrlimit(resource.RLIMIT_AS, (size, size))
