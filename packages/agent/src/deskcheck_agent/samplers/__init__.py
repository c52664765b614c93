"""Real samplers, one a file, and the function that makes the one a configuration names.

Nothing heavy is imported before it is needed: torch, vLLM and openai come with the sampler that uses them.
"""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from deskcheck_conf.schema import SamplerConfig, SamplerKind

from deskcheck_agent.cache import CachedSampler
from deskcheck_agent.errors import SamplerError
from deskcheck_agent.sampler import Message, Sampler, SamplingParams, ScriptedSampler

if TYPE_CHECKING:
    from deskcheck_conf.schema import ModelConfig


def make_sampler(config: SamplerConfig, *, texts_only: bool = False) -> Sampler:
    """Build the sampler, cached if `config.cache` names a folder. Concurrent `sample()` calls share its running batch.

    With `texts_only` the cache keeps no token ids. Raises ModelError or SamplerError saying what is missing.
    """
    sampler, revision = _make(config)
    if config.cache is not None:
        sampler = CachedSampler(sampler, config.cache, revision, texts_only=texts_only)
    return sampler


def load_model(config: "ModelConfig") -> tuple[Any, Any]:
    """Load (model, tokenizer) with Transformers: a folder, a hub id, a GGUF file, or a name of deskcheck_micro."""
    from deskcheck_agent.samplers.transformers import load_model

    return load_model(config)


def _make(config: SamplerConfig) -> tuple[Sampler, str]:
    """The bare sampler and the revision that its cache keys carry."""
    match config.kind:
        case SamplerKind.scripted:
            return scripted(config.script), ""
        case SamplerKind.transformers:
            from deskcheck_agent.samplers.transformers import TransformersSampler, fingerprint, load_model

            model, tokenizer = load_model(config.model)
            sampler = TransformersSampler(model, tokenizer, model_id=config.model.path, batch_size=config.batch_size)
            return sampler, f"{fingerprint(config.model)} {config.model.dtype}"
        case SamplerKind.vllm:
            from deskcheck_agent.samplers.transformers import fingerprint
            from deskcheck_agent.samplers.vllm import VllmSampler

            return VllmSampler(config.model, batch_size=config.batch_size), f"{fingerprint(config.model)} vllm"
        case SamplerKind.openai:
            from deskcheck_agent.samplers.openai import OpenAISampler

            sampler = OpenAISampler(
                config.model.path,
                config.base_urls,
                api_key_env=config.api_key_env,
                concurrency=config.batch_size,
                timeout_s=config.timeout_s,
            )
            # A named revision says what answers, wherever it is served; else the addresses must do.
            return sampler, config.model.revision or ",".join(sorted(config.base_urls))


def scripted(path: str | None) -> ScriptedSampler:
    """A scripted sampler from a JSONL file (strings, or objects with the key "text"); without a file, the copying
    one."""
    if path is None:
        return ScriptedSampler(copy_input, model_id="scripted-copy")
    return ScriptedSampler(scripted_texts(path), model_id=f"scripted {path}")


def scripted_texts(path: str) -> list[str]:
    """The completions of a script, in their order. SamplerError if the file cannot be read or holds none."""
    texts: list[str] = []
    try:
        lines = Path(path).read_text(encoding="utf-8").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise SamplerError(f"cannot read sampler.script {path}: {reason}; expected a JSONL file") from None
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
            texts.append(row if isinstance(row, str) else row["text"])
        except (json.JSONDecodeError, KeyError, TypeError):
            raise SamplerError(
                f'{path}:{number}: expected a JSON string or an object with "text", got {line[:80]}'
            ) from None
    if not texts:
        raise SamplerError(f"sampler.script {path} is empty, expected one completion a line")
    return texts


def copy_input(messages: list[Message], params: SamplingParams, index: int) -> str:
    """The smoke run's model: predicts that a program prints its input, solves by printing its input, submits at once.

    No intelligence is pretended: "copy input" is also a baseline of the evaluations.
    """
    prompt = messages[-1]["content"]
    if "#SUBMIT" in prompt or prompt.startswith("fix\n"):
        return "```python\n#SUBMIT\n```"
    if prompt.startswith("run\n"):
        return f"<output>\n{prompt.rsplit('input\n', 1)[-1]}\n</output>"
    if "<output>" in prompt:
        shown = prompt.split("Standard input:\n```\n", 1)[-1].split("\n```", 1)[0]
        return f"<output>\n{shown}\n</output>"
    return "```python\nimport sys\nprint(sys.stdin.read(), end='')\n```"
