"""Configuration of `deskcheck-collect`; the choices are YAML files of deskcheck_conf (collect, source, experiment)."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import ClassVar

from deskcheck_conf.errors import ConfigError
from deskcheck_conf.schema import RunConfig, SamplerConfig, SamplingConfig
from deskcheck_tracer.program import Limits
from hydra.core.config_store import ConfigStore
from omegaconf import MISSING

from deskcheck_trainer.collect_model_config import NarratorKind, SolutionsConfig, TranslationConfig
from deskcheck_trainer.filters_config import FiltersConfig
from deskcheck_trainer.nlex.inputs import InputPlan
from deskcheck_trainer.nlex.renderings import RenderPlan
from deskcheck_trainer.source_config import SOURCES, SourceConfig, SourceKind


class Style(StrEnum):
    """Narration style, see deskcheck_tracer.narrate."""

    step = "step"
    """A sentence a line: complete."""
    block = "block"
    """A sentence for lines that run straight through."""
    summary = "summary"
    """A sentence a loop or call: the shortest."""
    compact = "compact"
    """A terse scratchpad, for models of a few million parameters."""


class Rendering(StrEnum):
    """What a recorded run becomes a row of; the row's task says which."""

    explain = "explain"
    """Program and input -> narration in `style`."""
    predict_output = "predict_output"
    """Program and input -> the output alone."""
    predict_input = "predict_input"
    """Program and output -> an input that gives it; none for programs that take no input."""
    cwm = "cwm"
    """Code World Model's tokens, see deskcheck_tracer.cwm; none for programs that read standard input."""
    scratchpad = "scratchpad"
    """Program and input -> narration in style compact."""
    next_state = "next_state"
    """The variables after one line that changes some, drawn from the run."""
    branch = "branch"
    """How one condition came out and which line ran next; none for programs without conditions."""


class CwmReset(StrEnum):
    """When Code World Model's frames tell a state in full again, see deskcheck_tracer.cwm.Reset."""

    switch = "switch"
    activation = "activation"


class Isolation(StrEnum):
    auto = "auto"
    """process for our own micro programs, nsjail for everything else."""
    nsjail = "nsjail"
    degraded = "degraded"
    """nsjail with the limits this kernel grants; the manifest says so."""
    process = "process"
    """In the worker process itself, without a jail: our own micro programs only."""


class PoolKind(StrEnum):
    serial = "serial"
    local = "local"
    """Worker processes on this machine."""
    ray = "ray"
    """Tasks of a Ray cluster, see `ray_address`; needs the extra [ray]."""


@dataclass(kw_only=True)
class LimitsConfig:
    """What one program may use; null lifts a limit. Meanings as in deskcheck_tracer.Limits."""

    cpu_s: float | None = 2.0
    wall_s: float | None = 5.0
    memory_mb: int | None = 256
    output_bytes: int | None = 1_000_000
    max_events: int | None = 10_000
    """Longer traces are dropped (paper, section 1)."""
    max_bytes: int | None = 1_000_000

    def limits(self) -> Limits:
        """The tracer's record of the same limits."""
        return Limits(**vars(self))


@dataclass(kw_only=True)
class InputsConfig:
    """Inputs for functions that come without (or with a generator)."""

    keep: int = 5
    """Inputs a function is explained on, at most."""
    tries: int = 20
    """Inputs recorded to choose from, at most."""
    novel: bool = True
    """Keep an input only if it takes lines or branches that no input before it took; else the first `keep`."""
    patience: int = 3
    """Give a function up whose first so many inputs all end at a limit (events, bytes, time, memory, output); 0 never
    does."""
    proposals: int = 0
    """Calls of each function asked of the language model `sampler`, tried before those that are drawn; 0 asks none."""

    def __post_init__(self) -> None:
        if not 1 <= self.keep <= self.tries:
            raise ConfigError(f"inputs.keep is {self.keep}, expected 1 to inputs.tries, which is {self.tries}")
        if self.patience < 0:
            raise ConfigError(f"inputs.patience is {self.patience}, expected 0 (give no function up) or more")
        if self.proposals < 0:
            raise ConfigError(f"inputs.proposals is {self.proposals}, expected 0 (ask no model) or more")

    def plan(self, seed: int) -> InputPlan:
        """The same for the workers."""
        return InputPlan(keep=self.keep, tries=self.tries, novel=self.novel, patience=self.patience, seed=seed)


