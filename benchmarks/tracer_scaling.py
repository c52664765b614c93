"""What an event costs beside a container of 100 and of 10,000 elements, and what ten million events take in memory.

`python benchmarks/tracer_scaling.py` prints microseconds an event for lines that change a container and lines that
cannot; the difference of a long and a short run, so that building the container does not count. A call the recorder
cannot see through is a line of its own: after it every element is compared. `python benchmarks/tracer_scaling.py
EVENTS` streams that many events to a file and prints the peak memory (ru_maxrss) at a tenth of the way and at the end.
"""

import resource
import subprocess
import sys
import tempfile
import time

from deskcheck_tracer import Limits, Program
from deskcheck_tracer.engine import _Run, stream_here

FREE = Limits(max_events=None, max_bytes=None)
SIZES = (100, 10_000)
SHORT, LONG, REPEATS = 1000, 5000, 5
LINES = {
    "append": "xs.append(i)",
    "xs[i] =": "xs[k] = i",
    "d[k] =": "d[k] = i",
    "d[k] +=": "d[k] += i",
    "no mutation": "s = i * 2",
    "opaque call": "opaque(i)",
}


def program(size: int, rounds: int, line: str) -> str:
    """A loop with that line beside a list and a dict of `size` numbers."""
    return (
        f"import math\nopaque = math.sqrt\ndef main(xs, d):\n    for i in range({rounds}):\n        k = i % 100\n"
        f"        {line}\nmain(list(range({size})), dict.fromkeys(range({size}), 0))\n"
    )


def run(source: str) -> tuple[int, float]:
    """Events and CPU seconds of recording into memory; the fastest of REPEATS."""
    found = []
    for _ in range(REPEATS):
        recording = _Run(Program(source), FREE, [])
        start = time.process_time()
        recording.execute()
        found.append((time.process_time() - start, len(recording.monitor.rows)))
    seconds, events = min(found)
    return events, seconds


def cost_us(size: int, line: str) -> float:
    """Microseconds an event."""
    (few, short), (many, long) = (run(program(size, rounds, line)) for rounds in (SHORT, LONG))
    return (long - short) / (many - few) * 1e6


def scaling() -> None:
    """Print one line a kind of statement."""
    print(f"Python {sys.version.split()[0]}, CPU time, best of {REPEATS}, microseconds an event\n")
    print(f"{'line':12} {'n = 100':>9} {'n = 10000':>10} {'ratio':>6}")
    for name, line in LINES.items():
        small, large = (cost_us(size, line) for size in SIZES)
        print(f"{name:12} {small:9.2f} {large:10.2f} {large / small:6.2f}", flush=True)


def stream(events: int) -> None:
    """Stream a tenth of the events and then all of them, each in a process of its own."""
    for count in (events // 10, events):
        done = subprocess.run(
            [sys.executable, __file__, "child", str(count)], capture_output=True, text=True, check=True
        )
        print(done.stdout, end="", flush=True)


def child(events: int) -> None:
    """One streaming run: a loop of two lines."""
    source = f"def f(n):\n    s = 0\n    for i in range(n):\n        s = (s + i) % 1000\nf({events // 2})\n"
    with tempfile.TemporaryFile() as file:
        start = time.process_time()
        stream_here(file.fileno(), source, limits=FREE)
        seconds, size = time.process_time() - start, file.seek(0, 2)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(
        f"{events} events: {size / 1e6:.0f} MB written, {events / seconds / 1e3:.0f} kev/s, peak memory {peak:.1f} MB"
    )


if __name__ == "__main__":
    if sys.argv[1:2] == ["child"]:
        child(int(sys.argv[2]))
    elif len(sys.argv) > 1:
        stream(int(sys.argv[1]))
    else:
        scaling()
