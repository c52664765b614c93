"""How soon a micro model of random weights follows a program: the choices behind models/micro-base, measured.

    python benchmarks/learnability.py ours llama plain-start words [--seconds 120] [--threads 2] [--seed 0]

Every variant gets the same seconds of training on the same narrations (micro train split) and is then asked for the
narrations of 200 validation programs with the right text before each token: the share of lines that it would have
continued right. Time, not tokens, because a CPU's time is what a user has; the test split is never looked at.
"""

import argparse
import random
import time
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from typing import Any

import torch
from deskcheck_agent.prompts import Prompts
from deskcheck_evals.micro import MicroProblem, stream
from deskcheck_tracer import Program, narrate
from deskcheck_tracer.engine import record_here
from deskcheck_trainer.micro_base import EOS, PAD, ROLES, ScratchConfig, new_model, train_tokenizer
from deskcheck_trainer.optimizer import OptimizerConfig, OptimizerKind, build_optimizer
from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers, trainers
from torch.nn.functional import cross_entropy
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

ROWS, ASKED, STEP = 20_000, 200, 16
CONFIG = ScratchConfig()
Row = tuple[list[int], list[int]]
"""Token ids of a prompt and of its completion."""


def ours(tokenizer: Any, seed: int) -> Any:
    return new_model(CONFIG, tokenizer, seed)


def llama(tokenizer: Any, seed: int) -> Any:
    """The same sizes without norms on queries and keys, and with an ordinary start."""
    torch.manual_seed(seed)
    sizes = new_model(CONFIG, tokenizer, seed).config.to_dict()
    kept = {key: sizes[key] for key in LlamaConfig().to_dict() if key in sizes and key not in ("model_type", "dtype")}
    return LlamaForCausalLM(LlamaConfig(**kept | {"architectures": None}))


def plain_start(tokenizer: Any, seed: int) -> Any:
    """Ours, but no branch starts at zero."""
    model = new_model(CONFIG, tokenizer, seed)
    for layer in model.model.layers:
        for matrix in (layer.self_attn.o_proj.weight, layer.mlp.down_proj.weight):
            torch.nn.init.normal_(matrix, std=model.config.initializer_range)
    return model


def words(seed: int) -> Any:
    """A tokenizer whose pieces are words and signs, not pieces of lines."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.decoder = decoders.Fuse()
    pieces = Regex(r"\d|\n| {4}| ?[A-Za-z_]+| ?[^\sA-Za-z\d]+?| ")
    tokenizer.pre_tokenizer = pre_tokenizers.Split(pieces, "isolated")
    text = [part for problem in islice(stream("train", seed), 3000) for part in told(problem)]
    special = [PAD, EOS, *ROLES]
    tokenizer.train_from_iterator(
        text, trainers.BpeTrainer(vocab_size=CONFIG.vocab_size, special_tokens=special, show_progress=False)
    )
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, pad_token=PAD, eos_token=EOS, extra_special_tokens=list(ROLES)
    )


def lines_of(seed: int) -> Any:
    return train_tokenizer(CONFIG, seed)


VARIANTS: dict[str, tuple[Callable[[int], Any], Callable[[Any, int], Any]]] = {
    "ours": (lines_of, ours),
    "llama": (lines_of, llama),
    "plain-start": (lines_of, plain_start),
    "words": (words, ours),
}


def told(problem: MicroProblem) -> tuple[str, str]:
    """The request and the narration of a problem's reference on its first test."""
    program = Program(problem.reference, problem.problem.public_tests[0].input)
    trace = record_here(program.source, program.stdin, None)
    return Prompts.load("micro").explain(program)[0]["content"], narrate(trace, style="compact")


def rows(split: Any, count: int, seed: int, tokenizer: Any) -> list[Row]:
    pairs = [told(problem) for problem in islice(stream(split, seed), count)]
    user, assistant, _ = ROLES
    prompts = tokenizer([f"{user}{prompt}{assistant}" for prompt, _ in pairs])["input_ids"]
    completions = tokenizer([completion + EOS for _, completion in pairs])["input_ids"]
    return list(zip(prompts, completions, strict=True))


