"""The asynchronous backend: the sampler gets every update, the loss is the sync backend's, nothing is lost by a kill.

Contract tests against the pinned TRL say what breaks when it moves.
"""

import inspect
import json
import shutil
from dataclasses import fields
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
import torch
from deskcheck_agent.errors import ModelError
from deskcheck_agent.sampler import SamplingParams
from deskcheck_agent.samplers.transformers import TransformersSampler, load_model
from deskcheck_conf.entry import load_config
from deskcheck_conf.errors import ConfigError
from deskcheck_conf.run import Run
from deskcheck_conf.schema import ModelConfig
from deskcheck_trainer.advantage import AdvantageRule
from deskcheck_trainer.backends.rollout_worker import EpisodeRolloutWorker
from deskcheck_trainer.backends.trl_args import async_args
from deskcheck_trainer.backends.trl_async import POSITION, make_trainer, read_position
from deskcheck_trainer.backends.weight_transfer import GatherThenSendTransfer
from deskcheck_trainer.ledger import Ledger
from deskcheck_trainer.mixture import BlockMixture, Source
from deskcheck_trainer.rl import CHECKPOINT, build, main, train
from deskcheck_trainer.rl_config import RLConfig
from deskcheck_trainer.rollout import RolloutEngine, Task
from deskcheck_trainer.rows import Estimator
from transformers import AutoModelForCausalLM, TrainerCallback
from trl.experimental.async_grpo import async_grpo_trainer
from trl.experimental.async_grpo.async_grpo_config import AsyncGRPOConfig
from trl.experimental.async_grpo.async_grpo_trainer import (
    AsyncGRPOTrainer,
    RolloutWorkerProtocol,
    WeightTransferProtocol,
)

SMALL = [
    "run_name=rl-async", "wandb=disabled", "limit=4", "num_generations=8", "sampling.max_tokens=24", "bf16=false",
    "prove_rewards=2", "validation.every=0", "validation.limit=2", "selftest=false", "backend=trl_async",
    "env=output_prediction", "optimizer.learning_rate=0.001", "max_grad_norm=1", "save_every=2",
    "async_.tokens_per_step=3000", "async_.tokens_per_pass=1600", "async_.groups_in_play=4",
]  # fmt: skip


def config_of(model: Path, *overrides: str) -> RLConfig:
    return load_config("rl", RLConfig, [*SMALL, f"model.path={model}", *overrides])


# ---------------------------------------------------------------- TRL's signatures


def test_trl_still_has_the_seams_that_are_used(tmp_path):
    parameters = inspect.signature(AsyncGRPOTrainer.__init__).parameters
    assert {"model", "args", "train_dataset", "processing_class", "rollout_worker", "weight_transfer"} <= set(
        parameters
    )
    for protocol, ours in (
        (RolloutWorkerProtocol, EpisodeRolloutWorker),
        (WeightTransferProtocol, GatherThenSendTransfer),
    ):
        methods = {name for name in vars(protocol) if not name.startswith("_")}
        assert methods == {name for name in methods if hasattr(ours, name)}
        for name in methods:
            theirs, mine = (list(inspect.signature(getattr(each, name)).parameters) for each in (protocol, ours))
            assert theirs == mine, name
    assert set(RolloutWorkerProtocol.__annotations__) == {"rollout_buffer", "metrics_queue"}
    source = inspect.getsource(AsyncGRPOTrainer)
    for private in ("_rollout_dataset.wait_s", 'inputs["global_n_tokens"][0]', "self.current_gradient_accumulation_steps",
                    "self.model_version += 1", "self._metrics", "_trained_groups"):  # fmt: skip
        assert private in source, private
    assert "get_peak_flops_per_device" in vars(async_grpo_trainer)
    assert {"max_staleness", "weight_sync_steps", "token_budget", "epsilon", "epsilon_high"} <= {
        each.name for each in fields(AsyncGRPOConfig)
    }
    if not torch.cuda.is_available():  # the day this does not raise, _flops_unknown_without_gpu can go
        with pytest.raises((AssertionError, RuntimeError)):
            cast(Any, async_grpo_trainer).get_peak_flops_per_device(
                SimpleNamespace(device=torch.device("cpu")), "float32"
            )


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        (["algo=grpo"], "loss_type is 'grpo', expected one of dapo, dr_grpo with backend=trl_async"),
        (["algo=cispo"], "loss_type is 'cispo'"),
        (["algo.trl.beta=0.1"], "algo.trl.beta is not 0"),
        (["+algo.trl.num_iterations=2"], "num_iterations is no argument of trl.AsyncGRPOConfig"),
        (["+algo.trl.max_staleness=3"], "algo.trl.max_staleness follows from other keys"),
    ],
)
def test_what_the_asynchronous_trainer_cannot_do_is_refused(tmp_path, overrides, message):
    with pytest.raises(ConfigError, match=message):
        async_args(config_of(tmp_path, *overrides), tmp_path)


