"""Run folders: whose they are, what they hold, and how a stopped run is taken up again."""

import json
import os
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import pytest
from deskcheck_conf import ConfigError, Run, RunConfig, WandbConfig, WandbMode, run_folder
from deskcheck_conf.run import differing_keys


@dataclass(kw_only=True)
class SomeConfig(RunConfig):
    free_keys: ClassVar[tuple[str, ...]] = (*RunConfig.free_keys, "workers")
    workers: int = 1
    learning_rate: float = 0.1
    path: str = "x"


def config(**changes) -> SomeConfig:
    return SomeConfig(**{"run_name": "some", "wandb": WandbConfig(mode=WandbMode.disabled), **changes})


def rows(path: Path) -> list[dict]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_metrics_go_to_a_file_line_by_line(tmp_path: Path) -> None:
    with Run.at(tmp_path / "run", config()) as run:
        run.log({"loss": 0.5}, step=3)
        run.log({"accuracy": 1.0})
    first, second = rows(tmp_path / "run/metrics.jsonl")
    assert {key: first[key] for key in ("step", "loss")} == {"step": 3, "loss": 0.5}
    assert "step" not in second and second["accuracy"] == 1.0


def test_a_run_is_done_once_finished_also_for_a_later_process(tmp_path: Path) -> None:
    with Run.at(tmp_path, config()) as run:
        assert not run.is_done() and run.summary is None
        run.finish({"pass@1": 0.25})
        assert run.is_done()
    with Run.at(tmp_path, config()) as run:
        assert run.is_done() and run.summary == {"pass@1": 0.25}


def test_a_torn_metrics_line_is_dropped_on_the_next_start(tmp_path: Path) -> None:
    with Run.at(tmp_path, config()) as run:
        run.log({"loss": 1.0})
    with open(tmp_path / "metrics.jsonl", "a") as file:
        file.write('{"loss": 0.')
    with Run.at(tmp_path, config()) as run:
        run.log({"loss": 2.0})
    assert [row["loss"] for row in rows(tmp_path / "metrics.jsonl")] == [1.0, 2.0]


def test_a_second_run_in_a_running_folder_is_refused(tmp_path: Path) -> None:
    with Run.at(tmp_path, config()):
        before = sorted(os.listdir(tmp_path))
        with pytest.raises(ConfigError, match=rf"in use by process {os.getpid()} on .*run_name=NAME"):
            Run.at(tmp_path, config())
        assert sorted(os.listdir(tmp_path)) == before
    Run.at(tmp_path, config()).close()


def test_a_forked_child_does_not_keep_the_folder(tmp_path: Path) -> None:
    source = """
import os, sys, time
from deskcheck_conf import Run, RunConfig
run = Run.at(sys.argv[1], RunConfig(run_name="some"))
if os.fork() == 0:
    print(os.getpid(), flush=True)
time.sleep(60)
"""
    parent = subprocess.Popen([sys.executable, "-c", source, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    child = int(parent.stdout.readline())
    parent.kill()
    try:
        assert parent.wait() == -signal.SIGKILL
        Run.at(tmp_path, RunConfig(run_name="some")).close()
    finally:
        os.kill(child, signal.SIGKILL)
        parent.stdout.close()


def test_another_configuration_is_refused_unless_only_free_keys_differ(tmp_path: Path) -> None:
    Run.at(tmp_path, config()).close()
    Run.at(tmp_path, config(output_root="elsewhere", wandb=WandbConfig(project="other"), workers=8)).close()
    with pytest.raises(ConfigError, match=r"learning_rate: 0\.1 in the folder, 0\.2 asked for"):
        Run.at(tmp_path, config(learning_rate=0.2))


def test_a_free_key_frees_what_is_below_it_and_no_namesake() -> None:
    held = {"sampler.base_url": "a", "sampler.kind": "x", "limit": 1, "limits.cpu": 2}
    asked = {"sampler.base_url": "b", "sampler.kind": "y", "limit": 3, "limits.cpu": 4}
    keys = [line.split(":")[0] for line in differing_keys(held, asked, ["sampler.base_url", "limit"])]
    assert keys == ["limits.cpu", "sampler.kind"]
    assert differing_keys(held, asked, ["sampler", "limit", "limits"]) == []


def test_a_key_that_an_older_version_did_not_have_is_named(tmp_path: Path) -> None:
    Run.at(tmp_path, config()).close()
    kept = (tmp_path / "config.yaml").read_text().replace("path: x\n", "")
    (tmp_path / "config.yaml").write_text(kept)
    with pytest.raises(ConfigError, match="path: absent in the folder, 'x' asked for"):
        Run.at(tmp_path, config())


def test_a_start_that_fails_leaves_no_new_folders(tmp_path: Path) -> None:
    class Unwritable:  # not a dataclass: OmegaConf refuses it when the configuration is to be written
        pass

    with pytest.raises(Exception, match="Unwritable"):
        Run.at(tmp_path / "a" / "b", Unwritable())  # pyright: ignore[reportArgumentType]
    assert list(tmp_path.iterdir()) == []


def test_other_ranks_write_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with Run.at(tmp_path, config()):
        before = {path: path.read_bytes() for path in tmp_path.iterdir()}
        monkeypatch.setenv("RANK", "1")
        with Run.at(tmp_path, config()) as other:
            other.log({"loss": 1.0})
            other.finish({})
        assert {path: path.read_bytes() for path in tmp_path.iterdir()} == before


@pytest.mark.parametrize(
    ("swept", "name"),
    [
        (None, "outputs/some-s3"),
        ([], "outputs/some-s3"),
        (["seed=3", "experiment=sft/micro", "wandb=online", "wandb.project=p"], "outputs/some-s3"),
        (["learning_rate=0.2", "seed=3"], "outputs/some-s3/learning_rate-0.2"),
        (["b.c=x", "a=1"], "outputs/some-s3/a-1+b.c-x"),
    ],
)
def test_the_folder_is_a_function_of_the_configuration(swept: list[str] | None, name: str) -> None:
    assert str(run_folder(config(seed=3), swept)) == name


@pytest.mark.parametrize("override", ["path=a/b", "path='a b'", "tags=[a,b]", "path=" + "x" * 100, "x={a:1}"])
def test_a_name_that_no_command_could_read_back_becomes_a_hash(override: str) -> None:
    folder = run_folder(config(), [override])
    assert len(folder.name) == 10 and set(folder.name) <= set("0123456789abcdef")
    assert folder != run_folder(config(), [override + "1"])
    assert folder == run_folder(config(), ["seed=0", override])
