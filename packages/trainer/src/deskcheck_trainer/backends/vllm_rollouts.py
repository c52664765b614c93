"""Rollouts of trl_sync from vLLM: a server beside the trainer, or an engine in its process.

GRPOTrainer makes the connection (or the engine) and, before it calls our rollout function, puts the trainer's weights
into vLLM; our engine then asks vLLM through the agent's samplers, turn by turn. No rollout may come from other weights
than those of its step:

    processes   TRL's other ranks go on while the first still sends, so all wait for the end of an update here
    validation  happens after a step and before TRL's next update, so it asks for one (`refresh`)
    a restart   a server that comes back has the weights of its checkpoint; it needs longer for that than a request is
                tried again, so it is met as a lost server, and the run stops

Coupling to TRL 1.16, checked by contract tests (tests/trainer/test_vllm_rollouts.py): `vllm_generation.sync_weights`,
`vllm_generation.llm` and `_last_loaded_step`. Sending weights needs NCCL, so all of it needs a GPU: not run.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from deskcheck_agent.errors import SamplerError
from deskcheck_agent.sampler import Completion, Message, Sampler, SamplingParams
from deskcheck_agent.samplers.openai import OpenAISampler
from deskcheck_agent.samplers.vllm import VllmSampler
from deskcheck_conf.errors import ConfigError

from deskcheck_trainer.rl_config import RLConfig
from deskcheck_trainer.vllm_config import VllmMode, check_server, check_version, installed_version, server_url

RETRIES = 2
"""With back-off a second and a half in all: no server is started in so short a time."""
REFUSED = ("vllm_tensor_parallel_size", "vllm_enable_sleep_mode", "vllm_structured_outputs_regex")
"""GRPOConfig's arguments for TRL's own calls of vLLM, which are not ours."""


def vllm_args(config: RLConfig) -> dict[str, Any]:
    """GRPOConfig's arguments that follow from `vllm`. Raises ConfigError for others that our rollouts would pass by."""
    mode = config.vllm.mode
    if mode is VllmMode.none:
        return {}
    if taken := sorted(set(REFUSED) & config.algo.trl.keys()):
        raise ConfigError(
            f"algo.trl.{taken[0]} does nothing here: rollouts ask vLLM by themselves, one engine a process; leave it "
            "out"
        )
    args: dict[str, Any] = {"use_vllm": True, "vllm_mode": mode.value}
    if mode is VllmMode.server:
        args["vllm_server_base_url"] = server_url(config.vllm)
    return args


def check_vllm(config: RLConfig) -> None:
    """ConfigError, before anything is loaded, for a machine or a server that cannot do what `vllm` asks."""
    check_version(installed_version())
    if not torch.cuda.is_available():
        raise ConfigError(
            f"vllm.mode is {config.vllm.mode.value}, but this process has no GPU: weights reach vLLM over NCCL; leave "
            "it out, and rollouts are sampled by the trainer's own model"
        )
    if config.vllm.mode is VllmMode.server:
        check_server(server_url(config.vllm), config.model.path)


def vllm_sampler(trainer: Any, tokenizer: Any, config: RLConfig) -> Sampler:
    """What plays the rollouts of `trainer`, whose updates of vLLM end for all its processes at once from now on."""
    trainer.vllm_generation = Synchronised(trainer.vllm_generation, trainer)
    if config.vllm.mode is VllmMode.colocate:
        return VllmSampler.around(trainer.vllm_generation.llm, tokenizer)
    url = server_url(config.vllm)
    name = check_server(url, config.model.path)
    return ServerRollouts(
        OpenAISampler(
            name, f"{url}/v1", concurrency=config.sampler_rows, timeout_s=config.vllm.timeout_s, max_retries=RETRIES
        )
    )


def refresh(trainer: Any) -> None:
    """Give vLLM the weights of the last step, unless it has them; all processes call this."""
    if trainer.state.global_step != trainer._last_loaded_step:
        trainer.vllm_generation.sync_weights()
        trainer._last_loaded_step = trainer.state.global_step


class Synchronised:
    """TRL's VLLMGeneration, whose updates end for all processes at once and whose failures say what to do."""

    def __init__(self, inner: Any, trainer: Any) -> None:
        self._inner, self._trainer = inner, trainer

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    def sync_weights(self) -> None:
        try:
            self._inner.sync_weights()
        except Exception as error:  # TRL raises a bare one for every answer other than 200, and requests' own
            raise SamplerError(
                _lost(f"did not take the weights of step {self._trainer.state.global_step}", error)
            ) from error
        self._trainer.accelerator.wait_for_everyone()


class ServerRollouts:
    """A sampler on the server of a training run: what it says of a lost server is about the run."""

    def __init__(self, inner: OpenAISampler) -> None:
        self.inner, self.version = inner, 0
        self.model_id = inner.model_id

    async def sample(
        self, prompts: Sequence[list[Message]], params: SamplingParams | Sequence[SamplingParams]
    ) -> list[list[Completion]]:
        try:
            return await self.inner.sample(prompts, params)
        except SamplerError as error:
            raise SamplerError(_lost("was lost while it sampled rollouts", error)) from error


def _lost(what: str, error: Exception) -> str:
    cause = str(error).strip().partition("\n")[0] or type(error).__name__
    return (
        f"vLLM {what} ({cause}): start the server again and run the same command; it continues from the last "
        "checkpoint, whose weights the server gets first"
    )
