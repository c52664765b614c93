"""Our verdicts against the labels of every labelled program in $DESKCHECK_DATA: agreement, and every difference.

HumanEval: 3,280 samples, labels from running check and candidate together in a process on CPython 3.11, 2 s a check.
The functions that a check may call are those of the prompt: three checks call a second one (`poly`, `encode_cyclic`,
`encode_shift`). lcb_stdio: 488 solutions on public tests, labels from a process on CPython 3.11.2 without numpy, 10 s,
tokens compared. apps: ten solutions for each stdin problem, labels likewise, 5 s, to the first TLE.

A label agrees if both say AC or neither does; the table counts kinds of faults, too. A label that does not is explained
by what another run or comparison shows, or stays open. Exit 0 if none is open.
`python -m tools.verdicts [humaneval lcb_stdio apps]`.
"""

import ast
import gzip
import json
import os
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from deskcheck_tracer import Limits, Sandbox, TestCase, Verdict, judge, judge_many
from deskcheck_tracer.judge import TestResult


@dataclass(frozen=True)
class Labelled:
    """One program, and what was found of it elsewhere: a label a test."""

    name: str
    source: str
    tests: list[TestCase]
    labels: list[str]
    entry_point: str | None = None


@dataclass(frozen=True)
class Set:
    """A set of labelled programs, and how its labels were made."""

    programs: Callable[[Path], Iterator[Labelled]]
    limits: Limits
    checker: str = "tokens"


def humaneval(data: Path) -> Iterator[Labelled]:
    """Samples of CodeGen-16B, with the check of their task."""
    folder = data / "humaneval"
    problems = {row["task_id"]: row for row in _rows(folder / "HumanEval.jsonl")}
    samples = {row["task_id"]: row for row in _rows(folder / "codegen16b_t0.8_100samples.jsonl.gz")}
    for row in _rows(folder / "codegen16b_first20_labels.jsonl"):
        problem, sampled = problems[row["task_id"]], samples[row["task_id"]]
        test, names = TestCase(f"{problem['test']}\ncheck({problem['entry_point']})\n", ""), _names(problem)
        for number, (label, sample) in enumerate(zip(row["labels"], sampled["samples"], strict=False)):
            said = label["hidden"] if label["load"] == "AC" else label["load"]
            source = sampled["prompt_without_doctests"] + sample
            yield Labelled(f"{row['task_id']} sample {number}", source, [test], [said], names)


def lcb_stdio(data: Path) -> Iterator[Labelled]:
    """Two models' solutions of AtCoder problems on their public tests."""
    for row in _rows(data / "lcb_stdio" / "lcb_stdio_dev.jsonl"):
        tests = [TestCase(test["input"], test["output"]) for test in row["public_tests"]]
        for solution in row["solutions"]:
            yield Labelled(f"{row['id']} {solution['model']}", solution["code"], tests, solution["public_results_real"])


def apps(data: Path) -> Iterator[Labelled]:
    """Ten solutions of each APPS problem on standard input."""
    for row in _rows(data / "apps_mapcoder" / "apps_dev.jsonl"):
        if row["kind"] == "stdin":
            tests = [TestCase(test["input"], test["output"][0]) for test in row["tests"]]
            for number, solution in enumerate(row["solutions"]):
                labels = solution["real"]["verdicts"]
                yield Labelled(f"{row['id']} solution {number}", solution["code"], tests[: len(labels)], labels)


SETS = {
    "humaneval": Set(humaneval, Limits(cpu_s=2.0, wall_s=10.0, memory_mb=512), "asserts"),
    "lcb_stdio": Set(lcb_stdio, Limits(cpu_s=10.0, wall_s=20.0, memory_mb=1024)),
    "apps": Set(apps, Limits(cpu_s=5.0, wall_s=10.0, memory_mb=1024)),
}


def main(names: list[str]) -> int:
    data = Path(os.environ["DESKCHECK_DATA"])
    with Sandbox() as sandbox:
        return max(check(name, SETS[name], data, sandbox) for name in names)


