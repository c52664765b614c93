"""SFT and RL steps of the micro base: ours against bare TRL scripts that do the same work.

    python benchmarks/trainer.py [sft] [rl] [--rounds 3] [--steps 4] [--threads 1] [--model FOLDER]

SFT: the same rows, packed alike (bfd), AdamW, bfloat16 autocast, against SFTTrainer. RL: output prediction in groups
of 8 against GRPOTrainer with Transformers' generate and the same reward, both from the micro base after a minute of SFT
(or --model), since the base itself states no outputs; "every row" is ours without leaving out the rows that carry no
gradient. First a gate: on the same batch, in float32, both sides must have the same loss and
gradient norm at step 1 (in RL the peer gets our rollouts for this). Then interleaved rounds, so that a busy machine
slows all alike; the first step of each trainer is not counted. Speed is the median over rounds with its range, the
ratio the median of the rounds' ratios. CPU is the process's user and system time, which hardly depends on what else
runs.
"""

import argparse
import io
import json
import logging
import os
import platform
import statistics
import time
import warnings
from collections.abc import Callable, Sequence
from contextlib import redirect_stdout
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, cast

os.environ.setdefault("TRL_EXPERIMENTAL_SILENCE", "1")
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")

import deskcheck_micro
import torch
import transformers
import trl
from datasets import Dataset, disable_progress_bars
from deskcheck_agent.attention import full_precision_attention
from deskcheck_agent.parse import parse_output
from deskcheck_agent.prompts import Prompts
from deskcheck_conf.entry import load_config
from deskcheck_conf.run import Run
from deskcheck_evals.micro import stream
from deskcheck_evals.tasks.compare import right
from deskcheck_tracer import Program, narrate
from deskcheck_tracer.claims import OUTPUT_CLOSE, OUTPUT_OPEN
from deskcheck_tracer.engine import record_here
from deskcheck_trainer import rl, sft
from deskcheck_trainer.optimizer import OptimizerConfig, OptimizerKind
from deskcheck_trainer.rl_config import RLConfig
from deskcheck_trainer.sft_config import SFTConfig
from deskcheck_trainer.sft_data import mixture
from transformers import PrinterCallback, TrainerCallback
from trl.trainer.grpo_config import GRPOConfig
from trl.trainer.grpo_trainer import GRPOTrainer
from trl.trainer.sft_config import SFTConfig as TRLConfig
from trl.trainer.sft_trainer import SFTTrainer

BASE = str(deskcheck_micro.folder("micro-base"))
ROWS, LENGTH, SEQUENCES, PASSES = 300, 512, 8, 8
GROUP, TASKS, TOKENS, TAUGHT_STEPS = 8, 8, 192, 60


