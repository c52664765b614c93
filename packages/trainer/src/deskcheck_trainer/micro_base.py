"""The micro base model: a few million parameters, made from nothing on plain text about micro problems.

The paper starts from Qwen's base models; this is our stand-in, small enough for two CPU cores. Its text is that of
`micro_text`. The tokenizer is a byte-pair encoding of the same text and of the narrator's, in which digits and line
ends stay single tokens, because arithmetic on merged digits is not learnable at this size (docs/decisions.md).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from deskcheck_trainer.micro_text import documents, narrations

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerFast, Qwen3Config, Qwen3ForCausalLM

PAD, EOS = "<pad>", "<eos>"
ROLES = ("<|user|>", "<|assistant|>", "<|system|>")
# Pieces that prompts and completions are made of; each is one token, but ordinary text: it survives decoding.
MARKERS = ("<output>", "</output>", "```python", "```", "#SUBMIT")
CHAT_TEMPLATE = (
    "{% for m in messages %}<|{{ m.role }}|>{{ m.content }}{% if m.role == 'assistant' %}" + EOS + "{% endif %}"
    "{% endfor %}{% if add_generation_prompt %}<|assistant|>{% endif %}"
)


@dataclass(kw_only=True)
class ScratchConfig:
    """A Qwen3-shaped model from random weights, and the text it is pretrained on."""

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
    fast = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, pad_token=PAD, eos_token=EOS, extra_special_tokens=list(ROLES)
    )
    fast.chat_template = CHAT_TEMPLATE
    return fast


def new_model(config: ScratchConfig, tokenizer: Any, seed: int) -> Qwen3ForCausalLM:
    """Random weights, of Qwen3's shape for its normed queries and keys; the tied embedding keeps most parameters in the
    layers. Both that shape and branches that start at zero learn to follow a program far sooner (docs/decisions.md)."""
    import torch
    from transformers import Qwen3ForCausalLM

    torch.manual_seed(seed)
    shape = shape_config(config, len(tokenizer))
    shape.eos_token_id, shape.pad_token_id = (tokenizer.convert_tokens_to_ids(word) for word in (EOS, PAD))
    model = Qwen3ForCausalLM(shape)
    for name, weight in model.named_parameters():
        if name.endswith(("o_proj.weight", "down_proj.weight")):
            torch.nn.init.zeros_(weight)
    return model


def shape_config(config: ScratchConfig, vocab_size: int) -> Qwen3Config:
    """The sizes of the new model, for a tokenizer of `vocab_size` tokens."""
    from transformers import Qwen3Config

    return Qwen3Config(
        vocab_size=vocab_size,
        hidden_size=config.hidden_size,
        intermediate_size=config.intermediate_size,
        num_hidden_layers=config.layers,
        num_attention_heads=config.heads,
        num_key_value_heads=config.kv_heads,
        head_dim=config.hidden_size // config.heads,
        max_position_embeddings=config.max_positions,
        tie_word_embeddings=True,
        bos_token_id=None,
    )