def test_the_papers_algorithm_reaches_trl(tmp_path):
    args = async_args(config_of(tmp_path, "algo=cwm", "async_.max_staleness=8"), tmp_path)
    assert (args.epsilon, args.epsilon_high, args.max_staleness, args.weight_sync_steps) == (0.2, 0.25, 8, 1)
    assert args.gradient_accumulation_steps == 2  # 3000 tokens in passes of at most 1600


# ---------------------------------------------------------------- weights


def test_weights_are_gathered_to_the_end_before_any_is_sent():
    told: list[Any] = []
    weights = {"a": torch.zeros(2), "b": torch.ones(3)}

    def parameters():
        for name, tensor in weights.items():
            told.append(f"gather {name}")
            yield name, tensor

    transfer = GatherThenSendTransfer(lambda gathered: told.append(gathered))
    transfer.send_weights(parameters())
    assert told[:2] == ["gather a", "gather b"]
    weights["b"].zero_()
    assert torch.equal(told[2]["b"], torch.ones(3))  # a copy: training goes on
    assert transfer.sent == 1


def test_weights_of_another_model_are_refused_whole(tiny_model):
    model, tokenizer = load_model(ModelConfig(path=str(tiny_model)))
    sampler = TransformersSampler(model, tokenizer)
    held = {name: parameter.detach() + 1 for name, parameter in model.named_parameters()}
    name = min(held)
    for wrong in (
        {**held, name: torch.zeros(1)},
        {n: t for n, t in held.items() if n != name},
        {**held, "x": held[name]},
    ):
        before = [parameter.clone() for parameter in model.parameters()]
        with pytest.raises(ModelError, match="do not fit the sampler's model at 1 names"):
            sampler.load_weights(wrong)
        assert all(torch.equal(one, two) for one, two in zip(before, model.parameters(), strict=True))
    sampler.load_weights(held)
    assert all(torch.equal(parameter, held[name]) for name, parameter in model.named_parameters())


class Watcher(TrainerCallback):
    """What must hold after every optimizer step; keeps the rows of each step."""

    def __init__(self, backend: Any) -> None:
        self.backend = backend
        self.rows: dict[int, list] = {}
        self.moved: list[bool] = []
        self.last = None

    def on_step_end(self, args, state, control, **_):
        trainer, sampler = self.backend.trainer, self.backend.engine.sampler
        trained = dict(trainer.model.named_parameters())
        assert all(torch.equal(trained[name], held) for name, held in sampler.model.named_parameters())
        assert sampler.version == self.backend.worker.version == trainer.model_version == state.global_step
        assert sampler.model is not trainer.model
        now = torch.cat([held.detach().flatten() for held in sampler.model.parameters()])
        self.moved.append(self.last is not None and not torch.equal(now, self.last))
        self.last = now
        self.rows[state.global_step] = list(trainer.batches.step_rows)


@pytest.mark.parametrize("max_staleness", [0, 2])
def test_the_sampler_has_the_trainers_weights_after_every_step(guesser, tmp_path, max_staleness):
    """A real run: the sampler plays on its own copy, and rows say with which version they were begun."""
    parts = build(config_of(guesser, "max_steps=4", f"async_.max_staleness={max_staleness}"), tmp_path)
    watcher = Watcher(parts.backend)
    parts.backend.trainer.add_callback(watcher)
    parts.backend.train(None)
    assert watcher.moved == [False, True, True, True]
    for step, rows in watcher.rows.items():
        assert rows and all(0 <= step - 1 - row.version <= max_staleness for row in rows)
        assert sum(map(len, rows)) >= 3000 > sum(map(len, rows[:-1]))  # a batch by tokens
        assert all(row.advantage != 0 for row in rows)
    assert max(row.version for row in watcher.rows[4]) > 0  # played with an update inside the run
    logged = set().union(*parts.backend.trainer.state.log_history)
    assert {"staleness_mean", "staleness_max", "kl", "ratio", "entropy", "perf/weight_sync_s"} <= logged
    told = sum(row.get("rows/trained_total", 0) for row in parts.backend.trainer.state.log_history)
    assert told == sum(map(len, watcher.rows.values())) == watcher.backend.ledger.counts["trained"]


