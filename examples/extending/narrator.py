"""A narrator of your own: runs told as short lines of values, proven by reading them back, as rows to train on.

python examples/extending/narrator.py rows.jsonl
deskcheck-sft experiment=sft/own model.path=micro-base "datasets=[{path: rows.jsonl}]" max_steps=2
"""

import json
import re
import sys
from pathlib import Path

from deskcheck_agent import Prompts
from deskcheck_evals.benchmarks import BenchmarkConfig, load_items
from deskcheck_tracer import Trace, record


def tell(trace: Trace) -> str:
    """One line a step that changes something, then the output."""
    told = [f"line {step.line}: {_values(step.changes)}" for step in trace.steps() if step.changes]
    return "\n".join([*told, "<output>", trace.stdout.removesuffix("\n"), "</output>"])


def _values(changes: dict[str, str | None]) -> str:
    return "; ".join(f"{name} is {value}" for name, value in changes.items())


def is_true(text: str, trace: Trace) -> bool:
    """Does the text, read back, give the state after each of those steps, and the output?"""
    told = [
        (int(line), dict(pair.split(" is ", 1) for pair in values.split("; ")))
        for line, values in re.findall(r"^line (\d+): (.*)$", text, re.M)
    ]
    steps = [step for step in trace.steps() if step.changes]
    if [line for line, _ in told] != [step.line for step in steps]:
        return False
    holds = all(said.items() <= step.locals.items() for (_, said), step in zip(told, steps, strict=True))
    return holds and text.endswith(f"<output>\n{trace.stdout.removesuffix('\n')}\n</output>")


def main(path: Path) -> None:
    prompts = Prompts.load("micro")
    with path.open("w") as file:
        for item in load_items(BenchmarkConfig(split="train", limit=20)):
            trace = record(item.program)  # in the sandbox
            if is_true(text := tell(trace), trace):
                told = [{"role": "assistant", "content": text}]
                row = {"prompt": prompts.explain(item.program), "completion": told}
                file.write(json.dumps(row) + "\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
