"""The models that lm-eval asks: our sampler's configuration, made into one of its own backends.

lm-eval asks with plain text and stop strings, and greedily, where our samplers take chat messages; so its backends are
used and not ours: hf over a model that we loaded, vllm, or local-completions for a server. `ScriptedLM` hands out texts
of a file, for tests.
"""

import os
from typing import TYPE_CHECKING, Any

from deskcheck_agent.samplers import load_model
from deskcheck_conf import SamplerConfig, SamplerKind

from deskcheck_evals.errors import EvalError

if TYPE_CHECKING:
    from lm_eval.api.model import LM


def make_lm(config: SamplerConfig, *, chat: bool) -> "LM":
    """lm-eval's backend for a sampler's configuration. EvalError if it has none."""
    match config.kind:
        case SamplerKind.transformers:
            model, tokenizer = load_model(config.model)
            return _backend("hf")(pretrained=model, tokenizer=tokenizer, batch_size=config.batch_size)
        case SamplerKind.vllm:
            return _vllm(config)
        case SamplerKind.openai:
            return _server(config, chat)
        case SamplerKind.scripted:
            return _scripted(config.script)


def _vllm(config: SamplerConfig) -> "LM":
    from deskcheck_agent.samplers.transformers import model_path
    from deskcheck_agent.samplers.vllm import on_a_cpu

    model = config.model
    return _backend("vllm")(pretrained=model_path(model), dtype=model.dtype, revision=model.revision, **on_a_cpu())


def _server(config: SamplerConfig, chat: bool) -> "LM":
    settings: dict[str, Any] = {
        "model": config.model.path,
        "num_concurrent": config.batch_size,
        "timeout": config.timeout_s,
        "tokenizer_backend": None,
        "tokenized_requests": False,
        "header": {"Authorization": f"Bearer {os.environ.get(config.api_key_env, 'none')}"},
    }
    url = str(config.base_url).rstrip("/")
    if chat:
        return _backend("local-chat-completions")(base_url=f"{url}/chat/completions", **settings)
    return _backend("local-completions")(base_url=f"{url}/completions", **settings)


def _backend(name: str) -> Any:
    from lm_eval.api.registry import get_model

    return get_model(name)


def _scripted(script: str | None) -> "LM":
    from deskcheck_agent.samplers import scripted_texts

    from deskcheck_evals.harness.scripted import ScriptedLM

    if script is None:
        raise EvalError("task=no_regression asks a model: pass sampler=transformers, or sampler.script=FILE.jsonl")
    return ScriptedLM(scripted_texts(script))
