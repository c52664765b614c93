"""A tiny language model for trainer tests: byte-level tokenizer, two layers, random weights, made in memory."""

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from deskcheck_conf.entry import load_config
from deskcheck_trainer.sft_config import SFTConfig

os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
os.environ.setdefault("OMP_NUM_THREADS", "1")  # models this small are faster without waiting for a second thread

CHAT_TEMPLATE = (
    "{% for m in messages %}<|{{ m.role }}|>{{ m.content }}{% endfor %}"
    "{% if add_generation_prompt %}<|assistant|>{% endif %}"
)


@pytest.fixture(scope="session")
def tiny_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a 36k-parameter Llama over bytes, its tokenizer and chat template."""
    import torch
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers
    from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

    torch.set_num_threads(1)  # more threads only wait for each other on a model this small
    words = ["<pad>", "<eos>", "<|user|>", "<|assistant|>", *sorted(pre_tokenizers.ByteLevel.alphabet())]
    tokenizer = Tokenizer(models.BPE({word: number for number, word in enumerate(words)}, []))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    fast = PreTrainedTokenizerFast(tokenizer_object=tokenizer, eos_token="<eos>", pad_token="<pad>")
    fast.add_special_tokens({"additional_special_tokens": ["<|user|>", "<|assistant|>"]})
    fast.chat_template = CHAT_TEMPLATE

    torch.manual_seed(0)
    model = LlamaForCausalLM(
        LlamaConfig(
            vocab_size=len(fast),
            hidden_size=32,
            intermediate_size=64,
            num_hidden_layers=2,
            num_attention_heads=4,
            num_key_value_heads=2,
            max_position_embeddings=1024,
            tie_word_embeddings=True,
            eos_token_id=words.index("<eos>"),
            pad_token_id=words.index("<pad>"),
            bos_token_id=None,
        )
    )
    folder = tmp_path_factory.mktemp("tiny") / "model"
    model.save_pretrained(folder)
    fast.save_pretrained(folder)
    return folder


@pytest.fixture
def tune(tiny_model: Path, tmp_path: Path) -> Callable[..., SFTConfig]:
    """A configuration that fine-tunes the tiny model on a weighted mixture of two small sets, with further overrides."""
    parts = []
    for name, count, weight in (("sums", 24, 1.0), ("echoes", 12, 1.5)):
        file = tmp_path / f"{name}.jsonl"
        pairs = [(f"{name} {n}", f"{n} is {n * n}" * (1 + n % 3)) for n in range(count)]
        rows = (
            {"prompt": [{"role": "user", "content": asked}], "completion": [{"role": "assistant", "content": said}]}
            for asked, said in pairs
        )
        file.write_text("".join(json.dumps(row) + "\n" for row in rows))
        parts.append(f"{{path: '{file}', weight: {weight}}}")

    def config(*overrides: str) -> SFTConfig:
        quick = (
            "wandb=disabled", "scratch=null", f"output_root={tmp_path}", f"model.path={tiny_model}", "max_length=128",
            "sequences_per_step=2", "sequences_per_pass=1", "max_steps=4", "log_every=1", "save_every=2", "bf16=false",
            "optimizer.kind=adamw", f"datasets=[{', '.join(parts)}]",
        )  # fmt: skip
        return load_config("sft", SFTConfig, [*quick, *overrides])

    return config


@pytest.fixture(scope="session")
def guesser(tiny_model: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tiny model after a hundred steps of training: it answers simulate prompts with a random digit as output."""
    import random

    import torch
    from deskcheck_agent.prompts import Prompts
    from deskcheck_agent.samplers.transformers import encode, load_model
    from deskcheck_conf.schema import ModelConfig
    from deskcheck_evals.benchmarks import BenchmarkConfig, load_items

    model, tokenizer = load_model(ModelConfig(path=str(tiny_model)))
    prompts = Prompts.load("micro")
    asked = encode(
        tokenizer, [prompts.simulate(i.program) for i in load_items(BenchmarkConfig(split="train", limit=60))]
    )
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)
    rng = random.Random(0)
    model.train()
    for _ in range(100):
        rows, labels = [], []
        for prompt in rng.sample(asked, 8):
            answer = tokenizer(f"<output>\n{rng.randint(0, 9)}\n</output>")["input_ids"] + [tokenizer.eos_token_id]
            rows.append(torch.tensor(prompt + answer))
            labels.append(torch.tensor([-100] * len(prompt) + answer))
        ids = torch.nn.utils.rnn.pad_sequence(rows, batch_first=True)
        wanted = torch.nn.utils.rnn.pad_sequence(labels, batch_first=True, padding_value=-100)
        optimizer.zero_grad()
        model(input_ids=ids, labels=wanted).loss.backward()
        optimizer.step()
    folder = tmp_path_factory.mktemp("guesser") / "model"
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder
