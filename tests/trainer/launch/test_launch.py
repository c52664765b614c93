"""From the command to other processes and back: what is refused first, resolved.yaml, failures carried home, equal results."""

import json
from pathlib import Path

import pytest
from deskcheck_conf.entry import load_config
from deskcheck_conf.errors import ConfigError
from deskcheck_conf.run import Run
from deskcheck_trainer import rl, sft
from deskcheck_trainer.launch.config import SHIPPED
from deskcheck_trainer.launch.launch import LaunchError, _settle, accelerate_words, minutes
from deskcheck_trainer.launch.ranks import Failure, Job, main
from deskcheck_trainer.rl_config import RLConfig
from deskcheck_trainer.sft_config import SFTConfig

TWO = ["launcher=accelerate", "launcher.strategy=cpu", "launcher.processes=2"]
SMALL = ["wandb=disabled", "scratch.documents=120", "scratch.tokenizer_documents=60", "bf16=false", "log_every=1"]


def config_of(tmp_path: Path, *overrides: str) -> SFTConfig:
    return load_config("sft", SFTConfig, [*SMALL, f"output_root={tmp_path}", *overrides])


@pytest.mark.parametrize(
    ("overrides", "told"),
    [
        (["launcher.processes=0"], r"launcher.processes is 0, expected 1 or more"),
        (["launcher=accelerate", "launcher.nodes=2"], r"works on one machine: pass launcher=slurm"),
        (["launcher=submitit", "launcher.strategy=fsdp2"], r"starts the processes without accelerate"),
        (["launcher.strategy=ffsdp"], r"'ffsdp', expected one of cpu, ddp, fsdp2, zero3, or a file"),
        (["launcher=accelerate", "launcher.processes=3"], r"multiple of 24 = sequences_per_pass 8 x 3 processes"),
        (["launcher.strategy=zero3"], r"Muon cannot orthogonalise"),
    ],
)
def test_what_cannot_work_is_refused_before_anything_starts(tmp_path: Path, overrides: list[str], told: str) -> None:
    with pytest.raises(Exception, match=told):
        config_of(tmp_path, *overrides)


def test_a_job_is_read_as_it_was_written(tmp_path: Path) -> None:
    for command, schema, more in (("sft", SFTConfig, ["sequences_per_pass=1"]), ("rl", RLConfig, ["env=self_rlef"])):
        config = load_config(command, schema, ["wandb=disabled", f"output_root={tmp_path}", *TWO, *more])
        job = Job(command, tmp_path, config, "group")
        assert Job.read(job.write()) == job


def test_a_rank_among_too_few_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """accelerate that starts one process where two were planned would train half the step, twice as long."""
    config = config_of(tmp_path, *TWO, "sequences_per_pass=4")
    path = Job("sft", tmp_path, config).write()
    assert main([str(path)]) == 2
    failure = Failure.first(tmp_path)
    assert failure is not None and failure.code == 2
    assert "WORLD_SIZE is 1, expected 2 processes" in failure.message
    assert failure.message in capsys.readouterr().err
    assert Failure.first(tmp_path) is None, "told once"


def test_the_first_failure_is_the_cause(tmp_path: Path) -> None:
    for rank, at in ((0, 20.0), (1, 10.0), (2, 30.0)):
        Failure(rank, 70, f"rank {rank}", at).leave(tmp_path)
    found = Failure.first(tmp_path)
    assert found is not None and found.rank == 1


def test_processes_that_end_without_a_result_are_an_error(tmp_path: Path) -> None:
    run = Run.at(tmp_path / "run", config_of(tmp_path))
    with pytest.raises(LaunchError, match="ended with exit code 1 and no rank said why") as told:
        _settle(run, 1, "accelerate launch")
    assert told.value.exit_code == 2
    Failure(1, 70, "ValueError: x", 0.0).leave(run.folder)
    with pytest.raises(LaunchError, match="rank 1: ValueError: x") as told:
        _settle(run, 1, "accelerate launch")
    assert told.value.exit_code == 70
    with pytest.raises(LaunchError, match="exit code 0"):
        _settle(run, 0, "accelerate launch")


def test_accelerate_is_given_the_file_of_the_strategy(tmp_path: Path) -> None:
    config = load_config("sft", SFTConfig, ["launcher=accelerate", "launcher.strategy=fsdp2", "sequences_per_pass=1"])
    words = accelerate_words(config.launcher, "resolved.yaml")
    assert words[words.index("--config_file") + 1] == str(SHIPPED / "fsdp2.yaml")
    assert words[words.index("--num_processes") + 1] == "8"
    assert words[-3:] == ["-m", "deskcheck_trainer.launch.ranks", "resolved.yaml"]


def test_every_shipped_accelerate_file_is_one(tmp_path: Path) -> None:
    from accelerate.commands.config.config_args import load_config_from_file

    kinds = {file.stem: load_config_from_file(str(file)).distributed_type.value for file in SHIPPED.glob("*.yaml")}
    assert kinds == {"cpu": "MULTI_GPU", "ddp": "MULTI_GPU", "fsdp2": "FSDP", "zero3": "DEEPSPEED"}


@pytest.mark.parametrize(("time", "expected"), [("24:00:00", 1440), ("1-02:30:00", 1590), ("90", 90), ("2:15:00", 135)])
def test_slurms_times_are_read(time: str, expected: int) -> None:
    assert minutes(time) == expected


