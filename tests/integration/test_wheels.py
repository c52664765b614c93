"""Every package alone: its wheel and what that declares, in a clean environment, away from the repository.

One shared environment hides undeclared imports and files that a wheel forgets; this is where they show. Needs the
package index for third-party dependencies.
"""

import subprocess
import sys
from collections.abc import Callable, Iterator
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


def run(*words: str | Path, cwd: Path, ok: bool = True) -> subprocess.CompletedProcess[str]:
    done = subprocess.run([str(word) for word in words], cwd=cwd, capture_output=True, text=True)
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
def alone(wheels: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], Path]]:
    """alone("agent") is the bin/ of an environment that holds deskcheck-agent and what it asks for."""
    made: dict[str, Path] = {}

    def make(member: str) -> Path:
        if member not in made:
            home = tmp_path_factory.mktemp(member)
            uv("venv", "--python", sys.executable, home / "venv", cwd=home)
            bin_ = home / "venv" / "bin"
            pins = ("--constraints", ROOT / "constraints.txt")
            uv(
                "pip",
                "install",
                "--python",
                bin_ / "python",
                *pins,
                "--find-links",
                wheels,
                f"deskcheck-{member}",
                cwd=home,
            )
            made[member] = bin_
        return made[member]

    yield make


@pytest.mark.parametrize("member", MEMBERS)
def test_a_wheel_installs_alone_and_imports(alone: Callable[[str], Path], tmp_path: Path, member: str) -> None:
    python = alone(member) / "python"
    walk = (
        f"import deskcheck_{member} as package, pathlib; here = pathlib.Path(package.__file__).parent; "
        "assert 'site-packages' in str(here), here; assert (here / 'py.typed').exists(); print(here)"
    )
    run(python, "-I", "-c", walk, cwd=tmp_path)


def test_the_tracer_brings_nothing_with_it(alone: Callable[[str], Path], tmp_path: Path) -> None:
    python = alone("tracer") / "python"
    listed = "import importlib.metadata as m; print(sorted(d.metadata['Name'] for d in m.distributions()))"
    assert run(python, "-I", "-c", listed, cwd=tmp_path).stdout.strip() == "['deskcheck-tracer']"


@pytest.mark.parametrize(("member", "name"), [(m, name) for m, names in COMMANDS.items() for name in names])
def test_an_installed_command_answers(alone: Callable[[str], Path], tmp_path: Path, member: str, name: str) -> None:
    done = run(alone(member) / f"deskcheck-{name}", "--help", cwd=tmp_path)
    assert name in done.stdout
    assert list(tmp_path.iterdir()) == []


def test_an_experiment_of_ones_own_runs_against_installed_wheels(alone: Callable[[str], Path], tmp_path: Path) -> None:
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


def test_an_experiment_of_ones_own_reaches_an_installed_command(alone: Callable[[str], Path], tmp_path: Path) -> None:
    (tmp_path / "experiment").mkdir()
    (tmp_path / "experiment" / "mine.yaml").write_text("# @package _global_\nrun_name: mine\n")
    words = ["--config-dir", ".", "experiment=mine", "--cfg", "job"]
    done = run(alone("trainer") / "deskcheck-collect", *words, cwd=tmp_path)
    assert "run_name: mine" in done.stdout
    done = run(alone("trainer") / "deskcheck-collect", *words, "run_nmae=x", cwd=tmp_path, ok=False)
    assert done.returncode == 2 and "did you mean 'run_name'?" in done.stderr
