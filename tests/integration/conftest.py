"""Environments that hold built wheels, made once for all tests that ask for the same."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from tools.release.environment import build, environment
from tools.release.members import PYTHONS, members

Alone = Callable[..., Path]


@pytest.fixture(scope="session")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = build(tmp_path_factory.mktemp("wheels"))
    assert len(list(out.glob("*.whl"))) == len(list(out.glob("*.tar.gz"))) == len(members())
    return out


@pytest.fixture(scope="session")
def alone(wheels: Path, tmp_path_factory: pytest.TempPathFactory) -> Alone:
    """alone("agent", python="3.13") is the bin/ of an environment that holds deskcheck-agent and what it asks for.

    Of several members, as in alone("trainer[train]", "micro"), one environment.
    """
    made: dict[tuple[str, ...], Path] = {}

    def make(*asked: str, python: str = PYTHONS[0]) -> Path:
        key = (python, *asked)
        if key not in made:
            home = tmp_path_factory.mktemp(re.sub(r"[^\w.]", "-", "+".join(key))) / "venv"
            made[key] = environment(home, python, wheels, *(f"deskcheck-{name}" for name in asked))
        return made[key]

    return make
