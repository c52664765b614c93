"""A disk that runs full under every command: one message, exit code 2, whole files only; with room again it goes on.

The disk is real: a small tmpfs as output_root, filled up to a few kilobytes, so that the run starts and then one of its
files no longer fits. Mounting it takes root, as CI has it.
"""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pyarrow.parquet
import pytest

from tests.integration.smoke import SMALL, files, main_of

Fill = Callable[[int], None]
pytestmark = pytest.mark.skipif(sys.platform != "linux" or os.getuid() != 0, reason="only root can mount a disk")


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "disk"
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64m", "tmpfs", folder], check=True)
    yield folder
    subprocess.run(["umount", "-l", folder], check=True)


def leave(disk: Path, kilobytes: int) -> Path:
    """Fill the disk but for so much; returns the file to remove."""
    state = os.statvfs(disk)
    filler = disk / "filler"
    with open(filler, "wb") as file:
        file.truncate(0)
        os.posix_fallocate(file.fileno(), 0, state.f_bavail * state.f_frsize - kilobytes * 1024)
    return filler


def read_all(folder: Path) -> None:
    """Read every file of a run as its readers do; what is half there does not pass."""
    for path in files(folder):
        assert not path.name.endswith((".part", ".tmp")), path
        match path.suffix:
            case ".json":
                json.loads(path.read_text())
            case ".jsonl":
                assert path.read_text().endswith("\n") or not path.read_text(), path
                [json.loads(line) for line in path.read_text().splitlines()]
            case ".parquet":
                pyarrow.parquet.read_table(path)


@pytest.mark.parametrize(
    ("command", "kilobytes", "what"),
    [
        ("collect", 0, "collect-smoke-s0"),
        ("collect", 4, "config.yaml"),
        ("collect", 8, "starts.jsonl"),
        ("collect", 16, "collect-smoke-s0"),  # a shard
        ("solve", 12, "problems.json"),
        ("solve", 16, "trajectories.jsonl"),
        ("solve", 24, "results.jsonl"),
        ("solve", 28, "solve.html"),
        ("eval", 12, "rows.jsonl"),
        ("report", 12, "report.html"),
        ("sft", 560, "sft-smoke-s0"),  # a checkpoint's optimiser, by torch
        ("rl", 300, "rl-smoke-s0"),  # weights, by safetensors
    ],
)
def test_a_full_disk(
    disk: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    command: str,
    kilobytes: int,
    what: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    main, words = main_of(command), ["wandb=disabled", "output_root=disk", *SMALL[command]]
    if command == "report":
        assert main_of("eval")(["wandb=disabled", "output_root=runs", *SMALL["eval"]]) == 0
        words += ["runs=[runs/eval-smoke-output_prediction-s0]", "allow_scripted=true"]
    capsys.readouterr()
    filler = leave(disk, kilobytes)
    assert main(words) == 2
    told = capsys.readouterr()
    assert "Traceback" not in told.err and told.out == ""
    (said,) = [line for line in told.err.splitlines() if line.startswith(f"deskcheck-{command}: ")]
    assert what in said and "No space left on device" in said
    assert said.endswith("; free space on that disk and run the same command again: it continues")
    read_all(disk)
    filler.unlink()
    assert main(words) == 0
    read_all(disk)
    assert len([path for path in files(disk) if path.name == "done.json"]) == 1
