"""The demo command in a folder of its own: `demo("learning_rate=0.2")` runs it in this process."""

import importlib.util
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

DEMO = Path(__file__).parent / "demo"


@dataclass
class Done:
    code: int
    out: str
    err: str

    @property
    def results(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.out.splitlines()]


@pytest.fixture(scope="session")
def demo_module() -> ModuleType:
    spec = importlib.util.spec_from_file_location("demo_command", DEMO / "command.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def demo(
    demo_module: ModuleType,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Callable[..., Done]:
    monkeypatch.chdir(tmp_path)

    def run(*words: str) -> Done:
        capsys.readouterr()
        code = demo_module.main(["--config-dir", str(DEMO), *words])
        captured = capsys.readouterr()
        return Done(code, captured.out, captured.err)

    return run