def padded(batch: Sequence[Row]) -> tuple[torch.Tensor, torch.Tensor]:
    """ids_BT and labels_BT, labels -100 outside completions."""
    length = max(len(prompt) + len(completion) for prompt, completion in batch)
    ids, labels = torch.zeros(len(batch), length, dtype=torch.long), torch.full((len(batch), length), -100)
    for row, (prompt, completion) in enumerate(batch):
        end = len(prompt) + len(completion)
        ids[row, :end] = torch.tensor(prompt + completion)
        labels[row, len(prompt) : end] = torch.tensor(completion)
    return ids, labels


def steps(data: list[Row], seed: int) -> Iterator[tuple[list[Row], list[Row]]]:
    """Random samples of STEP rows, each in two passes of like length."""
    rng = random.Random(seed)
    while True:
        chosen = sorted(rng.sample(data, STEP), key=lambda row: len(row[0]) + len(row[1]))
        yield chosen[: STEP // 2], chosen[STEP // 2 :]


def train(model: Any, data: list[Row], seconds: float, seed: int) -> int:
    """Train for so many seconds; returns the steps done."""
    optimizer = build_optimizer(model, OptimizerConfig(kind=OptimizerKind.muon, learning_rate=3e-3))
    peaks = [group["lr"] for group in optimizer.param_groups]
    started = time.monotonic()
    for step, passes in enumerate(steps(data, seed)):
        done = (time.monotonic() - started) / seconds
        if done >= 1:
            return step
        for group, peak in zip(optimizer.param_groups, peaks, strict=True):
            group["lr"] = peak * min(1.0, (step + 1) / 20, (1 - done) / 0.4)
        batches = [padded(each) for each in passes]
        counted = sum(int((labels != -100).sum()) for _, labels in batches)
        for ids, labels in batches:
            with torch.autocast("cpu", dtype=torch.bfloat16):
                logits = model(input_ids=ids).logits.float()  # padding stands to the right: causal attention skips it
            loss = cross_entropy(logits[:, :-1].flatten(0, 1), labels[:, 1:].flatten(), reduction="sum")
            (loss / counted).backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad()
    raise AssertionError("steps never end")


@torch.no_grad()
def lines_right(model: Any, data: list[Row], newline: int) -> float:
    """Share of narration lines whose every token is the model's first choice, given the right text before it."""
    right = total = 0
    for start in range(0, len(data), STEP):
        ids, labels = padded(data[start : start + STEP])
        chosen = model(input_ids=ids).logits[:, :-1].argmax(-1)
        for guess, label in zip(chosen.tolist(), labels[:, 1:].tolist(), strict=True):
            held = True
            for got, expected in zip(guess, label, strict=True):
                held &= expected in (-100, got)
                if expected == newline:
                    right, total, held = right + held, total + 1, True
    return right / total


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("variants", nargs="+", choices=VARIANTS)
    parser.add_argument("--seconds", type=float, default=120)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    torch.set_num_threads(asked.threads)
    for name in asked.variants:
        make_tokenizer, make_model = VARIANTS[name]
        tokenizer = make_tokenizer(asked.seed)
        data = rows("train", ROWS, asked.seed, tokenizer)
        model = make_model(tokenizer, asked.seed)
        done = train(model, data, asked.seconds, asked.seed)
        share = lines_right(model.eval(), rows("validation", ASKED, asked.seed, tokenizer), tokenizer.vocab["\n"])
        tokens = sum(len(prompt) + len(completion) for prompt, completion in data) / len(data)
        print(f"{name:12} lines right {100 * share:5.1f} %  {done} steps of {STEP} rows, {tokens:.0f} tokens a row")


if __name__ == "__main__":
    main()
