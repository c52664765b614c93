"""Mutation testing: how many small faults in six modules do the tests notice? `python -m tools.mutation [module ...]`.

Every mutant (mutants.py) of every module is written into a scratch copy of the workspace, where the module's tests run
until the first failure: killed. All of them passing is a survivor; a run that exceeds its time is killed too, and
counted apart. The third-party packages are imported once; each mutant gets a fork of that process that imports our
packages anew. What becomes of a mutant is kept in outputs/mutation/<module>.jsonl, so that the command may be stopped
and run again; after a change of the tests only the tests that killed a mutant run first, and those that failed most
often before the others. The exit code is 1 if a module's score is below the one that is demanded, or cannot be known
because `--report` found mutants that were not tried.
"""

import ast
import atexit
import contextlib
import dataclasses
import gc
import hashlib
import importlib
import json
import os
import resource
import shutil
import signal
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tools.mutants import Mutant, mutants_of

ROOT = Path(__file__).resolve().parent.parent
KEPT = ROOT / "outputs" / "mutation"
TREE = KEPT / "tree"
COPIED = ("packages", "conf", "tests", "tools", "models", "pyproject.toml")
SOURCES = ("", *(f"packages/{name}/src" for name in ("tracer", "agent", "evals", "trainer")), "conf", "models")
EQUIVALENT = ROOT / "tools" / "mutation_equivalent.jsonl"
"""Survivors that no test can kill: {"module", "now", "why"}."""
DEMANDED = 85.0
COLLECTION = "collection"
QUIETLY = ("-q", "-p", "no:cacheprovider")
MEMORY = 6 << 30
"""Bytes that a run of the tests may take: a mutant that fills a list for ever must not take the machine with it."""


@dataclasses.dataclass(frozen=True)
class Target:
    path: str
    tests: tuple[str, ...]


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


def copy_workspace() -> None:
    """The scratch tree as the workspace is now; compiled files of an earlier run stay."""
    skipped = shutil.ignore_patterns("__pycache__", ".*", "dist", "build", "*.egg-info")
    for name in COPIED:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, TREE / name, ignore=skipped, dirs_exist_ok=True)
        else:
            shutil.copy2(ROOT / name, TREE / name)


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
    """Stands for what the module's tests are."""
    files = sorted({test.partition("::")[0] for test in target.tests})
    return hashlib.sha256("".join((ROOT / file).read_text() for file in files).encode()).hexdigest()[:12]


def kept(name: str) -> list[dict[str, Any]]:
    """The last row of every mutant that the module has now, in the order of the lines."""
    path = KEPT / f"{name}.jsonl"
    lines = path.read_text().splitlines() if path.exists() else []
    rows = {row["key"]: row for row in map(json.loads, lines)}
    return [rows[mutant.key] for mutant in mutants_of((ROOT / MODULES[name].path).read_text()) if mutant.key in rows]


# ---- one mutant ----


class Order:
    """Which tests come first: cheap ones that killed many mutants."""

    def __init__(self, kills: Counter[str]) -> None:
        self.kills = kills
        self.seconds: dict[str, float] = {}
        self.first = ""

    def cost(self, test: str) -> float:
        """Seconds for a kill, roughly."""
        return -1.0 if test == self.first else (self.seconds.get(test, 0.0) + 0.01) / (self.kills[test] + 1)


def enter_tree() -> None:
    """Make this process one whose imports come from the scratch tree."""
    from hypothesis import Phase, settings

    settings.register_profile("mutation", derandomize=True, database=None, phases=(Phase.explicit, Phase.generate))
    settings.load_profile("mutation")  # no shrinking: that a test fails is all we ask
    os.chdir(TREE)
    places = [str(TREE / place) for place in SOURCES]
    sys.path[:0] = places
    os.environ["PYTHONPATH"] = os.pathsep.join(places)


def collect(target: Target) -> None:
    """Load every third-party module that the tests need."""
    import pytest

    with (KEPT / "collected.log").open("w") as log, contextlib.redirect_stdout(log):
        code = pytest.main(["--collect-only", *QUIETLY, *target.tests])
    if code != 0:
        raise SystemExit(f"the tests cannot be collected, see {KEPT / 'collected.log'}")
    forget(users_of(target))
    gc.freeze()


def users_of(target: Target) -> set[str]:
    """The loaded modules of ours that import the target, directly or not; the target, too."""
    imports = {name: imports_of(name, Path(file)) for name, file in ours()}
    found = {name for name, file in ours() if file == str(TREE / target.path)}
    while more := {name for name, used in imports.items() if used & found} - found:
        found |= more
    return found


