"""Configuration shared by more than one command, as dataclasses.

Types and meanings live here, choices in the YAML beside this file. Each command has one dataclass that inherits
`RunConfig`; it is registered in Hydra's ConfigStore, so every key of every YAML group is checked against it, and what
a command gets is that dataclass and no DictConfig. Ranges and rules across fields are checked in `__post_init__`,
which runs once, when the composed configuration becomes an object.

Limits of OmegaConf that show here: no frozen dataclasses, no Literal (hence enums whose member names equal their
values, in lower case), no unions of dataclasses.
"""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, ClassVar

from omegaconf import MISSING

from deskcheck_conf.errors import ConfigError

DTYPES = ("float32", "bfloat16", "float16")


class WandbMode(StrEnum):
    offline = "offline"
    online = "online"
    disabled = "disabled"


@dataclass(kw_only=True)
class WandbConfig:
    """Where a run's metrics go beside its own metrics.jsonl. Never part of what makes two runs different."""

    mode: WandbMode = WandbMode.offline
    """offline writes into the run folder (`wandb sync` sends it later); online needs `wandb login`."""
    project: str = "deskcheck"
    entity: str | None = None
    group: str | None = None
    """Runs shown together; the experiment's name if null."""
    tags: list[str] = field(default_factory=list)


@dataclass(kw_only=True)
class RunConfig:
    """What every command's configuration starts from. The run folder is <output_root>/<run_name>-s<seed>."""

    free_keys: ClassVar[tuple[str, ...]] = ("output_root", "wandb")
    """Keys (with dots, where deeper) that say where results are shown and stored, or how fast they come, and not what
    is computed: they may change between two starts of one run. A command's own class adds its own."""

    run_name: str = MISSING
    """The run folder's name; every experiment names itself."""
    seed: int = 0
    output_root: str = "outputs"
    wandb: WandbConfig = field(default_factory=WandbConfig)

    def __post_init__(self) -> None:
        if not self.run_name or "/" in self.run_name or self.run_name.startswith("."):
            raise ConfigError(
                f"run_name is {self.run_name!r}, expected a folder name: not empty, no '/' and no '.' at its start; "
                "pass run_name=NAME (and output_root=FOLDER to write elsewhere)"
            )
        if self.seed < 0:
            raise ConfigError(f"seed is {self.seed}, expected 0 or more; pass seed=0")

    @property
    def part(self) -> str | None:
        """The folder, below the run's, of a part of the run that is worked on by itself; None: the run is one piece."""
        return None


@dataclass(kw_only=True)
class ModelConfig:
    """A language model: a folder, a hub id, or a GGUF file of either."""

    path: str = MISSING
    """A local folder in Transformers format, or a hub id."""
    gguf_file: str | None = None
    """A GGUF file inside `path`; its weights are dequantised on loading."""
    revision: str | None = None
    dtype: str = "float32"
    attention: str | None = None
    """Transformers' attn_implementation, as kernels-community/flash-attn2; its own choice if null. On GPUs, rows of
    thousands of tokens that are packed or of unlike length want one that needs no mask."""
    chat_template: str | None = None
    """A Jinja file that replaces the tokenizer's own chat template."""

    def __post_init__(self) -> None:
        if self.dtype not in DTYPES:
            raise ConfigError(f"model dtype is {self.dtype!r}, expected one of {', '.join(DTYPES)}")


@dataclass(kw_only=True)
class SamplingConfig:
    """How completions are drawn."""

    temperature: float = 1.0
    """0 is greedy."""
    top_p: float = 0.95
    max_tokens: int = 1024
    """Most tokens of one completion."""
    seed: int = 0

    def __post_init__(self) -> None:
        if self.temperature < 0:
            raise ConfigError(f"sampling temperature is {self.temperature}, expected 0 (greedy) or more")
        if not 0 < self.top_p <= 1:
            raise ConfigError(f"sampling top_p is {self.top_p}, expected a share in (0, 1]")
        if self.max_tokens < 1:
            raise ConfigError(f"sampling max_tokens is {self.max_tokens}, expected 1 or more")


class SamplerKind(StrEnum):
    scripted = "scripted"
    transformers = "transformers"
    vllm = "vllm"
    openai = "openai"


@dataclass(kw_only=True)
class SamplerConfig:
    """What turns prompts into completions: fixed texts, a model in this process, vLLM, or an HTTP server."""

    kind: SamplerKind = SamplerKind.transformers
    model: ModelConfig = field(default_factory=ModelConfig)
    batch_size: int = 64
    """Most completions generated at once (in process), or requests in flight at each server (openai)."""
    base_url: Any = None
    """openai: the server, as in http://localhost:8000/v1; several that serve the same model as a list, [URL,URL], or
    with commas between them."""
    api_key_env: str = "OPENAI_API_KEY"
    """openai: the environment variable that holds the key; the key itself never enters a configuration."""
    timeout_s: float = 600.0
    """openai: longest wait for one request, in seconds."""
    script: str | None = None
    """scripted: a JSONL file of completions, in the order they are handed out."""
    cache: str | None = None
    """A folder that keeps completions by prompt, parameters and model; none if null."""

    def __post_init__(self) -> None:
        if self.batch_size < 1:
            raise ConfigError(f"sampler batch_size is {self.batch_size}, expected 1 or more")
        self.base_url = _addresses(self.base_url)
        if self.kind is SamplerKind.openai and not self.base_url:
            raise ConfigError(
                "sampler kind openai needs a server: set base_url, e.g. sampler.base_url=http://localhost:8000/v1"
            )

    @property
    def base_urls(self) -> list[str]:
        """Every server, in the order given."""
        return self.base_url.split(",") if self.base_url else []


def _addresses(given: Any) -> str | None:
    """One text, with commas between addresses; None for none. ConfigError for what is no address, or is there twice."""
    if given is None:
        return None
    parts = given.split(",") if isinstance(given, str) else given if isinstance(given, list) else [given]
    addresses = [part.strip() if isinstance(part, str) else part for part in parts]
    if not all(isinstance(each, str) and each for each in addresses):
        raise ConfigError(f"sampler base_url is {given!r}, expected an address, or several: [http://a/v1,http://b/v1]")
    if len(set(addresses)) < len(addresses):
        raise ConfigError(f"sampler base_url names {given!r}, expected every server once")
    return ",".join(addresses)
