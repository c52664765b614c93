"""Sampling with vLLM in this process: its engine, on GPUs and (with the vllm-cpu build) on CPUs.

The engine is stepped on a thread of our own (engine.py): requests join it between two steps and answers leave as they
end, where `LLM.generate` would hold every caller until the last of a batch is done. Prompts are tokenised as by the
Transformers sampler; every completion is its own request with its own seed, so a text does not depend on n or on what
else is in the batch (up to the kernels' float noise). Log-probabilities are vLLM's processed ones: of the request's
temperature and, as it offers no others, after top-p (the same at top_p=1).
"""

import contextlib
import itertools
import os
from collections.abc import Iterator, Sequence
from typing import Any, Self

from deskcheck_conf.schema import ModelConfig

from deskcheck_agent.errors import ModelError, SamplerError
from deskcheck_agent.sampler import (
    Completion,
    Message,
    SamplingParams,
    StopReason,
    seed_of,
    split_reasoning,
)
from deskcheck_agent.samplers.engine import Answer, Call, EngineThread

CPU_CACHE_BYTES = 4 << 30
"""Key-value cache on a CPU, unless VLLM_CPU_KVCACHE_SPACE (GiB) says otherwise. vLLM's own default asks for 92 % of the
machine's memory, and fails where anything else runs."""
INSTALL = "on GPUs pip install 'deskcheck-agent[vllm]'; on CPUs `make vllm` in the repository (see docs/decisions.md)"


class VllmSampler:
    """vLLM's LLM class behind the Sampler protocol."""

    def __init__(self, model: ModelConfig, *, batch_size: int = 256) -> None:
        os.environ.setdefault("VLLM_LOGGING_STREAM", "ext://sys.stderr")  # stdout carries results alone
        try:
            from vllm.entrypoints.llm import LLM  # pyright: ignore[reportMissingImports]
        except ImportError as error:
            raise ModelError(f"sampler kind vllm needs vLLM, which cannot be imported ({error}); {INSTALL}") from None
        from deskcheck_agent.samplers.transformers import checkpoint_folder, read_template

        self.model_id = model.path
        folder, template = checkpoint_folder(model), model.chat_template and read_template(model.chat_template)
        try:
            self.llm: Any = LLM(
                model=folder,
                revision=model.revision,
                dtype=model.dtype,
                max_num_seqs=batch_size,
                seed=0,
                logprobs_mode="processed_logprobs",
                **on_a_cpu(),
            )
        except Exception as error:  # vLLM's boundary: it raises a dozen types, all about this machine or this model
            reason = str(error).strip().partition("\n")[0]
            raise ModelError(
                f"vLLM cannot start model {model.path!r} ({reason}): see its log above, or try sampler=transformers"
            ) from error
        self.tokenizer: Any = self.llm.get_tokenizer()
        if template is not None:
            self.tokenizer.chat_template = template
        self._thread = EngineThread(_Stepping(self.llm.llm_engine, self.tokenizer), "vllm")

    @classmethod
    def around(cls, llm: Any, tokenizer: Any, *, model_id: str = "policy") -> Self:
        """The sampler of an engine that somebody else made, and whose weights they change (a trainer)."""
        sampler = cls.__new__(cls)
        sampler.model_id, sampler.llm, sampler.tokenizer = model_id, llm, tokenizer
        sampler._thread = EngineThread(_Stepping(llm.llm_engine, tokenizer), "vllm")
        return sampler

    async def sample(
        self, prompts: Sequence[list[Message]], params: SamplingParams | Sequence[SamplingParams]
    ) -> list[list[Completion]]:
        return await self._thread.sample(prompts, params)


class _Stepping:
    """vLLM's engine as ours. It names requests by strings: `_asked` says whose each one is."""

    def __init__(self, engine: Any, tokenizer: Any) -> None:
        self._engine, self._tokenizer = engine, tokenizer
        self._context: int = engine.model_config.max_model_len
        self._numbers = itertools.count()
        self._asked: dict[str, tuple[Call, int, int]] = {}
        self._refused: list[Answer] = []

    @contextlib.contextmanager
    def awake(self) -> Iterator[None]:
        try:
            yield
        finally:
            self._abort(list(self._asked))
            self._refused.clear()

    @property
    def busy(self) -> bool:
        return bool(self._asked or self._refused)

    def add(self, call: Call) -> None:
        from vllm.inputs import tokens_input  # pyright: ignore[reportMissingImports]

        from deskcheck_agent.samplers.transformers import encode

        for place, ids in enumerate(encode(self._tokenizer, call.prompts)):
            for index in call.params[place].indices:
                if 0 < len(ids) < self._context:
                    key = str(next(self._numbers))
                    params = vllm_params(call.params[place], ids, index, self._context)
                    self._engine.add_request(key, tokens_input(ids), params)
                    self._asked[key] = call, place, index
                else:
                    self._refused.append(Answer(call, place, index, Completion("", stop=StopReason.error)))

    def drop(self, call: Call) -> None:
        self._refused = [answer for answer in self._refused if answer.call is not call]
        self._abort([key for key, (whose, *_) in self._asked.items() if whose is call])

    def step(self) -> list[Answer]:
        answers, self._refused = self._refused, []
        if self._asked:
            try:
                told = self._engine.step()
            except Exception as error:  # vLLM's boundary, as above
                raise SamplerError(f"vLLM failed while generating ({type(error).__name__}: {error})") from error
            ended = [output for output in told if output.finished and output.request_id in self._asked]
            answers += [Answer(*self._asked.pop(output.request_id), completion_of(output)) for output in ended]
        return answers

    def _abort(self, keys: list[str]) -> None:
        if keys:
            self._engine.abort_request(keys)
        for key in keys:
            del self._asked[key]


def vllm_params(params: SamplingParams, ids: Sequence[int], index: int, context: int) -> Any:
    """vLLM's parameters for completion `index` of a prompt: its seed, and what is left of the model's context."""
    from vllm.sampling_params import RequestOutputKind  # pyright: ignore[reportMissingImports]
    from vllm.sampling_params import SamplingParams as VllmParams  # pyright: ignore[reportMissingImports]

    return VllmParams(
        temperature=params.temperature,
        top_p=params.top_p,
        max_tokens=min(params.max_tokens, context - len(ids)),
        stop=list(params.stop) or None,
        seed=seed_of(params.seed, *ids, index) >> 32,
        logprobs=0,
        skip_special_tokens=False,
        output_kind=RequestOutputKind.FINAL_ONLY,
    )


def on_a_cpu() -> dict[str, Any]:
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


def completion_of(answer: Any) -> Completion:
    output = answer.outputs[0]
    ids = tuple(output.token_ids)
    logprobs = None
    if output.logprobs is not None:
        logprobs = tuple(step[token].logprob for step, token in zip(output.logprobs, ids, strict=True))
    reasoning, text = split_reasoning(output.text)
    stop = StopReason.length if output.finish_reason == "length" else StopReason.stop
    return Completion(text, reasoning, tuple(answer.prompt_token_ids or ()), ids, logprobs, stop=stop)
