"""What stops a training run: a collapse seen by validation, and a gradient that is not finite."""

import json
from typing import Any, cast

import pytest
import torch
from deskcheck_conf.entry import load_config
from deskcheck_conf.errors import ConfigError
from deskcheck_conf.run import Run
from deskcheck_trainer.backends.finite import FiniteGuard
from deskcheck_trainer.monitor import Monitor
from deskcheck_trainer.rl import Parts, _callback
from deskcheck_trainer.rl_config import RLConfig
from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments

from tests.trainer.test_trl_sync import trainer_of


class NoBackend:
    """Trains nothing; its sampler is always up to date."""

    def refresh(self) -> None:
        pass


class ScriptedParts(Parts):
    """Validation scores by step, and weights that are a text."""

    scores: dict[int, float]

    def validate(self) -> tuple[float, dict[str, float]]:
        score = self.scores[self.monitor.step]
        return score, {"validation/pass": score}

    def save(self, folder, weights=None) -> None:
        (folder / "weights").write_text(f"step {self.monitor.step}")


@pytest.mark.parametrize(
    ("overrides", "stops_at"),
    [
        ([], 4),
        (["validation.collapse_after=2"], 3),
        (["validation.collapse=0"], None),
        (["validation.collapse=0.1"], None),
    ],
)
def test_a_collapsed_run_stops_and_keeps_its_best(tmp_path, overrides, stops_at):
    base = ["run_name=guard", "wandb=disabled", "max_steps=5", "validation.every=1", f"output_root={tmp_path}"]
    config = load_config("rl", RLConfig, [*base, *overrides])
    with Run.at(tmp_path / "run", config) as run:
        parts = ScriptedParts(
            config, run.folder, {}, cast(Any, NoBackend()), Monitor(run.folder, 0.05), cast(Any, ["one"])
        )
        parts.scores = {0: 0.2, 1: 0.6, 2: 0.2, 3: 0.1, 4: 0.1, 5: 0.2}
        report = _callback(parts, run, lambda *_: None)
        args, state, control = TrainingArguments(str(tmp_path), use_cpu=True), TrainerState(), TrainerControl()
        report.on_train_begin(args, state, control)
        for step in range(1, 6):
            state.global_step = step
            report.on_step_end(args, state, control)
            if control.should_training_stop:
                break
        assert (state.global_step if control.should_training_stop else None) == stops_at
        summary = parts.finish()
    assert (summary["steps"], summary["step"], summary["validation"]) == (stops_at or 5, 1, 0.6)
    assert (tmp_path / "run" / "checkpoint" / "weights").read_text() == "step 1"
    rows = [json.loads(line) for line in (tmp_path / "run" / "metrics.jsonl").read_text().splitlines()]
    assert [row["step"] for row in rows] == list(range((stops_at or 5) + 1))


class Poison(TrainerCallback):
    """Makes one number of one gradient NaN in the second step; keeps the weights as they were before it."""

    def on_step_begin(self, args, state, control, model=None, **_):
        assert model is not None
        if state.global_step == 1:
            self.before = [parameter.detach().clone() for parameter in model.parameters()]
            first = next(model.parameters())
            first.register_hook(
                lambda grad: torch.where(torch.arange(grad.numel()).view_as(grad) == 3, torch.nan, grad)
            )


@pytest.mark.parametrize("max_grad_norm", [0.0, 1.0])
def test_a_gradient_that_is_not_finite_never_reaches_the_weights(tiny_model, tmp_path, max_grad_norm):
    trainer = trainer_of(tiny_model, tmp_path, steps=3, max_grad_norm=max_grad_norm)
    poison = Poison()
    trainer.add_callback(poison)
    trainer.add_callback(FiniteGuard())
    with pytest.raises(ConfigError, match=r"the gradient of step 2 is not finite \(first: .*embed_tokens.weight\)"):
        trainer.train()
    assert trainer.state.global_step == 1
    assert all(torch.equal(one, two) for one, two in zip(poison.before, trainer.model.parameters(), strict=True))
