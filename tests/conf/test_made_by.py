"""The command that an error names as the next step is the one whose run folder the missing file lies in."""

import json
from pathlib import Path

import pytest
from deskcheck_conf.made_by import made_by


@pytest.mark.parametrize(
    ("path", "command"),
    [
        ("outputs/collect-micro-s0", "deskcheck-collect experiment=collect/micro"),
        ("outputs/sft-micro-s0/checkpoint", "deskcheck-sft experiment=sft/micro"),
        ("outputs/sft-micro-s2/checkpoint", "deskcheck-sft experiment=sft/micro seed=2"),
        ("outputs/sft-micro-bare-s0/checkpoint", "deskcheck-sft experiment=sft/micro-bare"),
        ("/big/disk/rl-demo-s0", "deskcheck-rl experiment=rl/demo output_root=/big/disk"),
        ("outputs/of-my-own-s0", None),
        ("sft-micro/checkpoint", None),
        ("Qwen/Qwen2.5-0.5B", None),
    ],
)
def test_a_shipped_experiment_is_found_by_the_name_of_its_run(
    path: str, command: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)  # away from runs that happen to be there
    assert made_by(path) == command


def test_a_run_that_was_begun_is_continued_by_its_own_command(tmp_path: Path) -> None:
    folder = tmp_path / "sft-micro-s0"
    folder.mkdir()
    starts = [{"command": "deskcheck-sft experiment=sft/micro"}, {"command": "deskcheck-sft run_name=sft-micro lr=1"}]
    (folder / "starts.jsonl").write_text("".join(json.dumps(start) + "\n" for start in starts) + '{"command": "to')
    assert made_by(folder / "checkpoint") == "deskcheck-sft run_name=sft-micro lr=1"


def test_a_finished_run_is_not_run_again_for_a_file_that_it_does_not_make(tmp_path: Path) -> None:
    folder = tmp_path / "sft-micro-s0"
    folder.mkdir()
    (folder / "starts.jsonl").write_text('{"command": "deskcheck-sft"}\n')
    (folder / "done.json").write_text("{}")
    assert made_by(folder / "chekpoint") is None
