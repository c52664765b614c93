"""Every labelled HumanEval program of $DESKCHECK_DATA judged by its check: agreement with the labels, every difference.

The labels come from running 3,280 samples in a process of their own on CPython 3.11, 2 s a check, check and candidate
together. The functions that a check may call are those of the prompt: three checks call a second one (`poly`,
`encode_cyclic`, `encode_shift`). The table counts labels against verdicts; it holds (exit 0) if every program passes
here that passed there, and no other. `python -m tools.verdicts [tasks]`.
"""

import ast
import gzip
import json
import os
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from deskcheck_tracer import Limits, Sandbox, TestCase, judge_many

LIMITS = Limits(cpu_s=2.0, wall_s=10.0, memory_mb=512)


def main(count: int) -> int:
    folder = Path(os.environ["DESKCHECK_DATA"]) / "humaneval"
    begun, pairs, differ = time.monotonic(), Counter(), []
    total = 0
    with Sandbox() as sandbox:
        for task, programs, labels, test, names in _tasks(folder, count):
            judged = judge_many(
                [(program, [test]) for program in programs],
                limits=LIMITS, checker="asserts", entry_point=names, sandbox=sandbox,
            )  # fmt: skip
            for sample, (label, judgement) in enumerate(zip(labels, judged, strict=True)):
                total += 1
                pairs[label, str(judgement.verdict)] += 1
                if (label == "AC") != (judgement.verdict == "AC"):
                    differ.append((task, sample, label, judgement.results[0]))
    seconds = time.monotonic() - begun
    print(f"{total} programs in {seconds:.0f} s, {total / seconds:.0f} a second")
    print(f"agree on passing: {total - len(differ)} of {total}")
    for (label, verdict), number in sorted(pairs.items(), key=lambda pair: -pair[1]):
        print(f"  label {label:24s} verdict {verdict:4s} {number}")
    for task, sample, label, result in differ:
        said = result.difference or result.detail
        print(f"{task} sample {sample}: label {label}, verdict {result.verdict}: {said}")
    return 1 if differ or not total else 0


def _tasks(folder: Path, count: int) -> Iterator[tuple[str, list[str], list[str], TestCase, str]]:
    problems = {row["task_id"]: row for row in _rows(folder / "HumanEval.jsonl")}
    samples = {row["task_id"]: row for row in _rows(folder / "codegen16b_t0.8_100samples.jsonl.gz")}
    for row in list(_rows(folder / "codegen16b_first20_labels.jsonl"))[:count]:
        problem, sampled = problems[row["task_id"]], samples[row["task_id"]]
        labels = [label["hidden"] if label["load"] == "AC" else label["load"] for label in row["labels"]]
        programs = [sampled["prompt_without_doctests"] + each for each in sampled["samples"][: len(labels)]]
        code = f"{problem['test']}\ncheck({problem['entry_point']})\n"
        yield row["task_id"], programs, labels, TestCase(code, ""), _names(problem)


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
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 10**9))
