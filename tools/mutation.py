"""Mutation testing: how many small faults in six modules do the tests notice? `python -m tools.mutation [module ...]`.

Every mutant (mutants.py) of every module meets the module's tests until the first failure (mutant_runs.py): killed. One
that passes them all is a survivor; one whose run exceeds its time is killed too, and counted apart. What becomes of a
mutant is kept in outputs/mutation/<module>.jsonl, so that the command may be stopped and run again; after a change of
the tests, the one that killed a mutant runs first. `--report` tries nothing and prints what is kept. The exit code is 1
if a module's score is below the one that is demanded or if some of its mutants were not tried.
"""

import ast
import hashlib
import json
import signal
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

from tools.mutant_runs import KEPT, ROOT, Order, Target, attempt, collect, copy_workspace, enter_tree, planted
from tools.mutants import mutants_of

EQUIVALENT = ROOT / "tools" / "mutation_equivalent.jsonl"
"""Survivors that no test can kill: {"module", "now", "why"}."""
DEMANDED = 85.0
MODULES = {
    "metrics": Target("packages/evals/src/deskcheck_evals/metrics.py", ("tests/evals/test_metrics.py",)),
    "advantage": Target("packages/trainer/src/deskcheck_trainer/advantage.py", ("tests/trainer/test_advantage.py",)),
    "claims": Target("packages/tracer/src/deskcheck_tracer/claims.py", ("tests/tracer/test_claims.py",)),
    "values": Target("packages/tracer/src/deskcheck_tracer/values.py", ("tests/tracer/test_values.py",)),
    "rollout": Target("packages/trainer/src/deskcheck_trainer/rollout.py", ("tests/trainer/test_rollout.py",)),
    "judge": Target(
        "packages/tracer/src/deskcheck_tracer/judge.py",
        ("tests/tracer/test_judge_scripted.py", "tests/tracer/test_judge.py"),
    ),
}


def main(arguments: list[str]) -> int:
    names = [argument for argument in arguments if argument != "--report"]
    if unknown := [name for name in names if name not in MODULES]:
        print(f"no module named {', '.join(unknown)}, expected some of: {', '.join(MODULES)}", file=sys.stderr)
        return 2
    if "--report" not in arguments:
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that a run of the tests ends, too
        copy_workspace()
        enter_tree()
        for name in names or MODULES:
            try_all(name)
    return report(names or list(MODULES))


# ---- one module ----


def try_all(name: str) -> None:
    """Try every mutant of the module that was not tried with these tests."""
    target = MODULES[name]
    tests = fingerprint(target)
    known = {row["key"]: row for row in kept(name)}
    order = Order(Counter(row["by"] for row in known.values() if row["by"]))
    mutants = mutants_of((ROOT / target.path).read_text())
    waiting = [mutant for mutant in mutants if known.get(mutant.key, {}).get("tests") != tests]
    print(f"{name}: {len(mutants)} mutants, {len(waiting)} to try", flush=True)
    if not waiting:
        return
    collect(target)
    began = time.monotonic()
    if (fate := attempt(target, order, 3600.0, "baseline"))[0] != "survived":
        raise SystemExit(f"{name}: the tests fail without a mutant ({fate[1]}), see {KEPT / 'baseline.log'}")
    patience = 30 + 10 * (time.monotonic() - began)
    with (KEPT / f"{name}.jsonl").open("a") as file:
        for number, mutant in enumerate(waiting, 1):
            order.first = known.get(mutant.key, {}).get("by", "")
            with planted(target, mutant, number):
                fate, by = attempt(target, order, patience, name)
            order.kills[by] += 1
            row = {"key": mutant.key, "line": mutant.line, "was": mutant.was, "now": mutant.now}
            file.write(json.dumps({**row, "fate": fate, "by": by, "tests": tests}) + "\n")
            file.flush()
            if number % 25 == 0:
                print(f"{name}: {number} of {len(waiting)} tried, {time.monotonic() - began:.0f} s", flush=True)


def fingerprint(target: Target) -> str:
    """Stands for what the module's tests do; their layout and comments do not matter."""
    files = sorted({test.partition("::")[0] for test in target.tests})
    trees = [ast.dump(ast.parse((ROOT / file).read_text())) for file in files]
    return hashlib.sha256("".join(trees).encode()).hexdigest()[:12]


def kept(name: str) -> list[dict[str, Any]]:
    """The last row of every mutant that the module has now, in the order of the lines."""
    path = KEPT / f"{name}.jsonl"
    lines = path.read_text().splitlines() if path.exists() else []
    rows = {row["key"]: row for row in map(json.loads, lines)}
    return [rows[mutant.key] for mutant in mutants_of((ROOT / MODULES[name].path).read_text()) if mutant.key in rows]


# ---- the report ----


def report(names: list[str]) -> int:
    """Print a row a module, and every survivor; the exit code."""
    reasons = [json.loads(line) for line in EQUIVALENT.read_text().splitlines()] if EQUIVALENT.exists() else []
    why = {(reason["module"], reason["now"]): reason["why"] for reason in reasons}
    found = {name: [row for row in kept(name) if row["tests"] == fingerprint(MODULES[name])] for name in names}
    good = True
    print("| module | mutants | killed | of them by timeout | survived | score |\n|---|---|---|---|---|---|")
    for name, rows in found.items():
        fates = Counter(row["fate"] for row in rows)
        total = len(mutants_of((ROOT / MODULES[name].path).read_text()))
        killed = fates["killed"] + fates["timeout"]
        score = 100 * killed / total
        good = good and score >= DEMANDED and len(rows) == total
        untried = f" ({total - len(rows)} not tried)" if len(rows) < total else ""
        print(f"| {name} | {total}{untried} | {killed} | {fates['timeout']} | {fates['survived']} | {score:.1f} % |")
    for name, rows in found.items():
        survivors = [row for row in rows if row["fate"] == "survived"]
        print(f"\n{Path(MODULES[name].path).name}, {len(survivors)} survivors")
        for row in survivors:
            reason = why.get((name, row["now"]))
            print(
                f"  {row['line']}: {row['was']}\n    -> {row['now']}"
                + (f"\n    equivalent: {reason}" if reason else "")
            )
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
