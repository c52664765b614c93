"""`plan=true`: what the run would need, in text.

    deskcheck-sft experiment=sft/paper-qwen2.5-7b plan=true

Nothing is loaded, downloaded or written. What is assumed is printed with the result.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from deskcheck_trainer.algo_config import BackendName
from deskcheck_trainer.launch.config import TrainingConfig
from deskcheck_trainer.plan.activations import Pass, kept
from deskcheck_trainer.plan.duration import Phase, clock, decoding, training
from deskcheck_trainer.plan.memory import BYTES, Part, Process, peak, state_parts, total
from deskcheck_trainer.plan.shape import adapted, config_of, count, empty_model, shape_of
from deskcheck_trainer.rl_config import RLConfig
from deskcheck_trainer.sft_config import SFTConfig

GIB = 2**30


def report(config: TrainingConfig) -> str:
    """The plan of a training run. Raises ConfigError where the model's configuration is not at hand."""
    if isinstance(config, SFTConfig):
        return _text(config, *_sft(config))
    if isinstance(config, RLConfig):
        return _text(config, *_rl(config))
    raise TypeError(f"no plan for a {type(config).__name__}")


def sft_process(config: SFTConfig) -> Process:
    """One process of a fine-tuning run, as memory.py wants it."""
    passes = config.passes(config.launcher.world_size)
    # On a CPU packed rows attend one by one (deskcheck_agent.attention).
    alone = config.machine.device == "cpu" if config.packing else config.sequences_per_pass == 1
    rows, tokens = config.sequences_per_pass, config.max_length
    if config.packing and config.scratch is None:  # TRL lays packed sequences end to end in one row
        rows, tokens = 1, rows * tokens
    return _process(
        config,
        rows,
        tokens,
        masked=not (alone or _has_kernel(config)) and config.scratch is None,
        accumulates=passes > 1,
    )


def rl_process(config: RLConfig) -> Process:
    """One process in the training half of an RL step."""
    if config.backend is BackendName.trl_async:  # rows laid end to end, attention by a tree of prefixes
        passes = config.async_.passes(config.launcher.world_size)
        return _process(config, 1, config.async_.tokens_per_pass, masked=False, accumulates=passes > 1)
    tokens = config.plan_prompt_tokens + config.sampling.max_tokens
    rows = config.micro_batch_rows
    accumulates = rows_of_step(config) > rows * config.launcher.world_size
    return _process(config, rows, tokens, masked=not _has_kernel(config), accumulates=accumulates)