@dataclass
class Clock(TrainerCallback):
    """Seconds of every step after the first: wall, CPU, and of these the optimiser's."""

    wall: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)
    optimizer: list[float] = field(default_factory=list)
    phases: dict[str, list[float]] = field(default_factory=dict)
    more: Callable[[], dict[str, float]] = dict
    """Further phases of the step that has just ended."""

    def on_step_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        self._began = time.perf_counter(), time.process_time()

    def on_pre_optimizer_step(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        self._updating = time.perf_counter()

    def on_optimizer_step(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        self._updated = time.perf_counter()

    def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        more = self.more()
        if state.global_step == 1:
            return
        wall, cpu = self._began
        self.wall.append(time.perf_counter() - wall)
        self.cpu.append(time.process_time() - cpu)
        self.optimizer.append(self._updated - self._updating)
        for name, seconds in more.items():
            self.phases.setdefault(name, []).append(seconds)


@dataclass
class Measured:
    """One trainer's steps: tokens, and seconds of wall, CPU and phases, all a step."""

    tokens: float
    wall: float
    cpu: float
    phases: dict[str, float]


def run(
    trainer: Any,
    tokens: Callable[[], float],
    more: Callable[[], dict[str, float]] = dict,
    rest: str = "forward and backward",
) -> Measured:
    clock = Clock(more=more)
    trainer.remove_callback(PrinterCallback)
    trainer.add_callback(clock)
    trainer.train()
    phases = {name: statistics.mean(seconds) for name, seconds in clock.phases.items()}
    phases["optimizer"] = statistics.mean(clock.optimizer)
    wall = statistics.mean(clock.wall)
    phases[rest] = wall - sum(phases.values())
    return Measured(tokens(), wall, statistics.mean(clock.cpu), phases)


# ---- SFT ----


def narrated_rows(file: Path) -> None:
    """Programs of the train split, each with the narration of its run."""
    prompts = Prompts.load("micro")
    with file.open("w") as lines:
        for item in islice(stream("train", 0), ROWS):
            program = Program(item.reference, item.problem.public_tests[0].input)
            trace = record_here(program.source, program.stdin, None)
            told = f"{narrate(trace, style='compact')}\n{OUTPUT_OPEN}\n{trace.stdout.strip()}\n{OUTPUT_CLOSE}"
            completion = [{"role": "assistant", "content": told}]
            lines.write(json.dumps({"prompt": prompts.simulate(program), "completion": completion}) + "\n")


def sft_config(file: Path, folder: Path, steps: int, bf16: bool) -> SFTConfig:
    overrides = [
        "wandb=disabled", f"output_root={folder}", "scratch=null", "model.path=micro-base", f"max_length={LENGTH}",
        f"sequences_per_step={SEQUENCES}", f"sequences_per_pass={SEQUENCES // PASSES}", f"max_steps={steps}",
        "log_every=1", f"bf16={str(bf16).lower()}", "optimizer.kind=adamw", "optimizer.learning_rate=1e-3",
        "schedule=constant", f"datasets=[{{path: '{file}'}}]", "save_every=1000", "warmup_steps=0",
    ]  # fmt: skip
    return load_config("sft", SFTConfig, overrides)


def our_sft(file: Path, folder: Path, steps: int, bf16: bool = True) -> tuple[Any, Measured]:
    trainer = sft.build(sft_config(file, folder, steps, bf16), folder)
    with full_precision_attention(trainer.model):
        return trainer, run(trainer, lambda: trainer.state.num_input_tokens_seen / steps)


def bare_sft(file: Path, folder: Path, steps: int, bf16: bool = True) -> tuple[Any, Measured]:
    args = TRLConfig(
        output_dir=str(folder), max_length=LENGTH, packing=True, per_device_train_batch_size=SEQUENCES // PASSES,
        gradient_accumulation_steps=PASSES, max_steps=steps, learning_rate=1e-3, lr_scheduler_type="constant",
        bf16=bf16, adam_beta2=0.95, optim="adamw_torch_fused", use_cpu=True, activation_checkpointing=False, seed=0,
        save_strategy="no", logging_steps=1, include_num_input_tokens_seen="non_padding", disable_tqdm=True,
        dataloader_pin_memory=False, data_seed=0, report_to="none",
    )  # fmt: skip
    rows = mixture(sft_config(file, folder, steps, bf16).parts(), narrations=True, seed=0)
    trainer = SFTTrainer(model=BASE, args=args, train_dataset=rows)
    return trainer, run(trainer, lambda: trainer.state.num_input_tokens_seen / steps)


# ---- RL ----


def taught(file: Path, folder: Path) -> str:
    """The micro base after a little SFT: it narrates, and now and then an output is right, so that rewards differ."""
    given = sft_config(file, folder, TAUGHT_STEPS, True)
    config = replace(
        given,
        packing=False,
        sequences_per_pass=SEQUENCES,
        log_every=TAUGHT_STEPS,
        optimizer=OptimizerConfig(kind=OptimizerKind.muon, learning_rate=3e-3),
    )
    with Run.at(folder, config) as run, redirect_stdout(io.StringIO()):
        sft.train(config, run)
    return str(folder / sft.CHECKPOINT)


def rl_config(model: str, folder: Path, steps: int, bf16: bool, lean: bool) -> RLConfig:
    overrides = [
        "wandb=disabled", f"output_root={folder}", f"model.path={model}", "prompts=micro", f"limit={TASKS * steps}",
        f"sampling.max_tokens={TOKENS}", f"num_generations={GROUP}", f"blocks_per_step={TASKS}", "micro_batch_rows=32",
        f"max_steps={steps}", f"bf16={str(bf16).lower()}", "algo.advantage=mean", f"algo.lean={str(lean).lower()}",
        "env.output_prediction.reward_weight=1.0", "optimizer.kind=adamw", "optimizer.learning_rate=1e-4",
        "validation.every=0", "save_every=1000", "max_grad_norm=1.0",
    ]  # fmt: skip
    return load_config("rl", RLConfig, overrides)


def our_rl(model: str, folder: Path, steps: int, bf16: bool = True, lean: bool = True) -> tuple[rl.Parts, Measured]:
    parts = rl.build(rl_config(model, folder, steps, bf16, lean), folder)
    sampled: list[float] = []

    def phases() -> dict[str, float]:
        sampled.append(parts.monitor.take()["sampled_tokens"])
        total, sampling = parts.backend.engine.seconds
        return {"sampling": sampling, "judging": total - sampling}

    with full_precision_attention(parts.backend.trainer.model):
        measured = run(parts.backend.trainer, lambda: statistics.mean(sampled[1:] or [0.0]), phases)
    return parts, measured


def bare_args(folder: Path, steps: int, bf16: bool) -> GRPOConfig:
    rows = TASKS * GROUP
    return GRPOConfig(
        output_dir=str(folder), max_steps=steps, num_generations=GROUP, per_device_train_batch_size=32,
        gradient_accumulation_steps=rows // 32, scale_rewards="none", loss_type="dr_grpo", beta=0.0, epsilon=0.2,
        epsilon_high=0.25, max_completion_length=TOKENS, learning_rate=1e-4, lr_scheduler_type="constant", bf16=bf16,
        use_cpu=True, activation_checkpointing=False, report_to="none", save_strategy="no", logging_steps=1,
        disable_tqdm=True, temperature=1.0, top_p=1.0, adam_beta2=0.95, optim="adamw_torch_fused",
        dataloader_pin_memory=False, shuffle_dataset=False, seed=0, max_grad_norm=1.0,
    )  # fmt: skip


def bare_rl(model: str, folder: Path, steps: int) -> tuple[Any, Measured]:
    tasks = rl.load_tasks(
        "output_prediction", rl.training_benchmark(rl_config(model, folder, steps, True, True), "output_prediction")
    )
    prompts = Prompts.load("micro")
    rows = [{"prompt": prompts.simulate(task.item.program), "output": task.item.output} for task in tasks]
    sampled: list[float] = []
    judging: list[float] = []

    def reward(completions: list, completion_ids: list, output: list[str], **_: Any) -> list[float]:
        began = time.perf_counter()
        said = [parse_output(completion[0]["content"])[0] for completion in completions]
        scores = [
            1.0 if right(o, s, is_call=False, checker="tokens") else -1.0 for o, s in zip(output, said, strict=True)
        ]
        sampled.append(sum(map(len, completion_ids)))
        judging.append(time.perf_counter() - began)
        return scores

    args = bare_args(folder, steps, bf16=True)
    trainer = GRPOTrainer(model=model, reward_funcs=reward, args=args, train_dataset=Dataset.from_list(rows))
    return trainer, run(trainer, lambda: statistics.mean(sampled[1:]), lambda: {"judging": judging[-1]}, "all else")


# ---- gate, rounds, report ----


def same_sft_step(file: Path, folder: Path) -> None:
    same("SFT", *(first_step(way(file, folder / way.__name__, 2, bf16=False)[0]) for way in (our_sft, bare_sft)))


def same_rl_step(model: str, folder: Path) -> None:
    """The peer is handed the rollouts that ours has made, and its own baseline and loss take it from there."""
    parts = rl.build(rl_config(model, folder / "ours", 2, False, False), folder / "ours")
    kept: list[dict[str, list[Any]]] = []
    trainer = cast(Any, parts.backend.trainer)
    play = trainer.rollout_func

    def playing(prompts: list, holder: Any) -> dict[str, list[Any]]:
        kept.append(play(prompts, holder))
        return dict(kept[-1])

    trainer.rollout_func = playing
    run(trainer, lambda: 0.0)
    replay = iter(kept)
    peer = GRPOTrainer(
        model=model,
        reward_funcs=lambda reward, **_: reward,
        args=bare_args(folder, 2, bf16=False),
        train_dataset=trainer.train_dataset,
        rollout_func=cast(Any, lambda prompts, holder: dict(next(replay))),
    )
    run(peer, lambda: 0.0)
    same("RL", first_step(trainer), first_step(peer))


def first_step(trainer: Any) -> tuple[float, float]:
    first = trainer.state.log_history[0]
    return first["loss"], first["grad_norm"]


def same(what: str, ours: tuple[float, float], peer: tuple[float, float]) -> None:
    print(f"{what} gate, step 1: loss {ours[0]:.6f} and {peer[0]:.6f}, gradient norm {ours[1]:.5f} and {peer[1]:.5f}")
    close = all(abs(a - b) <= 1e-4 + 1e-3 * abs(b) for a, b in zip(ours, peer, strict=True))
    assert close and ours[1] > 0, f"{what}: the two sides do not do the same work"


def rounds(ways: dict[str, Callable[[], tuple[Any, Measured]]], count: int) -> dict[str, list[Measured]]:
    found: dict[str, list[Measured]] = {name: [] for name in ways}
    for number in range(count):
        for name in list(ways)[number % len(ways) :] + list(ways)[: number % len(ways)]:
            found[name].append(ways[name]()[1])
    return found


def report(title: str, found: dict[str, list[Measured]], peer: str) -> None:
    print(f"{title}: tokens a second (wall, range), and a CPU second; time a step against {peer}")
    for name, measured in found.items():
        rates = sorted(m.tokens / m.wall for m in measured)
        cpu = statistics.median(m.tokens / m.cpu for m in measured)
        wall_ratio = ratio(measured, found[peer], lambda m: m.wall)
        cpu_ratio = ratio(measured, found[peer], lambda m: m.cpu)
        print(
            f"  {name:22s} {statistics.median(rates):6.0f} ({rates[0]:.0f}-{rates[-1]:.0f}), CPU {cpu:6.0f};"
            f" wall {wall_ratio}, CPU {cpu_ratio}; {statistics.median(m.tokens for m in measured):.0f} tokens a step"
        )
        for phase in measured[0].phases:
            seconds = statistics.median(m.phases[phase] for m in measured)
            speed = statistics.median(m.tokens for m in measured) / max(seconds, 1e-9)
            print(f"    {phase:20s} {seconds:7.3f} s a step, {speed:10.0f} tokens/s")


def ratio(ours: Sequence[Measured], peer: Sequence[Measured], of: Callable[[Measured], float]) -> str:
    ratios = sorted(of(a) / of(b) for a, b in zip(ours, peer, strict=True))
    return f"{statistics.median(ratios):.2f}x ({ratios[0]:.2f}-{ratios[-1]:.2f})"


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("what", nargs="*", default=["sft", "rl"])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--steps", type=int, default=4)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--model")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    disable_progress_bars()
    transformers.utils.logging.disable_progress_bar()
    transformers.utils.logging.set_verbosity_error()
    logging.getLogger("trl").setLevel(logging.ERROR)
    warnings.simplefilter("ignore")
    versions = f"torch {torch.__version__}, transformers {transformers.__version__}, trl {trl.__version__}"
    print(f"Python {platform.python_version()}, {versions}, {options.threads} threads, load {os.getloadavg()[0]:.1f}")
    with TemporaryDirectory() as made:
        folder, steps = Path(made), options.steps + 1
        file = folder / "rows.jsonl"
        narrated_rows(file)
        if "sft" in options.what:
            same_sft_step(file, folder)
            ways = {"deskcheck": our_sft, "bare TRL": bare_sft}
            timed = {name: (lambda way=way: way(file, folder / "sft", steps)) for name, way in ways.items()}
            report("SFT", rounds(timed, options.rounds), "bare TRL")
        if "rl" in options.what:
            model = options.model or taught(file, folder / "taught")
            same_rl_step(model, folder)
            report(
                "RL (sampled tokens)",
                rounds(
                    {
                        "deskcheck": lambda: our_rl(model, folder / "rl", steps),
                        "deskcheck, every row": lambda: our_rl(model, folder / "rl", steps, lean=False),
                        "bare TRL": lambda: bare_rl(model, folder / "rl", steps),
                    },
                    options.rounds,
                ),
                "bare TRL",
            )


if __name__ == "__main__":
    main()
