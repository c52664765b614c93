"""The head of the labelled positions against TRL's own: the same outputs, the same gradients, where it is ours to do."""

from pathlib import Path
from typing import Any

import pytest
import torch
from deskcheck_agent.attention import NAME, full_precision_attention
from deskcheck_trainer.backends.labelled_head import score_labelled_positions

FIELDS = ("log_probs", "entropy", "is_top1", "label_mask")


def model_with_trl_head(folder: Path) -> Any:
    from transformers import AutoModelForCausalLM
    from trl.trainer.utils import add_fused_lm_head

    model = AutoModelForCausalLM.from_pretrained(folder)
    add_fused_lm_head(model, outputs=("log_probs", "entropy", "is_top1"))
    return model


@pytest.fixture
def batch() -> dict[str, torch.Tensor]:
    """Three rows of nine: a prompt without labels, padding on the right, and a row without any label."""
    torch.manual_seed(1)
    ids = torch.randint(4, 200, (3, 9))
    labels = ids.clone()
    labels[0, :4] = labels[1, :2] = labels[1, 7:] = labels[2] = -100
    mask = torch.ones_like(ids)
    mask[1, 7:] = 0
    return {"input_ids": ids, "attention_mask": mask, "labels": labels}


def test_outputs_and_gradients_are_those_of_trls_head(tiny_model: Path, batch: dict[str, torch.Tensor]):
    theirs, ours = model_with_trl_head(tiny_model), model_with_trl_head(tiny_model)
    score_labelled_positions(ours)
    expected, got = (model(**batch, fused_lm_head=True, use_cache=False) for model in (theirs, ours))
    for name in FIELDS:
        torch.testing.assert_close(getattr(got, name).float(), getattr(expected, name).float(), rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(got.loss, expected.loss)
    expected.loss.backward()
    got.loss.backward()
    for mine, other in zip(ours.parameters(), theirs.parameters(), strict=True):
        torch.testing.assert_close(mine.grad, other.grad, rtol=1e-3, atol=1e-6)


def test_a_batch_without_labels_gives_zero_and_a_gradient(tiny_model: Path, batch: dict[str, torch.Tensor]):
    model = model_with_trl_head(tiny_model)
    score_labelled_positions(model)
    got = model(**batch | {"labels": torch.full_like(batch["labels"], -100)}, fused_lm_head=True)
    assert got.log_probs.sum() == 0 and not got.label_mask.any()
    got.loss.backward()
    assert all(parameter.grad is None or not parameter.grad.any() for parameter in model.parameters())


def test_what_is_not_ours_goes_to_trls_head_or_the_model(tiny_model: Path, batch: dict[str, torch.Tensor]):
    model = model_with_trl_head(tiny_model)
    theirs, handed_on = model.forward, []

    def counted(*args: Any, **options: Any) -> Any:
        handed_on.append(options["fused_lm_head"])
        return theirs(*args, **options)

    model.forward = counted
    score_labelled_positions(model, most_logits=13 * model.config.vocab_size)
    plain = model(**batch)
    assert plain.logits.shape[:2] == (3, 9) and plain.loss > 0
    assert (batch["labels"][:, 1:] != -100).sum() == 10
    assert model(**batch, fused_lm_head=True).log_probs.shape == (3, 8)
    assert handed_on == [False]
    large = {name: torch.cat([values, values]) for name, values in batch.items()}
    assert model(**large, fused_lm_head=True).log_probs.shape == (6, 8)
    assert handed_on == [False, True]


def test_training_attends_in_full_precision_and_puts_it_back(tiny_model: Path, tmp_path: Path):
    model = model_with_trl_head(tiny_model)
    with full_precision_attention(model), full_precision_attention(model):
        assert model.config._attn_implementation == NAME
        model.save_pretrained(tmp_path)
    assert model.config._attn_implementation == "sdpa"
    assert NAME not in (tmp_path / "config.json").read_text()