def test_another_time_is_refused() -> None:
    with pytest.raises(ConfigError, match="expected hours:minutes:seconds"):
        minutes("a day")


def test_a_script_that_is_not_submitted_is_told_and_nothing_runs(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = [*SMALL, f"output_root={tmp_path}", "launcher=slurm", "launcher.processes=1"]
    assert sft.main(words) == 0
    folder = tmp_path / "sft-smoke-s0"
    assert f"{folder}/job.sbatch  not submitted" in capsys.readouterr().out
    assert {"job.sbatch", "resolved.yaml", "config.yaml"} <= {path.name for path in folder.iterdir()}
    assert not (folder / "done.json").exists()


def test_a_plan_leaves_nothing_behind(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert sft.main([*SMALL, f"output_root={tmp_path}", "plan=true"]) == 0
    assert "memory of one process at its peak" in capsys.readouterr().out
    assert list(tmp_path.iterdir()) == []


def weights(folder: Path) -> dict:
    from safetensors.torch import load_file

    return load_file(str(folder / "checkpoint" / "model.safetensors"))


def losses(folder: Path) -> list[float]:
    rows = [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]
    return [row["loss"] for row in rows if "loss" in row]


@pytest.mark.slow
def test_two_processes_train_what_one_does(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Real `accelerate launch` over gloo: the same global batch, so the same curve and the same weights but for the
    order in which floating-point numbers are added. Six steps are an epoch here; at its end several processes fill the
    last step up with rows of its beginning, and one does not."""
    import torch

    words = [*SMALL, f"output_root={tmp_path}", "max_steps=6", "sequences_per_pass=2", "optimizer.kind=adamw"]
    assert sft.main([*words, "run_name=one"]) == 0
    assert sft.main([*words, "run_name=two", *TWO]) == 0
    one, two = tmp_path / "one-s0", tmp_path / "two-s0"
    told = capsys.readouterr().out.splitlines()
    assert told[1].startswith(f"{two}/checkpoint  loss "), "the planner tells the result, once"
    assert len(told) == 2
    assert losses(two) == pytest.approx(losses(one), abs=2e-5)
    a, b = weights(one), weights(two)
    assert a.keys() == b.keys()
    assert all(torch.allclose(a[name], b[name], atol=2e-4) for name in a)
    assert len((two / "starts.jsonl").read_text().splitlines()) == 2, "the planner's and the first rank's"

    # the launcher is no part of what makes a run: one process goes on with what two began
    assert sft.main([*words, "run_name=two"]) == 0


@pytest.mark.slow
def test_a_mistake_found_by_the_ranks_comes_home(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    words = [*SMALL, f"output_root={tmp_path}", "sequences_per_pass=4", "schedule=nonsense", *TWO]
    assert sft.main(words) == 2
    last = capfd.readouterr().err.splitlines()[-1]
    assert last.startswith("deskcheck-sft: rank ") and "schedule is 'nonsense', expected one of linear" in last
    assert list(tmp_path.iterdir()) == [], "as if it had been found here"


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["slurm", "submitit"])
def test_a_whole_run_on_a_cluster_of_this_machine(
    tmp_path: Path, cluster: Path, capsys: pytest.CaptureFixture[str], kind: str
) -> None:
    words = [*SMALL, f"output_root={tmp_path}", "sequences_per_pass=4", "max_steps=2", f"launcher={kind}"]
    words += ["launcher.strategy=cpu", "launcher.processes=2", "launcher.wait=true"]
    words += ["launcher.submit=true"] if kind == "slurm" else ["launcher.cluster=local"]
    assert sft.main(words) == 0
    folder = tmp_path / "sft-smoke-s0"
    assert capsys.readouterr().out.splitlines()[-1].startswith(f"{folder}/checkpoint  loss ")
    assert len(losses(folder)) == 2


@pytest.mark.slow
def test_rl_in_two_processes_plays_every_task_once_and_writes_one_checkpoint(tmp_path: Path) -> None:
    words = ["wandb=disabled", f"output_root={tmp_path}", "bf16=false", "micro_batch_rows=4", *TWO]
    assert rl.main(words) == 0
    folder = tmp_path / "rl-smoke-s0"
    summary = json.loads((folder / "done.json").read_text())["summary"]
    assert summary["steps"] == 2 and summary["validation"] is not None
    assert (folder / "checkpoint" / "model.safetensors").exists()


@pytest.mark.gpu
@pytest.mark.parametrize("strategy", ["ddp", "fsdp2", "zero3"])
def test_a_strategy_trains_on_the_gpus(tmp_path: Path, strategy: str) -> None:
    """Not run yet: no machine of ours had GPUs when this was written."""
    import torch

    count = torch.cuda.device_count()
    words = [
        *SMALL,
        f"output_root={tmp_path}",
        "max_steps=2",
        "sequences_per_pass=1",
        f"sequences_per_step={8 * count}",
    ]
    words += [
        "optimizer.kind=adamw",
        "launcher=accelerate",
        f"launcher.processes={count}",
        f"launcher.strategy={strategy}",
    ]
    assert sft.main(words) == 0
    assert len(losses(tmp_path / "sft-smoke-s0")) == 2
