"""The micro base's text, tokenizer and model."""

import pytest
from deskcheck_trainer.micro_base import EOS, MARKERS, PAD, ROLES, ScratchConfig, new_model, train_tokenizer
from deskcheck_trainer.micro_text import documents, narrations
from transformers import AutoTokenizer

TINY = ScratchConfig(
    documents=60, tokenizer_documents=60, vocab_size=300, hidden_size=32, intermediate_size=64, layers=2, heads=2
)


@pytest.fixture(scope="module")
def tokenizer():
    return train_tokenizer(TINY, seed=0)


def test_the_tokenizer_keeps_every_text_and_splits_numbers_into_digits(tokenizer):
    for text in (*documents(50, seed=5), *narrations(50, seed=6)):
        ids = tokenizer(text, add_special_tokens=False)["input_ids"]
        assert tokenizer.decode(ids) == text
    tokens = tokenizer.tokenize("s = 123\n456")
    assert [t for t in tokens if any(c.isdigit() for c in t)] == list("123456")


def test_markers_are_single_tokens_that_decoding_keeps(tokenizer):
    for marker in MARKERS:
        ids = tokenizer(marker, add_special_tokens=False)["input_ids"]
        assert len(ids) == 1
        assert tokenizer.decode(ids, skip_special_tokens=True) == marker


def test_roles_and_ends_are_single_special_tokens_also_when_loaded_again(tokenizer, tmp_path):
    tokenizer.save_pretrained(tmp_path)
    loaded = AutoTokenizer.from_pretrained(tmp_path)
    for token in (PAD, EOS, *ROLES):
        ids = loaded(token, add_special_tokens=False)["input_ids"]
        assert len(ids) == 1 and loaded.decode(ids, skip_special_tokens=True) == ""
        assert ids == tokenizer(token, add_special_tokens=False)["input_ids"]


def test_the_chat_template_is_a_prefix_of_the_whole_conversation(tokenizer):
    prompt = [{"role": "user", "content": "run\nprint(1)\ninput\n"}]
    whole = [*prompt, {"role": "assistant", "content": "print 1"}]
    start = tokenizer.apply_chat_template(prompt, add_generation_prompt=True, tokenize=False)
    full = tokenizer.apply_chat_template(whole, tokenize=False)
    assert full.startswith(start)
    assert full.endswith("print 1<eos>")


def test_the_model_fits_its_tokenizer(tokenizer):
    model = new_model(TINY, tokenizer, seed=0)
    assert model.config.vocab_size == len(tokenizer) <= 300
    assert model.config.eos_token_id == tokenizer.eos_token_id
