"""Events a second of the recorder beside PySnooper, hunter and snoop: `python benchmarks/tracer.py`.

One process for each (tool, program), all in one run; CPU time of the best of REPEATS, so that other load matters less.
First every program's states are checked against a plain copy (`tracer_programs.wrong_states`). All tools are asked for
the same: every line, call and return of the program's own functions at any depth, with the values of the locals. The
sinks are equal: in memory for all, and once more to a file for the recorder (JSON lines). "no-op" has the recorder's
monitoring events switched on and empty callbacks: what no recorder written in Python can go below. The peers are
installed with `uv pip install pysnooper hunter snoop`; they cut values at 100 characters, the recorder at 200.
"""

import argparse
import gc
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

from deskcheck_tracer import Limits, Program
from deskcheck_tracer.engine import record_here, stream_here
from tracer_programs import PROGRAMS, SCALAR, count_events, wrong_states

REPEATS = 5
FREE = Limits(max_events=None, max_bytes=None)
PEERS = {"PySnooper": "pysnooper", "hunter": "hunter", "snoop": "snoop"}
Seconds = Callable[[Path], float]


class Counter:
    """A sink in memory that keeps the text's length alone."""

    def __init__(self) -> None:
        self.size = 0

    def write(self, text: str) -> None:
        """Take some text."""
        self.size += len(text)

    def flush(self) -> None:
        """Nothing waits."""


def deskcheck_memory(path: Path) -> float:
    """The recorder, rows in a list."""
    from deskcheck_tracer.engine import _Run

    run = _Run(Program(path.read_text() + "main()\n"), FREE, [])
    return timed(run.execute)


def deskcheck_file(path: Path) -> float:
    """The recorder, JSON lines to a file while the program runs."""
    with tempfile.TemporaryFile() as file:
        return timed(lambda: stream_here(file.fileno(), path.read_text() + "main()\n", limits=FREE))


def pysnooper(path: Path) -> float:
    """PySnooper at any depth."""
    import pysnooper  # type: ignore[import-not-found]

    main = namespace(path)["main"]
    return timed(pysnooper.snoop(Counter().write, depth=10**6, color=False)(main))


def pysnooper_inside(path: Path) -> float:
    """PySnooper asked for what the recorder tells of an object: its attributes, objects in them by their class."""
    import pysnooper  # type: ignore[import-not-found]

    def of_program(value: object) -> bool:
        return type(value).__module__ == "program"

    def attributes(value: object) -> str:
        shown = (f"{name}={type(v).__name__ if of_program(v) else repr(v)}" for name, v in vars(value).items())
        return f"{type(value).__name__}({', '.join(shown)})"

    main = namespace(path)["main"]
    told = ((of_program, attributes),)
    return timed(pysnooper.snoop(Counter().write, depth=10**6, color=False, custom_repr=told)(main))


def hunter(path: Path) -> float:
    """hunter with its two printing actions: lines, calls and returns, and the variables that changed."""
    import hunter  # type: ignore[import-not-found]

    main, sink = namespace(path)["main"], Counter()
    actions = [hunter.CallPrinter(stream=sink), hunter.VarsSnooper(stream=sink)]

    def run() -> None:
        with hunter.trace(filename=str(path), actions=actions):
            main()

    return timed(run)


def snoop(path: Path) -> float:
    """snoop at any depth."""
    import snoop  # type: ignore[import-not-found]

    main = namespace(path)["main"]
    return timed(snoop.Config(out=Counter(), color=False).snoop(depth=10**6)(main))


def no_op(path: Path) -> float:
    """The recorder's events with empty callbacks."""
    monitoring, main = sys.monitoring, namespace(path)["main"]
    names = ("PY_START", "PY_RETURN", "PY_YIELD", "PY_RESUME", "LINE", "RAISE", "PY_UNWIND", "EXCEPTION_HANDLED")
    monitoring.use_tool_id(3, "no-op")
    for name in names:
        monitoring.register_callback(3, getattr(monitoring.events, name), nothing)
    monitoring.set_events(3, sum(getattr(monitoring.events, name) for name in names))
    seconds = timed(main)
    monitoring.set_events(3, 0)
    monitoring.free_tool_id(3)
    return seconds