@dataclass(kw_only=True)
class CollectConfig(RunConfig):
    """`deskcheck-collect`: programs in, verified NLEX rows out."""

    free_keys: ClassVar[tuple[str, ...]] = (
        *RunConfig.free_keys,
        *("pool", "workers", "ray_address", "items_per_part", "sampler"),
    )
    """The dataset is the same bytes whoever builds it, see pool.py; a server may move, and which model it serves is in
    the shards' keys (nlex/model.py)."""

    source: SourceConfig = MISSING
    limit: int | None = None
    """Stop after this many items of the source."""
    prompts: str = "default"
    """Prompt set: a name of deskcheck_agent's, or a folder of templates."""
    style: Style = Style.step
    max_tokens: int | None = None
    """Longest completion: in narrations rounds of loops are left out to fit, then the middle (both are said); other
    renderings that do not fit are rejected."""
    tokenizer: str | None = None
    """What `max_tokens` and the column `tokens` count in: a tokenizer.json, a folder with one, or a Hugging Face id;
    null counts words and symbols."""
    renderings: list[Rendering] = field(default_factory=lambda: [Rendering.explain])
    """The rows that each recorded run gives, in this order."""
    phrasings: int = 1
    """Ways in which explanations are asked for: the first of the prompt set's, drawn for each row."""
    line_numbers: bool = False
    """Show programs with numbered lines in the prompts of every rendering but cwm. Evaluation and RL never do."""
    cwm_reset: CwmReset = CwmReset.switch
    narrator: NarratorKind = NarratorKind.template
    translation: TranslationConfig = field(default_factory=TranslationConfig)
    sampler: SamplerConfig = field(default_factory=SamplerConfig)
    """The model of narrator=llm, inputs.proposals and solutions; else none is made."""
    sampling: SamplingConfig = field(default_factory=SamplingConfig)
    solutions: SolutionsConfig | None = None
    """Build output-prediction items from judged solutions instead of rows; null does not."""
    isolation: Isolation = Isolation.auto
    limits: LimitsConfig = field(default_factory=LimitsConfig)
    imports: list[str] = field(default_factory=list)
    """Modules beyond the standard library that programs may import, such as numpy; loaded before they run."""
    inputs: InputsConfig = field(default_factory=InputsConfig)
    filters: FiltersConfig = field(default_factory=FiltersConfig)
    pool: PoolKind = PoolKind.local
    workers: int | None = None
    """Worker processes of `pool=local`, or parts at once of `pool=ray`; null takes every core."""
    ray_address: str | None = None
    """`auto` or `ray://host:10001`: a cluster that runs; null starts a Ray on this machine."""
    items_per_shard: int = 4096
    """Source items behind one Parquet file: what a kill can cost."""
    items_per_part: int = 128
    """Items a worker takes at once."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.solutions is not None and self.isolation is Isolation.process:
            raise ConfigError("isolation is process with solutions: what a model writes runs in the jail only")
        if self.narrator is NarratorKind.llm and (self.renderings != [Rendering.explain] or self.tokenizer):
            raise ConfigError(
                "narrator is llm with renderings or a tokenizer: a model tells explanations alone, and its own limit is"
                " translation.max_tokens; build the other rows in a second run, with narrator=template"
            )
        if self.isolation is Isolation.process and self.source.kind is not SourceKind.micro:
            raise ConfigError(
                f"isolation is process with source {self.source.kind}: programs that are not ours run in the jail only;"
                " use isolation=nsjail (or isolation=degraded where the kernel denies a limit)"
            )
        if self.own_process and self.limits.max_events is None:
            raise ConfigError("limits.max_events is null: without a jail nothing else ends an endless loop")
        if not self.renderings or len(set(self.renderings)) < len(self.renderings):
            got = ", ".join(self.renderings)
            raise ConfigError(f"renderings is [{got}], expected at least one, none twice: {', '.join(Rendering)}")
        for key in ("items_per_shard", "items_per_part", "workers", "limit", "phrasings"):
            value = getattr(self, key)
            if value is not None and value < 1:
                raise ConfigError(f"{key} is {value}, expected at least 1")

    def plan(self) -> RenderPlan:
        """The renderings, for the workers."""
        return RenderPlan(
            names=tuple(rendering.value for rendering in self.renderings),
            phrasings=self.phrasings,
            line_numbers=self.line_numbers,
            cwm_reset=self.cwm_reset.value,
            seed=self.seed,
        )

    @property
    def own_process(self) -> bool:
        """Whether programs run in the worker process itself."""
        ours = self.source.kind is SourceKind.micro
        return self.isolation is Isolation.process or (self.isolation is Isolation.auto and ours)


def register() -> None:
    """Put the schemas where `defaults: [collect_schema]` of the YAML files finds them."""
    store = ConfigStore.instance()
    store.store(name="collect_schema", node=CollectConfig)
    for node in SOURCES:
        store.store(group="source", name=f"{node.kind}_schema", node=node)


register()
