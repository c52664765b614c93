"""The micro base model: a few million parameters, made from nothing on plain text about micro problems.

The paper starts from Qwen's base models; this is our stand-in, small enough for two CPU cores. Its pretraining text has
three kinds of documents, all from the *train* split of the micro family: a statement with examples and its program; a
program with its tests; and a repair log (a wrong program, what the tests said, the right one). There are no narrations
in it: what narrations teach is what SFT shows afterwards. The tokenizer is a byte-pair encoding of the same text and of
the narrator's, in which digits and line ends stay single tokens, because arithmetic on merged digits is not learnable
at this size (measured: docs/decisions.md).
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from deskcheck_evals.micro import MicroProblem, mutate, split_of, stream
from deskcheck_tracer import Limits, Program, TestCase, narrate
from deskcheck_tracer.engine import record_here
from deskcheck_tracer.trace import EndReason

if TYPE_CHECKING:
    from transformers import LlamaForCausalLM, PreTrainedTokenizerFast

PAD, EOS = "<pad>", "<eos>"
ROLES = ("<|user|>", "<|assistant|>", "<|system|>")
# Pieces that prompts and completions are made of; each is one token, but ordinary text: it survives decoding.
MARKERS = ("<output>", "</output>", "```python", "```", "#SUBMIT")
CHAT_TEMPLATE = (
    "{% for m in messages %}<|{{ m.role }}|>{{ m.content }}{% if m.role == 'assistant' %}" + EOS + "{% endif %}"
    "{% endfor %}{% if add_generation_prompt %}<|assistant|>{% endif %}"
)
MOST_EVENTS = 500
SHARES = {"solution": 0.5, "tested": 0.3, "repair": 0.2}


@dataclass(kw_only=True)
class ScratchConfig:
    """A Llama-shaped model from random weights, and the text it is pretrained on."""

    documents: int = 1000
    """Documents of pretraining text."""
    vocab_size: int = 512
    hidden_size: int = 192
    intermediate_size: int = 576
    layers: int = 4
    heads: int = 6
    kv_heads: int = 2
    """Heads of keys and values; fewer of them nearly double the sampling speed on a CPU."""
    max_positions: int = 1024
    tokenizer_documents: int = 4000
    """Documents the tokenizer is trained on, narrations beside them."""


def documents(count: int, seed: int | str) -> Iterator[str]:
    """`count` pretraining documents, without the end-of-text token."""
    rng = random.Random(f"documents-{seed}")
    for item in _take(count, seed):
        kind = rng.choices(list(SHARES), list(SHARES.values()))[0]
        yield {"solution": _solution, "tested": _tested, "repair": _repair}[kind](item, rng)


def _take(count: int, seed: int | str) -> Iterator[MicroProblem]:
    source = stream("train", seed)
    return (next(source) for _ in range(count))


def _solution(item: MicroProblem, rng: random.Random) -> str:
    tests = "\n".join(map(_example, item.problem.public_tests))
    return f"{item.problem.statement}\n{tests}\n```python\n{item.reference}\n```"


def _tested(item: MicroProblem, rng: random.Random) -> str:
    tests = "\n".join(map(_example, item.problem.private_tests))
    return f"```python\n{item.reference}\n```\n{tests}"


def _repair(item: MicroProblem, rng: random.Random) -> str:
    wrong = mutate(item.reference, rng)
    if split_of(wrong) != "train":  # an edit can move a program to a shape of the test split
        return _solution(item, rng)
    told = "\n".join(_seen(wrong, test) for test in item.problem.public_tests)
    return f"{item.problem.statement}\n```python\n{wrong}\n```\n{told}\n```python\n{item.reference}\n```"


def _example(test: TestCase) -> str:
    return f"{test.input.strip()}: {test.output.strip()}"


def _seen(source: str, test: TestCase) -> str:
    """What a run of a near miss of ours says about one test, in the words of the micro fix prompt.

    Recorded, not just run: an edit can make a loop endless, and the recorder stops after so many events.
    """
    trace = record_here(source, test.input, None, Limits(max_events=MOST_EVENTS))
    got = trace.stdout.strip() if trace.end.reason is EndReason.finished else "?"
    return f"{_example(test)}, got {got} {'ok' if got == test.output.strip() else 'wrong'}"


def narrations(count: int, seed: int) -> Iterator[str]:
    """Narrations of train programs in the compact style: what the tokenizer must also be good at."""
    for item in _take(count, seed):
        program = Program(item.reference, item.problem.public_tests[0].input)
        yield narrate(record_here(program.source, program.stdin, None), style="compact")


def train_tokenizer(config: ScratchConfig, seed: int) -> PreTrainedTokenizerFast:
    """Byte-pair encoding with single digits and line ends, the roles and markers as tokens of their own."""
    from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    tokenizer = Tokenizer(models.BPE())
    tokenizer.decoder = decoders.Fuse()
    tokenizer.pre_tokenizer = pre_tokenizers.Split(Regex(r"\d|\n| {4}|[^\d\n]+?(?= {4}|\d|\n|$)"), "isolated")
    tokenizer.add_tokens([AddedToken(marker, normalized=False) for marker in MARKERS])
    text = (*documents(config.tokenizer_documents, seed + 1), *narrations(config.tokenizer_documents, seed + 2))
    alphabet = [chr(code) for code in range(32, 127)]
    tokenizer.train_from_iterator(
        text,
        trainers.BpeTrainer(
            vocab_size=config.vocab_size - len(MARKERS),
            special_tokens=[PAD, EOS, *ROLES],
            initial_alphabet=["\n", *alphabet],
            show_progress=False,
        ),
    )
    tokenizer.add_tokens([AddedToken(marker, normalized=False) for marker in MARKERS])
    fast = PreTrainedTokenizerFast(tokenizer_object=tokenizer, pad_token=PAD, eos_token=EOS)
    fast.chat_template = CHAT_TEMPLATE
    return fast


def new_model(config: ScratchConfig, tokenizer: Any, seed: int) -> LlamaForCausalLM:
    """Random weights; the tied embedding keeps most parameters in the layers."""
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    torch.manual_seed(seed)
    return LlamaForCausalLM(
        LlamaConfig(
            vocab_size=len(tokenizer),
            hidden_size=config.hidden_size,
            intermediate_size=config.intermediate_size,
            num_hidden_layers=config.layers,
            num_attention_heads=config.heads,
            num_key_value_heads=config.kv_heads,
            max_position_embeddings=config.max_positions,
            tie_word_embeddings=True,
            bos_token_id=None,
            eos_token_id=tokenizer.convert_tokens_to_ids(EOS),
            pad_token_id=tokenizer.convert_tokens_to_ids(PAD),
        )
    )
