"""A gradient that is not finite never reaches the weights: the run stops before the step that would take it.

One such number makes every weight NaN at the next step, and the checkpoint after it useless. So the weights in memory
stay those of the last good step, and so does every file.
"""

from __future__ import annotations

from typing import Any

import torch
from deskcheck_conf.errors import ConfigError
from transformers import TrainerCallback


class FiniteGuard(TrainerCallback):
    """Raises ConfigError before an optimizer step with a gradient that has a NaN or an infinity."""

    def on_pre_optimizer_step(self, args: Any, state: Any, control: Any, model: Any = None, **_: Any) -> None:
        gradients = {name: p.grad for name, p in model.named_parameters() if p.grad is not None}
        if not gradients or bool(torch.stack([grad.isfinite().all() for grad in gradients.values()]).all()):
            return
        first = next(name for name, grad in gradients.items() if not bool(grad.isfinite().all()))
        raise ConfigError(
            f"the gradient of step {state.global_step + 1} is not finite (first: {first}), expected numbers: the last "
            "checkpoint is good, and a run from it meets the same; lower optimizer.learning_rate, raise warmup_steps, "
            "or pass bf16=false, under another run_name"
        )
