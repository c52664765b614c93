"""A command from the outside: exit codes, what is printed where, sweeps, and what bad input leaves behind."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from deskcheck_conf.entry import flags_first
from omegaconf import OmegaConf

DEMO = Path(__file__).parent / "demo"
COMMAND = [sys.executable, str(DEMO / "command.py"), "--config-dir", str(DEMO)]


def files(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def contents(folder: Path) -> dict[str, bytes]:
    return {name: (folder / name).read_bytes() for name in files(folder) if not name.endswith(".lock")}


def test_a_bare_command_runs_and_leaves_a_readable_run(demo: Callable, tmp_path: Path) -> None:
    done = demo()
    assert done.code == 0
    assert done.results == [{"loss": 0.0, "folder": "outputs/demo-s0"}]
    folder = tmp_path / "outputs" / "demo-s0"
    assert files(tmp_path) == [
        f"outputs/demo-s0/{name}" for name in (".lock", "config.yaml", "done.json", "metrics.jsonl", "starts.jsonl")
    ]
    config = OmegaConf.load(folder / "config.yaml")
    assert (config.learning_rate, config.wandb.mode, config.seed) == (0.1, "disabled", 0)
    assert json.loads((folder / "done.json").read_text()) == {"summary": {"loss": 0.0}}
    start = json.loads((folder / "starts.jsonl").read_text())
    assert start["command"].startswith("deskcheck-demo --config-dir") and start["packages"]["hydra-core"]


def test_only_results_reach_stdout() -> None:
    done = subprocess.run([*COMMAND, "--cfg", "job"], capture_output=True, text=True)
    assert done.returncode == 0 and "learning_rate: 0.1" in done.stdout


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["lerning_rate=1"], ["Key 'lerning_rate' not in 'DemoConfig'", "did you mean 'learning_rate'?"]),
        (["model.dtpye=float16"], ["'dtpye' not in 'ModelConfig'", "did you mean 'model.dtype'?"]),
        (["dtype=float16"], ["'dtype' not in 'DemoConfig'", "did you mean 'model.dtype'?"]),
        (["++seeed=2"], ["unknown key 'seeed'", "expected one of", "did you mean 'seed'?"]),
        (["+model.pth=x"], ["unknown key 'model.pth'", "did you mean 'model.path'?"]),
        (["learning_rate=abc"], ["learning_rate=abc", "could not be converted to Float"]),
        (["seed=null"], ["field 'seed' is not Optional"]),
        (["end=maybe"], ["Invalid value 'maybe', expected one of [done, no,"]),
        (["wandb=onlin"], ["Could not find 'wandb/onlin'", "disabled, offline, online", "did you mean 'online'?"]),
        (["experiment=demo/smoek"], ["'experiment/demo/smoek'", "broken, misspelt, smoke", "did you mean 'smoke'?"]),
        (["experiment=dmeo/smoke"], ["'experiment/dmeo/smoke'", "demo/smoke", "did you mean 'demo/smoke'?"]),
        (["experiment=null"], ["must be a string", "~GROUP to leave the group out"]),
        (["zzz=1"], ["Key 'zzz' not in 'DemoConfig'", "expected one of: end, learning_rate, model"]),
        (["model.zzz=1"], ["'zzz' not in 'ModelConfig'", "expected one of: attention, chat_template, dtype"]),
        (["experiment=demo/misspelt"], ["experiment/demo/misspelt", "'dtpye'", "did you mean 'model.dtype'?"]),
        (["experiment=demo/broken"], ["broken.yaml, line 3", "not valid YAML"]),
        (["experiment=demo/unnamed"], ["run_name has no value", "pass run_name="]),
        (["foo=["], ["override 'foo=[' cannot be read", "expected key=value"]),
        (["learning_rate=-1"], ["learning_rate is -1.0, expected 0 or more"]),
        (["seed=-1"], ["seed is -1, expected 0 or more"]),
        (["run_name=a/b"], ["run_name is 'a/b'", "expected a folder name"]),
        (["model.dtype=float8"], ["model dtype is 'float8'", "float32, bfloat16, float16"]),
        (["--config-dir", "/nowhere/at/all"], ["/nowhere/at/all", "not found"]),
        (["-m", "learning_rate=0.1,abc"], ["learning_rate=abc", "could not be converted to Float"]),
    ],
)
def test_a_bad_configuration_is_one_message_and_leaves_no_run(
    demo: Callable, tmp_path: Path, words: list[str], expected: list[str]
) -> None:
    done = demo(*words)
    assert done.code == 2
    assert done.out == ""
    assert "Traceback" not in done.err and done.err.count("deskcheck-demo:") == 1
    for part in expected:
        assert part in done.err
    assert [name for name in files(tmp_path) if not name.startswith("outputs/sweeps/")] == []
    if "-m" not in words:
        assert not (tmp_path / "outputs").exists()


def test_an_unknown_flag_exits_with_2(demo: Callable, tmp_path: Path) -> None:
    with pytest.raises(SystemExit) as stopped:  # argparse's own, with its usage line
        demo("--no-such-flag")
    assert stopped.value.code == 2
    assert files(tmp_path) == []


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (["end=no"], 1, "deskcheck-demo: not accepted: 1 of 3 tests failed\n"),
        (["end=error"], 2, "deskcheck-demo: tests.jsonl, line 3: not valid JSON\n"),
        (["tests=/no/such.jsonl"], 2, "deskcheck-demo: /no/such.jsonl: No such file or directory; check the path\n"),
    ],
)
def test_exit_codes_of_a_job(demo: Callable, words: list[str], code: int, message: str) -> None:
    done = demo(*words)
    assert (done.code, done.err) == (code, message)
    assert not os.path.exists("outputs/demo-s0/done.json")


def test_a_mistake_found_before_anything_came_about_leaves_the_folder_to_the_corrected_command(
    demo: Callable, tmp_path: Path
) -> None:
    assert demo("tests=/no/such.jsonl").code == demo("-m", "tests=/no/such.jsonl", "seed=0,1").code == 2
    assert [name for name in files(tmp_path) if not name.startswith("outputs/sweeps/")] == []
    assert demo().code == 0
    assert demo("run_name=begun", "end=error").code == 2  # after three rows of metrics: kept, and continued
    assert "metrics.jsonl" in os.listdir("outputs/begun-s0")


def test_a_bug_keeps_its_traceback_and_has_a_code_of_its_own(demo: Callable) -> None:
    done = demo("end=bug")
    assert done.code == 70
    assert "Traceback" in done.err and "KeyError: 'a bug'" in done.err


def test_a_full_disk_names_the_file_and_the_next_step(demo: Callable, tmp_path: Path) -> None:
    done = demo("end=disk_full")
    assert done.code == 2 and "Traceback" not in done.err
    assert "outputs/demo-s0/rows.parquet: No space left on device; free space on that disk" in done.err


@pytest.mark.skipif(sys.platform != "linux", reason="/dev/full is Linux's")
def test_a_really_full_disk(demo: Callable, tmp_path: Path) -> None:
    folder = tmp_path / "outputs" / "demo-s0"
    folder.mkdir(parents=True)
    (folder / "metrics.jsonl").symlink_to("/dev/full")
    done = demo()
    assert done.code == 2 and "Traceback" not in done.err
    assert "outputs/demo-s0/metrics.jsonl: No space left on device; free space on that disk" in done.err


def test_an_interrupted_command_says_how_to_go_on(demo: Callable) -> None:
    done = demo("end=interrupted")
    assert done.code == 130 and "the same command continues" in done.err


def test_a_killed_command_continues_and_its_lock_dies_with_it(tmp_path: Path) -> None:
    first = subprocess.run([*COMMAND, "end=killed"], cwd=tmp_path, capture_output=True, text=True)
    assert first.returncode == -signal.SIGKILL
    again = subprocess.run([*COMMAND, "end=killed"], cwd=tmp_path, capture_output=True, text=True)
    assert again.returncode == -signal.SIGKILL, again.stderr
    assert len((tmp_path / "outputs/demo-s0/starts.jsonl").read_text().splitlines()) == 2


def test_the_same_command_again_continues(demo: Callable, tmp_path: Path) -> None:
    assert demo().code == demo().code == 0
    assert len((tmp_path / "outputs/demo-s0/starts.jsonl").read_text().splitlines()) == 2


def test_another_configuration_is_refused_and_named(demo: Callable, tmp_path: Path) -> None:
    demo()
    before = contents(tmp_path)
    done = demo("learning_rate=0.2", "model.dtype=bfloat16")
    assert done.code == 2
    assert "outputs/demo-s0 holds a run with another configuration" in done.err
    assert "learning_rate: 0.1 in the folder, 0.2 asked for" in done.err
    assert "model.dtype: 'float32' in the folder, 'bfloat16' asked for" in done.err
    assert "run_name=NAME" in done.err
    assert contents(tmp_path) == before


def test_where_metrics_are_shown_is_not_part_of_the_configuration(demo: Callable) -> None:
    assert demo("wandb.project=one").code == demo("wandb.project=two").code == 0


def test_a_sweep_goes_on_after_a_failed_job_and_reports_it(demo: Callable, tmp_path: Path) -> None:
    done = demo("-m", "learning_rate=0.1,-1,0.3", "seed=0,1")
    assert done.code == 2
    assert [result["folder"] for result in done.results] == [
        f"outputs/demo-s{seed}/learning_rate-{rate}" for rate in ("0.1", "0.3") for seed in (0, 1)
    ]
    assert "2 of 6 jobs did not end with exit code 0:" in done.err
    assert "[2] learning_rate=-1 seed=0: learning_rate is -1.0, expected 0 or more" in done.err
    assert (tmp_path / "outputs/demo-s0/learning_rate-0.3/overrides.txt").read_text() == "learning_rate=0.3\nseed=0\n"
    assert (tmp_path / "outputs/sweeps/demo/multirun.yaml").exists()


def test_a_sweep_over_seeds_is_the_same_runs_as_one_by_one(demo: Callable) -> None:
    done = demo("-m", "seed=0,1")
    assert [result["folder"] for result in done.results] == ["outputs/demo-s0", "outputs/demo-s1"]
    assert demo("seed=1").results == done.results[1:]


def test_the_worst_job_gives_the_exit_code_of_a_sweep(demo: Callable) -> None:
    assert demo("-m", "end=done,no").code == 1
    assert demo("-m", "end=no,error").code == 2
    assert demo("-m", "end=bug,error").code == 70


@pytest.mark.parametrize(
    ("words", "ordered"),
    [
        (["a=1", "-m", "b=2"], ["-m", "a=1", "b=2"]),
        (["a=1", "--config-dir", "c=d", "~b"], ["--config-dir", "c=d", "a=1", "~b"]),
        (["a=1", "--cfg", "job", "b=2", "--resolve"], ["--cfg", "job", "--resolve", "a=1", "b=2"]),
        (["--config-dir=x", "a=1"], ["--config-dir=x", "a=1"]),
        ([], []),
    ],
)
def test_flags_may_stand_between_overrides(words: list[str], ordered: list[str]) -> None:
    assert flags_first(words) == ordered


@pytest.mark.parametrize("words", [["-m", "seed=0,1"], ["seed=0,1", "-m"], ["steps=0", "--multirun", "seed=0,1"]])
def test_the_sweep_flag_may_stand_anywhere(demo: Callable, words: list[str]) -> None:
    assert len(demo(*words).results) == 2


def test_an_experiment_of_ones_own_outside_the_repository(demo_module, tmp_path: Path) -> None:
    mine = tmp_path / "mine"
    (mine / "experiment").mkdir(parents=True)
    (mine / "experiment" / "mine.yaml").write_text("# @package _global_\nrun_name: mine\nlearning_rate: 0.3\n")
    (mine / "demo.yaml").write_text((DEMO / "demo.yaml").read_text().replace("demo/smoke", "mine"))
    words = [sys.executable, str(DEMO / "command.py"), "--config-dir", "mine", "experiment=mine"]
    done = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True)
    assert (done.returncode, json.loads(done.stdout)["folder"]) == (0, "outputs/mine-s0"), done.stderr