def rows_of_step(config: RLConfig) -> int:
    """Rows that one step trains: a question has one for every trained turn of every rollout."""
    if config.backend is BackendName.trl_async:
        return max(1, config.async_.tokens_per_step // (config.plan_prompt_tokens + config.sampling.max_tokens))
    rlef = config.env.self_rlef
    return config.blocks_per_step * config.num_generations * (1 + rlef.max_repairs if rlef is not None else 1)


def _process(config: Any, rows: int, tokens: int, *, masked: bool, accumulates: bool) -> Process:
    cpu = config.machine.device == "cpu"
    named = config.model if config.plan_model is None else replace(config.model, path=config.plan_model)
    model = config_of(named, getattr(config, "scratch", None))
    shape = shape_of(model)
    lora = getattr(config, "lora", None)
    dtype = "float32" if getattr(config, "scratch", None) is not None else config.model.dtype
    trl = config.trl if isinstance(config, SFTConfig) else config.algo.trl
    return Process(
        shape=shape,
        kept=kept(model, Pass(rows, tokens, config.bf16, dtype, masked, cpu), lora),
        trained=count(adapted(empty_model(model), lora), trainable=True),
        tokens=rows * tokens,
        dtype=dtype,
        bf16=config.bf16,
        muon=config.optimizer.kind.value == "muon",
        checkpointing=getattr(config, "activation_checkpointing", False) or bool(trl.get("activation_checkpointing")),
        accumulates=accumulates,
        strategy=config.launcher.strategy,
        processes=config.launcher.world_size,
        cpu=cpu,
    )


def _has_kernel(config: Any) -> bool:
    """Does the model run with an attention that takes rows of any length without a mask?"""
    return "flash" in (config.model.attention or "")


def _sft(config: SFTConfig) -> tuple[Process, list[Part], float, list[Phase], list[str]]:
    one, machine = sft_process(config), config.machine
    parts, most = peak(one)
    phases, notes = [], []
    if config.max_steps < 1:
        notes.append("no time: max_steps is not set, and an epoch is as long as the data")
    else:
        tokens = config.max_steps * config.sequences_per_step * config.max_length
        rate = {"devices": one.processes, "tflops": machine.tflops, "mfu": machine.mfu}
        for name, context in (("training, short documents", 0), ("training, full-length ones", config.max_length)):
            phase = training(one.shape, tokens, context, checkpointing=one.checkpointing, **rate)
            phases.append(replace(phase, name=name))
        notes.append("every sequence is full; of documents packed into it each looks at itself alone: between the two")
    return one, parts, most, phases, notes


def _rl(config: RLConfig) -> tuple[Process, list[Part], float, list[Phase], list[str]]:
    one, machine, length = rl_process(config), config.machine, config.sampling.max_tokens
    rows, whole = rows_of_step(config), config.plan_prompt_tokens + length
    parts, most = peak(one)
    held = BYTES["bfloat16"] if not one.cpu and config.bf16 else BYTES[one.dtype]
    at_once = min(config.sampler_rows, -(-rows // one.processes))
    cache = at_once * whole * one.shape.cached * held
    sampling = [
        *state_parts(one),
        Part("keys and values", cache, f"{at_once} rows x {whole:,} tokens x {one.shape.cached:,} x {held} bytes"),
    ]
    if total(sampling) > most:
        parts, most = sampling, total(sampling)
    rate = {"devices": one.processes, "tflops": machine.tflops, "mfu": machine.mfu}
    phases = [
        decoding(
            one.shape, rows, length, at_once, weight_bytes=BYTES[one.dtype], cache_bytes=cache / at_once,
            bandwidth_gb_s=machine.bandwidth_gb_s, **rate,
        ),
        training(one.shape, rows * whole, whole, checkpointing=one.checkpointing, **rate),
    ]  # fmt: skip
    times = [Phase(p.name, p.seconds * config.max_steps, f"{config.max_steps:,} steps of {p.how}") for p in phases]
    notes = [
        f"prompts of {config.plan_prompt_tokens:,} tokens (plan_prompt_tokens), completions as long as "
        f"sampling.max_tokens={length:,}, all rows trained: real runs are below",
        "running the programs and validation are not counted",
    ]
    return one, parts, most, times, notes


def _text(config: Any, one: Process, parts: list[Part], most: float, phases: list[Phase], notes: list[str]) -> str:
    shape, machine = one.shape, config.machine
    where = f"{one.processes} x {machine.name}" + (f", {one.strategy}" if one.processes > 1 else "")
    lines = [
        f"plan of {config.run_name}: {where}",
        f"model: {shape.parameters:,} parameters ({shape.layers} layers, hidden size {shape.hidden:,}, vocabulary "
        f"{shape.vocab:,}), {one.trained:,} of them trained",
        "",
        f"{'memory of one process at its peak':<36}{'GiB':>9}",
        *(f"  {part.name:<34}{part.bytes / GIB:>9.2f}  {part.how}" for part in parts),
        f"  {'sum':<34}{most / GIB:>9.2f}  {_verdict(most, machine.memory_gib)}",
        "",
        f"{'time':<36}",
        *(f"  {phase.name:<34}{clock(phase.seconds):>9}  {phase.how}" for phase in phases),
    ]
    if isinstance(config, RLConfig):
        lines.append(f"  {'sum':<34}{clock(sum(phase.seconds for phase in phases)):>9}")
    lines += [
        "",
        "assumed:",
        f"  machine: {machine.tflops:g} TFLOP/s a device at best, {machine.mfu:.0%} of it reached",
    ]
    lines += [f"  {note}" for note in notes]
    lines.append("  not in the sum: Python and its libraries, on a GPU the CUDA context, and fragmentation")
    return "\n".join(lines)


def _verdict(most: float, memory_gib: float | None) -> str:
    if memory_gib is None:
        return ""
    share = most / GIB / memory_gib
    fits = "fits" if share < 0.9 else "is tight" if share < 1 else "does not fit"
    return f"{fits}: {share:.0%} of {memory_gib:g} GiB"
