"""The configuration of deskcheck-rl: every experiment composes, and what cannot work is refused before anything starts."""

import re
from importlib.resources import files

import pytest
from deskcheck_conf.entry import load_config
from deskcheck_conf.errors import ConfigError
from deskcheck_trainer.rl_config import RLConfig, validation_benchmark

EXPERIMENTS = sorted(
    path.name.removesuffix(".yaml")
    for path in files("deskcheck_conf").joinpath("experiment", "rl").iterdir()
    if path.name.endswith(".yaml")
)


def compose(*overrides: str) -> RLConfig:
    return load_config("rl", RLConfig, list(overrides))


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_every_experiment_composes_and_chooses_by_validation(name):
    comment = (
        files("deskcheck_conf").joinpath("experiment", "rl", f"{name}.yaml").read_text().partition("\nrun_name")[0]
    )
    needed = re.findall(r"(?<!\S)[a-z_.]+=[A-Z]{2,}[\w.]*", comment)  # what only the user can name
    config = compose(f"experiment=rl/{name}", *needed)
    assert config.run_name == f"rl-{name}"
    for env in config.env.used():
        assert config.env.used()[env].benchmark.split == "train"
        if config.validation.every:
            assert validation_benchmark(config, env).split == "validation"


@pytest.mark.parametrize("algo", ["cwm", "grpo", "dapo", "cispo"])
def test_every_algo_composes(algo):
    assert compose(f"algo={algo}", "env=solve").algo.trl["beta"] == 0


def test_an_environment_is_chosen_by_one_override():
    assert list(compose("env=solve").env.used()) == ["solve"]
    assert list(compose("experiment=rl/micro-self-rlef", "env=solve").env.used()) == ["solve"]


def test_the_papers_mixture_and_clip_range():
    config = compose("env=self_rlef_and_prediction")
    used = config.env.used()
    assert {name: env.share for name, env in used.items()} == {"self_rlef": 0.75, "output_prediction": 0.25}
    assert used["output_prediction"].reward_weight == 0.8
    assert (config.algo.trl["epsilon"], config.algo.trl["epsilon_high"]) == (0.2, 0.25)


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        (["algo.advantage=std", "env=solve_and_prediction"], "cancels the weight"),
        (["num_generations=1"], "num_generations is 1, expected 2 or more"),
        (["env.output_prediction.benchmark.split=test"], "benchmark.split is 'test', expected train"),
        (["validation.select=solve"], "validation.select is 'solve', expected one of the environments in use"),
        (["env.output_prediction=null"], "no environment is in use"),
        (["sampling.temperature=0"], "temperature is 0, expected more"),
        (["algo.discount=1.5"], "algo.discount is 1.5"),
        (
            ["launcher=accelerate", "launcher.strategy=fsdp2"],
            r"rollouts and validation are sampled from whole ones; pass",
        ),
        (["launcher=slurm", "launcher.strategy=zero3"], r"launcher.strategy zero3, where a process holds a part"),
        (
            ["launcher=slurm", "backend=trl_async", "launcher.strategy=zero3"],
            r"by FSDP2 alone; pass launcher.strategy=f",
        ),
        (["launcher=slurm", "backend=trl_async", "lora.r=4"], r"adapters are merged into whole weights; pass launcher"),
    ],
)
def test_what_cannot_work_is_refused(overrides, message):
    with pytest.raises(ConfigError, match=message):
        compose(*overrides)


def test_sharing_weights_is_read_off_the_accelerate_file_and_means_nothing_in_one_process(tmp_path):
    own = tmp_path / "mine.yaml"
    own.write_text("distributed_type: FSDP\n")
    with pytest.raises(ConfigError, match=r"mine.yaml, where a process holds a part of the weights"):
        compose("launcher=accelerate", f"launcher.strategy={own}")
    assert not compose("launcher.strategy=fsdp2").launcher.shares_weights
    assert not compose("launcher=accelerate", "launcher.strategy=ddp").launcher.shares_weights
    assert compose("launcher=slurm", "backend=trl_async").launcher.shares_weights


def test_problems_from_a_file_need_validation_problems_of_their_own():
    config = compose("env=solve", "env.solve.benchmark.name=problems", "env.solve.benchmark.path=p.jsonl")
    with pytest.raises(ConfigError, match=r"pass env.solve.validation.path=FILE.jsonl, or validation.every=0"):
        validation_benchmark(config, "solve")
