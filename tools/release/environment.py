"""Clean environments that hold built wheels and what those ask for, away from the source.

Whoever needs one (test_wheels.py, ranges, check) builds the wheels once and then makes as many environments as it
likes: uv links files from its cache, so that one costs seconds.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from tools.release.members import ROOT, members

PINS = ROOT / "constraints.txt"


class ReleaseError(Exception):
    """Something stands between this tree and a release; the message says what, and what to do."""


def run(*words: str | Path, cwd: Path = ROOT, ok: bool = True, **more: str) -> subprocess.CompletedProcess[str]:
    """Run a program with the variables `more` and without this tree's PYTHONPATH.

    Raises ReleaseError with its whole output if it fails, unless `ok` is False.
    """
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"} | more
    done = subprocess.run([str(word) for word in words], cwd=cwd, env=environment, capture_output=True, text=True)
    if ok and done.returncode:
        raise ReleaseError(f"exit code {done.returncode}: {' '.join(map(str, words))}\n{done.stdout}{done.stderr}")
    return done


def uv(*words: str | Path, cwd: Path = ROOT) -> str:
    return run(sys.executable, "-m", "uv", *words, cwd=cwd).stdout


def interpreter(version: str) -> Path:
    """A Python of that version ("3.13"): this one, one on the path, or one of pyenv's."""
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    on_path = shutil.which(f"python{version}")
    for candidate in (
        Path(sys.executable),
        *([Path(on_path)] if on_path else []),
        *pyenv.glob(f"{version}*/bin/python"),
    ):
        asked = run(candidate, "-Ic", "import sys; print('{}.{}'.format(*sys.version_info))", ok=False)
        if asked.stdout.strip() == version:
            return candidate
    raise ReleaseError(f"no Python {version} was found on the path or among pyenv's: pyenv install {version}")


def build(out: Path, *names: str) -> Path:
    """Wheels (built through the source distributions) of the named members, or of all of them, into folder `out`."""
    for name in names or members():
        uv("build", "--quiet", "--build-constraints", PINS, "--out-dir", out, members()[name].folder)
    return out


def environment(home: Path, python: str, wheels: Path, *requirements: str) -> Path:
    """The bin/ of a new environment in `home` with the requirements, ours from `wheels`, others at the tested pins."""
    uv("venv", "--quiet", "--clear", "--python", interpreter(python), home)
    pins = ("--constraints", PINS, "--find-links", wheels)
    uv("pip", "install", "--quiet", "--python", home / "bin/python", *pins, *requirements, cwd=home)
    return home / "bin"
