"""The asynchronous backend: TRL's AsyncGRPOTrainer, with our rollouts, our batches and our books.

    worker thread    draw a task, play it G times, advantages, rows     -> ledger      (rollout_worker.py, ledger.py)
    trainer          take a step's worth of rows, train, send weights   -> sampler     (token_batches.py, here)

Rollouts never wait for a step to end: the sampler holds its own copy of the weights, and gets the new ones between two
tokens, completions under way included. So rows are a few versions old when they are trained; TRL's loss clips the ratio
to the probabilities they were sampled with, and rows over `max_staleness` versions old are dropped. A rollout may have
any number of turns. A version is a number of weight updates: 0 before the first step.

Coupling to TRL 1.16, checked by contract tests: the documented `rollout_worker` and `weight_transfer`; and privately
`get_train_dataloader` with `_rollout_dataset.wait_s` (batches of whole steps), `compute_loss` (what a step's loss is
divided by), `model_version`, and the parts of its tree packing.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import torch
from deskcheck_agent.samplers.transformers import TransformersSampler, checkpoint_folder, load_model
from deskcheck_conf.errors import ConfigError
from deskcheck_conf.files import write_atomic
from transformers import TrainerCallback
from transformers.utils import logging as transformers_logging
from trl.experimental.async_grpo import async_grpo_trainer
from trl.experimental.async_grpo.async_grpo_config import AsyncGRPOConfig
from trl.experimental.async_grpo.async_grpo_trainer import AsyncGRPOTrainer, DataCollatorForRollout

from deskcheck_trainer.backends import tree_attention
from deskcheck_trainer.backends.backend import Ingredients, mixture_of
from deskcheck_trainer.backends.rollout_worker import EpisodeRolloutWorker
from deskcheck_trainer.backends.token_batches import TokenBatches
from deskcheck_trainer.backends.trl_args import TOKEN_MEAN, async_args
from deskcheck_trainer.backends.weight_transfer import GatherThenSendTransfer
from deskcheck_trainer.ledger import Ledger
from deskcheck_trainer.lora import adapter
from deskcheck_trainer.optimizer import build_optimizer
from deskcheck_trainer.rl_config import RLConfig
from deskcheck_trainer.rollout import RolloutEngine
from deskcheck_trainer.rows import Estimator

if TYPE_CHECKING:
    from peft import LoraConfig

logging.getLogger("trl.experimental.async_grpo").setLevel(
    logging.WARNING
)  # it tells every sync, of a vLLM there is not

POSITION = "rollouts.json"
"""File of a checkpoint that says where the rollouts are."""


class AsyncTrainer(AsyncGRPOTrainer):
    """AsyncGRPOTrainer on batches of whole steps, whose loss is divided by one number a step."""

    batches: TokenBatches
    divisor: float | None = None
    """What a step's summed loss is divided by; None: by the step's trained tokens."""

    def get_train_dataloader(self) -> Any:
        self._rollout_dataset = self.batches
        return self.batches

    def compute_loss(self, model: Any, inputs: Any, *args: Any, **kwargs: Any) -> Any:
        # TRL takes the mean over a pass's tokens and then over passes, so that tokens of short passes count more.
        tokens, of_step = inputs["global_n_tokens"][0], inputs.pop("step_trained_tokens")[0]
        divisor = of_step if self.divisor is None else self.divisor
        share = tokens * self.current_gradient_accumulation_steps / divisor
        return super().compute_loss(model, inputs, *args, **kwargs) * share


@dataclass
class AsyncBackend:
    trainer: AsyncTrainer
    engine: RolloutEngine
    tokenizer: Any
    ledger: Ledger
    worker: EpisodeRolloutWorker

    def train(self, resume: Path | None) -> None:
        self.trainer.model_version = -1  # TRL counts the sync before the first step as an update
        if resume is not None:
            position = read_position(resume)
            self.ledger.load_state_dict(position["ledger"])
            self.trainer.model_version = position["version"] - 1
        self.trainer.train(resume_from_checkpoint=str(resume) if resume else None)

    def refresh(self) -> None:
        """Nothing to do: validation.every is a multiple of the steps between two updates of the sampler."""

    def play[T](self, work: Coroutine[Any, Any, T]) -> T:
        return self.worker.run(work)


class SavePosition(TrainerCallback):
    """Puts into every checkpoint where the rollouts are, before the trainer writes its own part."""

    def __init__(self, trainer: AsyncTrainer, ledger: Ledger) -> None:
        self.trainer, self.ledger = trainer, ledger

    def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        if control.should_save:
            checkpoint = Path(args.output_dir) / f"checkpoint-{state.global_step}"
            checkpoint.mkdir(parents=True, exist_ok=True)
            position = {"version": self.trainer.model_version, "ledger": self.ledger.state_dict()}
            write_atomic(checkpoint / POSITION, json.dumps(position) + "\n")


def read_position(checkpoint: Path) -> dict[str, Any]:
    try:
        return json.loads((checkpoint / POSITION).read_text())
    except (OSError, ValueError) as error:
        raise ConfigError(
            f"{checkpoint} does not say where its rollouts were ({POSITION}: {error}), expected a checkpoint of "
            "backend=trl_async: remove it to continue from an older one, or choose another run_name"
        ) from None


def build(made: Ingredients) -> AsyncBackend:
    """Sampler, worker and trainer, ready to start. The model is loaded twice: to sample and to train."""
    config, options = made.config, made.config.async_
    args = async_args(config, made.folder)
    model, tokenizer = load_model(config.model)
    sampler = TransformersSampler(model, tokenizer, batch_size=config.sampler_rows, autocast=config.bf16)
    engine = made.engine(sampler)
    ledger = Ledger(
        mixture_of(made, slots=False), max_staleness=options.max_staleness, most_tokens=options.tokens_per_pass
    )
    worker = EpisodeRolloutWorker(
        engine,
        ledger,
        Estimator(config.algo.advantage, config.algo.credit, config.algo.discount),
        num_generations=config.num_generations,
        groups_in_play=options.groups_in_play,
        room=options.queue_tokens or max(1, options.max_staleness) * options.tokens_per_step,
        patience=options.patience,
        seed=config.seed,
        watch=made.monitor.watch,
    )
    transfer = GatherThenSendTransfer(sampler.load_weights)
    trainer = make_trainer(config, args, tokenizer, worker, transfer, adapter(config.lora, model))
    return AsyncBackend(trainer, engine, tokenizer, ledger, worker)


def make_trainer(
    config: RLConfig,
    args: AsyncGRPOConfig,
    tokenizer: Any,
    worker: EpisodeRolloutWorker,
    transfer: GatherThenSendTransfer,
    adapters: LoraConfig | None = None,
) -> AsyncTrainer:
    from datasets import Dataset

    with _flops_unknown_without_gpu(), _quiet():
        trainer = AsyncTrainer(
            model=checkpoint_folder(config.model),
            args=args,
            train_dataset=Dataset.from_dict({"prompt": [""]}),  # TRL wants one; prompts come from the mixture
            processing_class=tokenizer,
            rollout_worker=worker,
            weight_transfer=transfer,
            peft_config=adapters,  # what is sent has them merged
        )
    tree_attention.use_where_needed(trainer.model)
    loss_type = config.algo.trl.get("loss_type", TOKEN_MEAN)
    trainer.divisor = None if loss_type == TOKEN_MEAN else float(config.async_.tokens_per_step)
    trainer.batches = TokenBatches(
        worker.ledger,
        DataCollatorForRollout(
            tokenizer.pad_token_id, trainer.accelerator.num_processes, groups_trained=trainer._trained_groups
        ),
        trainer.accelerator,
        tokens_per_step=config.async_.tokens_per_step,
        passes=args.gradient_accumulation_steps,
        version=lambda: trainer.model_version,
        check_health=lambda: worker.check_health(config.async_.stall_s),
        is_over=lambda: trainer.state.global_step >= config.max_steps,
        tell=worker.metrics_queue.put,
    )
    trainer.optimizer = build_optimizer(cast(Any, trainer.model), config.optimizer)
    trainer.add_callback(SavePosition(trainer, worker.ledger))  # after TRL's own, so that the version is the new one
    return trainer


@contextmanager
def _flops_unknown_without_gpu() -> Iterator[None]:
    """TRL 1.16 asks CUDA for the device's name on every machine; where there is no GPU its speed is unknown."""
    module = cast(Any, async_grpo_trainer)
    asked = module.get_peak_flops_per_device
    if not torch.cuda.is_available():
        module.get_peak_flops_per_device = lambda accelerator, dtype: None
    try:
        yield
    finally:
        module.get_peak_flops_per_device = asked


@contextmanager
def _quiet() -> Iterator[None]:
    """TRL adds one of its callbacks twice, on purpose; Transformers warns about it."""
    before = transformers_logging.get_verbosity()
    transformers_logging.set_verbosity_error()
    try:
        yield
    finally:
        transformers_logging.set_verbosity(before)