def ours() -> list[tuple[str, str]]:
    """Name and file of every loaded module of the scratch tree."""
    files = [(name, getattr(module, "__file__", None) or "") for name, module in sys.modules.items()]
    return [(name, file) for name, file in files if file.startswith(f"{TREE}{os.sep}")]


def imports_of(name: str, path: Path) -> set[str]:
    """Every module that a file may import, at any depth of it; names that are no modules do no harm."""
    package = name if path.name == "__init__.py" else name.rpartition(".")[0]
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            above = package.rsplit(".", node.level - 1)[0] if node.level else ""
            module = ".".join(part for part in (above, node.module) if part)
            found |= {module, *(f"{module}.{alias.name}" for alias in node.names)}
    return found


def forget(names: set[str]) -> None:
    """Drop modules, so that the next import reads their files again."""
    for name in names:
        del sys.modules[name]
        package, _, short = name.rpartition(".")
        if package in sys.modules and hasattr(sys.modules[package], short):
            delattr(sys.modules[package], short)
    importlib.invalidate_caches()


@contextlib.contextmanager
def planted(target: Target, mutant: Mutant, number: int) -> Iterator[None]:
    """The scratch tree with the mutant in the place of its module. Its time is unlike any other's, in whole seconds:
    Python takes compiled files by time and size."""
    path, original = TREE / target.path, ROOT / target.path
    path.write_text(mutant.text)
    moment = int(original.stat().st_mtime) + number
    os.utime(path, (moment, moment))
    try:
        yield
    finally:
        shutil.copy2(original, path)


def attempt(target: Target, order: Order, patience: float, log: str) -> tuple[str, str]:
    """Run the tests in a fork until one fails: (killed, survived or timeout; the test that failed)."""
    told = KEPT / "told.json"
    told.write_text("{}")
    if (child := os.fork()) == 0:
        run_tests(target, Watcher(order, told), log)
    until = time.monotonic() + patience
    done = status = 0
    try:
        while not done and time.monotonic() < until:
            done, status = os.waitpid(child, os.WNOHANG)
            time.sleep(0.0 if done else 0.02)
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child, signal.SIGKILL)
    if not done:
        os.waitpid(child, 0)
        return "timeout", ""
    found = json.loads(told.read_text())
    order.seconds |= found.get("seconds", {})
    return ("survived" if status == 0 else "killed"), found.get("failed", "")


def run_tests(target: Target, watcher: "Watcher", log: str) -> None:
    """In the fork: never returns."""
    import pytest

    os.setsid()
    with (KEPT / f"{log}.log").open("w") as out:
        os.dup2(out.fileno(), 1)
        os.dup2(out.fileno(), 2)
    resource.setrlimit(resource.RLIMIT_DATA, (MEMORY, MEMORY))
    code = 1
    try:
        code = int(pytest.main(["-x", *QUIETLY, *target.tests], plugins=[watcher]))
        atexit._run_exitfuncs()  # sandboxes stop
        sys.stdout.flush()
    finally:
        os._exit(code)


class Watcher:
    """A plugin of pytest: the tests that fail often for the time they take come first; the one that fails is told."""

    def __init__(self, order: Order, told: Path) -> None:
        self.order = order
        self.told = told
        self.failed = ""
        self.seconds: dict[str, float] = {}

    def pytest_collection_modifyitems(self, items: list[Any]) -> None:
        items.sort(key=lambda item: self.order.cost(item.nodeid))

    def pytest_collectreport(self, report: Any) -> None:
        if report.failed:
            self.failed = self.failed or COLLECTION

    def pytest_runtest_logreport(self, report: Any) -> None:
        self.seconds[report.nodeid] = self.seconds.get(report.nodeid, 0.0) + report.duration
        if report.failed:
            self.failed = self.failed or report.nodeid

    def pytest_sessionfinish(self) -> None:
        self.told.write_text(json.dumps({"failed": self.failed, "seconds": self.seconds}))


# ---- the report ----


def report(names: list[str]) -> int:
    """Print a row a module and a line a survivor; the exit code."""
    reasons = [json.loads(line) for line in EQUIVALENT.read_text().splitlines()] if EQUIVALENT.exists() else []
    why = {(reason["module"], reason["now"]): reason["why"] for reason in reasons}
    found = {name: kept(name) for name in names}
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