def nothing(*_: Any) -> None:
    """An empty callback."""


TOOLS: dict[str, Seconds] = {
    "memory": deskcheck_memory,
    "file": deskcheck_file,
    "PySnooper": pysnooper,
    "hunter": hunter,
    "snoop": snoop,
    "no-op": no_op,
}
INSIDE = {"attributes": pysnooper_inside}
"""For programs with classes: the peers tell an object by its address, the recorder by what it holds."""


def namespace(path: Path) -> dict[str, Any]:
    """The program's names, its functions compiled under its own path."""
    names: dict[str, Any] = {"__name__": "program", "__file__": str(path)}
    exec(compile(path.read_text(), str(path), "exec"), names)
    return names


def timed(action: Callable[[], Any]) -> float:
    """CPU seconds of one call."""
    gc.collect()
    start = time.process_time()
    action()
    return time.process_time() - start


def measure(tool: str, path: Path) -> float:
    """CPU seconds of the best of REPEATS in a fresh process."""
    command = [sys.executable, __file__, tool, str(path)]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"{tool} on {path.name} failed: {done.stderr[-500:]}")
    return json.loads(done.stdout.splitlines()[-1])


def main(names: list[str]) -> None:
    """Print one line a program."""
    peers = ", ".join(f"{peer} {version(package)}" for peer, package in PEERS.items())
    print(f"Python {sys.version.split()[0]}, {peers}; CPU time, best of {REPEATS}\n")
    print(f"{'':18} {'':>6}  {'kev/s':>7} {'kev/s':>7} {'file':>5}  {'times faster than':>27}  {'times':>6}")
    print(f"{'program':18} {'events':>6}  {'memory':>7} {'file':>7} {'cost':>5}  {'PySnooper':>10} {'hunter':>8} "
          f"{'snoop':>7}  {'no-op':>6}")  # fmt: skip
    ratios: dict[str, list[list[float]]] = {"scalar": [], "compound": []}
    with tempfile.TemporaryDirectory() as folder:
        for name in names or PROGRAMS:
            source = PROGRAMS[name]
            if wrong := wrong_states(source, record_here(source + "main()\n", limits=FREE)):
                raise SystemExit(f"{name}: {wrong} states are wrong, nothing is timed")
            path = Path(folder, f"{name.replace(' ', '_')}.py")
            path.write_text(source)
            events = count_events(compile(source, str(path), "exec"))
            took = {tool: measure(tool, path) for tool in TOOLS}
            memory = took["memory"]
            faster = [took[peer] / memory for peer in PEERS]
            ratios["scalar" if name in SCALAR else "compound"].append(faster)
            print(f"{name:18} {events:6}  {events / memory / 1e3:7.0f} {events / took['file'] / 1e3:7.0f} "
                  f"{took['file'] / memory:5.2f}  {faster[0]:10.1f} {faster[1]:8.1f} {faster[2]:7.1f}  "
                  f"{memory / took['no-op']:6.1f}", flush=True)  # fmt: skip
            if "class " in source:
                print(f"{'  attributes shown':44} {measure('attributes', path) / memory:12.1f}", flush=True)
    for kind, rows in ratios.items():
        if rows:
            middle = [statistics.geometric_mean(column) for column in zip(*rows, strict=True)]
            least = [min(column) for column in zip(*rows, strict=True)]
            both = ", ".join(
                f"{peer} {mean:.1f} (least {low:.1f})" for peer, mean, low in zip(PEERS, middle, least, strict=True)
            )
            print(f"{kind}: {both}")


if __name__ == "__main__":
    if len(sys.argv) == 3 and (tool := (TOOLS | INSIDE).get(sys.argv[1])):
        print(json.dumps(min(tool(Path(sys.argv[2])) for _ in range(REPEATS))))
    else:
        parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
        parser.add_argument("programs", nargs="*", metavar="PROGRAM", help=f"some of: {', '.join(PROGRAMS)}")
        wanted = parser.parse_args().programs
        if unknown := set(wanted) - set(PROGRAMS):
            parser.error(f"no program named {', '.join(sorted(unknown))}, expected some of: {', '.join(PROGRAMS)}")
        main(wanted)