# ---------------------------------------------------------------- the same estimator as trl_sync


class Prefilled(EpisodeRolloutWorker):
    """A worker whose rollouts are all there before it starts."""

    def start(self) -> None: ...

    def stop(self) -> None: ...

    def check_health(self, stale_after_s: float) -> None: ...

    def update_model_version(self, model_version: int) -> None: ...


def flat(model) -> torch.Tensor:
    return torch.cat([parameter.detach().flatten() for parameter in model.parameters()])


@pytest.mark.parametrize("loss_type", ["dr_grpo", "dapo"])
@pytest.mark.parametrize("passes", [1, 3])
def test_on_the_same_rollouts_it_takes_the_sync_backends_gradient(tiny_model, tmp_path, loss_type, passes):
    """One plain-SGD step each way; the summed losses agree, so the steps differ by what each is divided by alone."""
    from tests.trainer.test_trl_sync import G, trainer_of

    sync = trainer_of(tiny_model, tmp_path / "sync", steps=1, blocks=3, loss_type=loss_type, max_grad_norm=0.0)
    sync.optimizer = torch.optim.SGD(sync.model.parameters(), lr=1.0)
    seen: list = []
    sync.rollout_func.watch = lambda groups, seconds: seen.extend(groups)
    before = flat(sync.model)
    sync.train()

    estimator = Estimator(AdvantageRule.length_weighted)
    rows = [row for number, group in enumerate(seen) for row in estimator.rows(group, number, 0)[0]]
    total = sum(map(len, rows))
    config = config_of(
        tiny_model, "max_steps=1", f"algo.trl.loss_type={loss_type}", f"async_.tokens_per_step={total}",
        f"async_.tokens_per_pass={-(-total // passes)}", "max_grad_norm=0", "sampling.max_tokens=12", "save_every=5",
    )  # fmt: skip
    books = Ledger(
        BlockMixture({"two": Source([Task("two", SimpleNamespace(id="q"))], 1.0)}), max_staleness=0, most_tokens=10**6
    )
    books.finish(books.draw(), rows)
    model, tokenizer = load_model(ModelConfig(path=str(tiny_model)))
    engine = RolloutEngine([], TransformersSampler(model, tokenizer), SamplingParams())
    worker = Prefilled(engine, books, estimator, num_generations=G, groups_in_play=1, room=1, patience=1)
    trainer = make_trainer(
        config, async_args(config, tmp_path / "async"), tokenizer, worker, GatherThenSendTransfer(lambda weights: None)
    )
    trainer.optimizer = torch.optim.SGD(cast(Any, trainer.model).parameters(), lr=1.0)
    trainer.model_version = -1
    trainer.train()
    assert trainer.args.gradient_accumulation_steps == passes

    if loss_type == "dr_grpo":  # rows, empty slots included, times the token limit; against the tokens of a step
        sync_divisor, async_divisor = 3 * 2 * G * 12, total
    else:  # tokens of all turns; against those of the turns with an advantage
        sync_divisor = sum(len(turn.token_ids) for group in seen for each in group.rollouts for turn in each.turns)
        async_divisor = sum(len(row.token_ids) for row in rows)
    by_sync, by_async = (flat(sync.model) - before) * sync_divisor, (flat(trainer.model) - before) * async_divisor
    assert by_sync.norm() > 1e-3
    assert (by_sync - by_async).norm() < 1e-3 * by_sync.norm()


# ---------------------------------------------------------------- through the command


def test_it_learns_what_is_rewarded_through_the_whole_stack(guesser, tmp_path):
    """From guessing digits to the right ones of four programs: the mean reward of output prediction rises."""
    config = config_of(guesser, "max_steps=16", "async_.tokens_per_step=8000", "async_.tokens_per_pass=4000")
    with Run.at(tmp_path / "run", config) as run:
        train(config, run)
    rows = [json.loads(line) for line in (tmp_path / "run" / "metrics.jsonl").read_text().splitlines()]
    rewards = [row["output_prediction/reward"] for row in rows if {"output_prediction/reward", "grad_norm"} <= set(row)]
    assert sum(rewards[-8:]) / 8 > sum(rewards[:4]) / 4 + 0.05


