"""Run a module's tests on a mutant: in a scratch copy of the workspace, in a fork, until the first failure.

The third-party packages are imported once; each mutant gets a fork of that process that imports anew what uses the
mutated module. A mutant stands in the scratch copy as a file, so that sandboxes and other processes meet it, too.
"""

import ast
import atexit
import contextlib
import dataclasses
import gc
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

from tools.mutants import Mutant

ROOT = Path(__file__).resolve().parent.parent
KEPT = ROOT / "outputs" / "mutation"
TREE = KEPT / "tree"
COPIED = ("packages", "conf", "tests", "tools", "models", "pyproject.toml")
SOURCES = ("", *(f"packages/{name}/src" for name in ("tracer", "agent", "evals", "trainer")), "conf", "models")
MEMORY = 6 << 30
"""Bytes that a run of the tests may take: a mutant that fills a list for ever must not take the machine with it."""
COLLECTION = "collection"
QUIETLY = ("-q", "-p", "no:cacheprovider")


@dataclasses.dataclass(frozen=True)
class Target:
    """A module and the tests that are about it."""

    path: str
    tests: tuple[str, ...]


# ---- the scratch copy ----


def copy_workspace() -> None:
    """The scratch tree as the workspace is now; compiled files of an earlier run stay."""
    skipped = shutil.ignore_patterns("__pycache__", ".*", "dist", "build", "*.egg-info")
    for name in COPIED:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, TREE / name, ignore=skipped, dirs_exist_ok=True)
        else:
            shutil.copy2(ROOT / name, TREE / name)


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


def run_tests(target: Target, watcher: Watcher, log: str) -> None:
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
