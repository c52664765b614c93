"""Packed rows learn what they would learn alone: nothing of one row reaches another, in the attention SFT uses."""

from itertools import pairwise

import pytest
import torch
from datasets import Dataset
from deskcheck_agent.attention import full_precision_attention
from deskcheck_agent.samplers.transformers import load_model
from deskcheck_conf.schema import ModelConfig
from deskcheck_trainer.backends.labelled_head import score_labelled_positions
from deskcheck_trainer.sft import build
from hypothesis import given, settings
from hypothesis import strategies as st
from trl.data_utils import pack_dataset
from trl.trainer.sft_trainer import DataCollatorForLanguageModeling
from trl.trainer.utils import add_fused_lm_head

LENGTH = 64


@pytest.fixture(scope="module")
def model(tiny_model):
    """The tiny model as SFT trains it, with weights large enough for attention to matter."""
    model, _ = load_model(ModelConfig(path=str(tiny_model)))
    add_fused_lm_head(model, outputs=("log_probs", "entropy", "is_top1"))
    score_labelled_positions(model)
    with torch.no_grad():
        for weight in model.parameters():
            weight.mul_(4)
    return model


def losses(model, batch: dict) -> torch.Tensor:
    """Of every labelled token, in order."""
    with torch.no_grad(), full_precision_attention(model):
        scored = model(**batch, fused_lm_head=True, use_cache=False)
    return -scored.log_probs[scored.label_mask]


def documents(batch: dict) -> list[dict]:
    """The rows of a packed batch, each as a batch of its own."""
    starts = (batch["position_ids"][0] == 0).nonzero().flatten().tolist()
    ends = [*starts, batch["input_ids"].shape[1]]
    return [{name: batch[name][:, a:b] for name in ("input_ids", "labels")} for a, b in pairwise(ends)]


def row(length: int, prompt: int, first: int) -> dict[str, list[int]]:
    ids = [4 + (first + 7 * place) % 250 for place in range(length)]
    return {"input_ids": ids, "labels": [-100] * prompt + ids[prompt:]}


@settings(max_examples=12, deadline=None)
@given(st.lists(st.tuples(st.integers(2, 40), st.integers(1, 20), st.integers(0, 249)), min_size=2, max_size=10))
def test_the_packed_loss_is_the_loss_of_every_row_alone(model, shapes):
    rows = [row(length, min(prompt, length - 1), first) for length, prompt, first in shapes]
    packed = pack_dataset(Dataset.from_list(rows), LENGTH, "bfd")
    batch = dict(DataCollatorForLanguageModeling(pad_token_id=0, padding_free=True)(list(packed)))
    alone = documents(batch)
    assert sorted(each["input_ids"][0].tolist() for each in alone) == sorted(each["input_ids"] for each in rows)
    expected = torch.cat([losses(model, each) for each in alone])
    assert "cu_seq_lens_q" in batch, "by which rows attend one by one on a CPU; elsewhere position ids make a mask"
    masked = {name: batch[name] for name in ("input_ids", "labels", "position_ids")}
    for together in (losses(model, batch), losses(model, masked)):
        torch.testing.assert_close(together, expected, atol=1e-4, rtol=1e-4)


def test_without_positions_of_their_own_rows_would_be_mixed(model):
    """So that the test above can fail: the same tokens as one row have another loss."""
    rows = [row(30, 5, 0), row(30, 5, 100)]
    batch = dict(
        DataCollatorForLanguageModeling(pad_token_id=0, padding_free=True)(
            list(pack_dataset(Dataset.from_list(rows), LENGTH, "bfd"))
        )
    )
    mixed = losses(model, {name: batch[name] for name in ("input_ids", "labels")})
    assert (mixed[:24] - losses(model, batch)[:24]).abs().max() < 1e-4, "the first row has nothing before it"
    assert (mixed[25:] - losses(model, batch)[25:]).abs().max() > 1e-2


def test_the_trainers_own_passes_are_packed_so(tune, tmp_path):
    """The whole way: rows of a mixture, templates, packing, two sequences a pass, the trainer's loss."""
    trainer = build(tune("sequences_per_pass=2", "model.path=micro-base"), tmp_path)
    trainer.model.eval()
    for batch in list(trainer.get_train_dataloader())[:3]:
        alone = documents(batch)
        assert len(alone) > 2
        with torch.no_grad(), full_precision_attention(trainer.model):
            whole = trainer.compute_loss(trainer.model, dict(batch))
        parts = torch.cat([losses(trainer.model, each) for each in alone])
        torch.testing.assert_close(whole, parts.mean(), atol=1e-5, rtol=1e-5)