class Killed(BaseException):
    """What a kill looks like from inside: nothing handles it."""


class MortalRun(Run):
    """Dies while it logs its third step, one step after a checkpoint."""

    def log(self, metrics, step=None):
        if step == 3 and "grad_norm" in metrics:
            raise Killed
        super().log(metrics, step)


def test_a_killed_run_goes_on_without_losing_or_repeating_a_row(guesser, tmp_path):
    config = config_of(guesser, "max_steps=4", "validation.every=4")
    with pytest.raises(Killed), MortalRun.at(tmp_path / "run", config) as run:
        train(config, run)
    at_two = read_position(tmp_path / "run" / "trainer" / "checkpoint-2")
    assert at_two["version"] == 2
    waiting = {(row["group"], row["place"]) for row in at_two["ledger"]["rows"]}
    unfinished = {int(number) for number in at_two["ledger"]["in_play"]}
    assert not {group for group, _ in waiting} & unfinished

    shutil.copytree(tmp_path / "run", tmp_path / "copy")
    parts = build(config, tmp_path / "copy")
    watcher = Watcher(parts.backend)
    parts.backend.trainer.add_callback(watcher)
    parts.backend.train(tmp_path / "copy" / "trainer" / "checkpoint-2")
    assert sorted(watcher.rows) == [3, 4]
    keys = [(row.group, row.place) for step in (3, 4) for row in watcher.rows[step]]
    assert len(set(keys)) == len(keys)
    # what waited at the checkpoint is trained before anything new, and what was trained before it is not met again
    assert set(keys[: len(waiting)]) == waiting or set(keys) < waiting
    settled = set(range(at_two["ledger"]["drawn"])) - unfinished - {group for group, _ in waiting}
    assert not {group for group, _ in keys} & settled


def test_the_command_continues_and_ends_once(guesser, tmp_path):
    config, folder = config_of(guesser, "max_steps=4", "validation.every=2"), tmp_path / "run"
    with pytest.raises(Killed), MortalRun.at(folder, config) as run:
        train(config, run)
    with Run.at(folder, config) as run:
        train(config, run)
    summary = json.loads((folder / "done.json").read_text())["summary"]
    assert summary["steps"] == 4 and summary["validation"] is not None
    AutoModelForCausalLM.from_pretrained(folder / CHECKPOINT)
    rows = [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]
    assert [row["step"] for row in rows if "grad_norm" in row] == [1, 2, 3, 4]
    assert [row["step"] for row in rows if "validation/output_prediction/pass" in row] == [0, 2, 4]
    assert {"staleness_max", "output_prediction/reward", "zero_advantage_share", "kl"} <= set().union(*rows)

    (folder / "done.json").unlink()  # as if killed between the last step and the summary
    with Run.at(folder, config) as run:
        train(config, run)
    again = [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]
    assert [row["step"] for row in again if "grad_norm" in row] == [1, 2, 3, 4]
    assert json.loads((folder / "done.json").read_text())["summary"] == summary


def test_a_checkpoint_of_the_other_backend_is_refused(tmp_path):
    (tmp_path / "checkpoint-2").mkdir()
    with pytest.raises(ConfigError, match=f"does not say where its rollouts were .{POSITION}"):
        read_position(tmp_path / "checkpoint-2")


def test_tasks_without_any_signal_stop_the_command_with_one_message(tiny_model, tmp_path, capsys):
    given = [*SMALL, f"model.path={tiny_model}", f"output_root={tmp_path}", "max_steps=1", "async_.patience=3",
             "num_generations=2", "sampling.max_tokens=4"]  # fmt: skip
    assert main(given) == 2
    error = capsys.readouterr().err
    assert "groups of rollouts gave nothing to train on (zero_advantage" in error and "Traceback" not in error


def test_updates_of_the_sampler_and_validation_must_meet():
    with pytest.raises(ConfigError, match=r"expected multiples of async_.weight_sync_steps=3"):
        config_of(Path("m"), "async_.weight_sync_steps=3", "validation.every=2", "max_steps=6")
    with pytest.raises(ConfigError, match=r"async_.queue_tokens is 10, expected at least tokens_per_step=3000"):
        config_of(Path("m"), "async_.queue_tokens=10")