def check(name: str, labelled: Set, data: Path, sandbox: Sandbox) -> int:
    """Print the agreement of one set; 1 if a label differs for no reason that is known, or there is no label."""
    begun, pairs, differ = time.monotonic(), Counter[tuple[str, str]](), list[tuple[str, str]]()
    programs = list(labelled.programs(data))
    for program, test, result, label in judged(programs, labelled, sandbox):
        pairs[label, str(result.verdict)] += 1
        if (label == "AC") != (result.verdict == "AC"):
            said = f"{program.name}: label {label}, verdict {result.verdict}: {_why(result)}"
            differ.append((explained(program, test, result, label, labelled) or OPEN, said))
    seconds, total = time.monotonic() - begun, sum(pairs.values())
    print(f"## {name}\n\n{len(programs)} programs, {total} labels, {total / seconds:.0f} labels a second")
    print(f"agree on passing: {total - len(differ)} of {total}\n\n| label | verdict | |\n|---|---|---|")
    for (label, verdict), number in sorted(pairs.items(), key=lambda pair: -pair[1]):
        print(f"| {label} | {verdict} | {number} |")
    for reason, number in Counter(reason for reason, _ in differ).items():
        print(f"\n{number} differ: {reason}")
        print("\n".join(f"- {said}" for other, said in differ if other == reason))
    print()
    return 1 if any(reason == OPEN for reason, _ in differ) or not total else 0


OPEN = "not explained"


def explained(program: Labelled, test: TestCase, result: TestResult, label: str, labelled: Set) -> str | None:
    """Why the label says something else, where that can be shown."""
    limit = labelled.limits.cpu_s or 0.0
    if result.verdict is Verdict.AC and label == "TLE" and result.cpu_s > limit / 2:
        return f"over the label's limit of {limit:.0f} s there, below it on this machine"
    if result.verdict is Verdict.AC:
        as_text = test.output.split() != result.stdout.split()
        return "the label compares numbers as text; they are equal within 1e-5" if as_text else None
    if result.verdict is Verdict.WA and not test.output.strip() and result.stdout.strip():
        return "the test has lost its expected output, and its label says AC to whatever is printed"
    if result.verdict is Verdict.TLE:
        longer = replace(labelled.limits, cpu_s=8 * limit, wall_s=None)
        with Sandbox(workers=1) as alone:
            again = judge(program.source, [test], limits=longer, sandbox=alone).results[0]
        if again.verdict is Verdict.AC:
            return f"below the label's limit of {limit:.0f} s there, over it on this machine"
    return None


def judged(
    programs: list[Labelled], labelled: Set, sandbox: Sandbox
) -> Iterator[tuple[Labelled, TestCase, TestResult, str]]:
    """Every test and its result beside its label."""
    for entry_point in dict.fromkeys(program.entry_point for program in programs):
        some = [program for program in programs if program.entry_point == entry_point]
        judgements = judge_many(
            [(program.source, program.tests) for program in some],
            limits=labelled.limits, checker=labelled.checker, entry_point=entry_point, sandbox=sandbox,
        )  # fmt: skip
        for program, judgement in zip(some, judgements, strict=True):
            for test, result, label in zip(program.tests, judgement.results, program.labels, strict=True):
                yield program, test, result, label


def _why(result: TestResult) -> str:
    last = result.stderr.strip().rpartition("\n")[2]
    return str(result.difference or result.detail or last)[:300] + f" ({result.cpu_s:.2f} s CPU)"


def _names(problem: dict[str, str]) -> str:
    """The entry point, and the other functions of the prompt."""
    tree = ast.parse(problem["prompt"] + problem["canonical_solution"])
    defined = [node.name for node in tree.body if isinstance(node, ast.FunctionDef)]
    return ", ".join(dict.fromkeys([problem["entry_point"], *defined]))


def _rows(path: Path) -> Iterator[dict]:
    content = path.read_bytes()
    text = gzip.decompress(content) if path.suffix == ".gz" else content
    yield from map(json.loads, text.decode("utf-8").splitlines())


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:] or list(SETS)))
