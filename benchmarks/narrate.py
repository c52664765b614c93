"""Microseconds of CPU time an executed line for narrating and checking, in each style: `python benchmarks/narrate.py`.

The functions `narrate`, `claims` and `check` are measured, and the same by one `Narrator`, which walks the trace once.
`--against FOLDER` measures another state of the tracer beside this one in the same run, round by round (for example
`git archive COMMIT packages/tracer/src | tar -x -C FOLDER`); styles that it lacks are left out. Each figure is the best
of ROUNDS rounds, since other load only adds.
"""

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SOURCES = "packages/tracer/src"
ROUNDS = 5
STYLES = ("compact", "step", "block", "summary")
PROGRAMS = {
    "loop": "s = 0\nxs = [3, 1, 4, 1, 5, 9, 2]\nfor i in range(300):\n  x = xs[i % 7]\n  if x > 2:\n    s += x\n",
    "lists": "out = []\nfor x in [5, 3, 8, 1] * 60:\n  out.append(x * 2)\n  if len(out) > 9:\n    out = out[1:]\n",
    "recursion": "def f(n):\n    if n < 2:\n        return n\n    return f(n - 1) + f(n - 2)\nprint(f(11))\n",
    "objects": (
        "class P:\n    def __init__(self, x):\n        self.x = x\n    def move(self, d):\n        self.x += d\n"
        "        return self\nps = [P(i) for i in range(40)]\nfor p in ps:\n    p.move(2).move(3)\n"
    ),
}  # fmt: skip
_MEASURE = """
import gc, json, sys, time
import deskcheck_tracer
from deskcheck_tracer import check, claims, narrate
from deskcheck_tracer.engine import record_here
Narrator = getattr(deskcheck_tracer, "Narrator", None)  # an earlier state may have none
programs, styles = json.loads(sys.argv[1]), json.loads(sys.argv[2])
rows = {}
for name, source in programs.items():
    trace = record_here(source)
    lines = sum(1 for _ in trace.steps())
    for style in styles:
        try:
            narrate(trace, style=style)
        except ValueError:
            continue
        gc.collect()
        start = time.process_time()
        text = narrate(trace, style=style)
        told = time.process_time()
        checks = check(claims(text), trace)
        done = time.process_time()
        gc.collect()
        again = time.process_time()
        if Narrator is not None:
            narrator = Narrator(trace)
            assert narrator.check(narrator.claims(narrator.narrate(style))) == checks
        end = time.process_time()
        assert all(one.holds for one in checks)
        rows[f"{name} {style}"] = [seconds / lines * 1e6 for seconds in (told - start, done - told, end - again)]
print(json.dumps(rows))
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--against", type=Path, help="folder that holds packages/tracer/src of another state")
    options = parser.parse_args()
    trees = {"now": ROOT} | ({"before": options.against} if options.against else {})
    best: dict[str, dict[str, list[float]]] = {name: {} for name in trees}
    for _ in range(ROUNDS):
        for name, tree in trees.items():
            for key, figures in measure(tree / SOURCES).items():
                old = best[name].setdefault(key, figures)
                best[name][key] = [min(pair) for pair in zip(old, figures, strict=True)]
    print(
        "| program, style | narrate, us a line | read and check, us a line | all by a Narrator |"
        + " functions before | times faster: functions | Narrator |" * (len(trees) > 1)
    )
    print("|---|---|---|---|" + "---|---|---|" * (len(trees) > 1))
    for key, (told, checked, both) in best["now"].items():
        row = f"| {key} | {told:.1f} | {checked:.1f} | {both:.1f} |"
        if earlier := sum(best.get("before", {}).get(key, [])[:2]):
            row += f" {earlier:.1f} | {earlier / (told + checked):.2f} | {earlier / both:.2f} |"
        print(row)


def measure(sources: Path) -> dict[str, list[float]]:
    """One round of one tree, in a process of its own."""
    command = [sys.executable, "-c", _MEASURE, json.dumps(PROGRAMS), json.dumps(STYLES)]
    environment = {**os.environ, "PYTHONPATH": str(sources)}
    return json.loads(subprocess.run(command, env=environment, check=True, capture_output=True, text=True).stdout)


if __name__ == "__main__":
    main()
