"""Stretched positions: in training, in the checkpoint it leaves, and refused where they make no sense."""

import json

import pytest
import torch
from deskcheck_conf.errors import ConfigError
from deskcheck_conf.run import Run
from deskcheck_trainer.rope import RopeKind, RopeScalingConfig, scale_rope
from deskcheck_trainer.sft import CHECKPOINT, build, train
from transformers import AutoModelForCausalLM, GPT2Config, LlamaConfig


def test_linear_scaling_sees_every_second_position_as_the_one_before_it_did(tiny_model):
    """The rule itself: a model stretched twice, at positions 0, 2, 4 ..., is the old one at 0, 1, 2 ..."""
    old = AutoModelForCausalLM.from_pretrained(tiny_model)
    config = LlamaConfig.from_pretrained(tiny_model)
    scale_rope(config, RopeScalingConfig(kind=RopeKind.linear, factor=2))
    new = AutoModelForCausalLM.from_pretrained(tiny_model, config=config)
    ids = torch.randint(4, 200, (1, 40))
    places = torch.arange(40)[None]
    with torch.no_grad():
        before, after = old(ids).logits, new(ids, position_ids=2 * places).logits
        torch.testing.assert_close(before, after, atol=1e-5, rtol=1e-4)
        assert (before - new(ids).logits).abs().max() > 1e-3, "at its own positions it differs"


@pytest.mark.parametrize("kind", list(RopeKind))
def test_a_stretched_model_trains_and_its_checkpoint_loads_as_it_was_trained(tune, tmp_path, kind):
    config = tune(f"rope_scaling={{kind: {kind.value}, factor: 2}}", "max_steps=2", "max_length=2048")
    with Run.at(tmp_path / "run", config) as run:
        train(config, run)
    folder = tmp_path / "run" / CHECKPOINT
    told = json.loads((folder / "config.json").read_text())
    assert told["max_position_embeddings"] == 2048
    assert (told["rope_parameters"]["rope_type"], told["rope_parameters"]["factor"]) == (kind.value, 2.0)
    assert told["rope_parameters"].get("original_max_position_embeddings") == (1024 if kind is RopeKind.yarn else None)

    again = AutoModelForCausalLM.from_pretrained(folder)
    resumed = build(config, tmp_path / "run")  # the trainer's own model, with the trained weights put in
    resumed.model.load_state_dict(again.state_dict())
    ids = torch.randint(4, 200, (1, 1500))
    with torch.no_grad():
        torch.testing.assert_close(again(ids).logits, resumed.model.eval()(ids).logits, atol=1e-5, rtol=1e-4)
        again.config.rope_parameters = {"rope_type": "default", "rope_theta": told["rope_parameters"]["rope_theta"]}
        plain = type(again)(again.config)
        plain.load_state_dict(again.state_dict())
        assert (again(ids).logits - plain(ids).logits).abs().max() > 1e-4, "the scaling is in the logits"


def test_rows_longer_than_the_models_positions_are_refused_with_the_factor_that_holds_them(tune, tmp_path):
    long = tmp_path / "long.jsonl"
    row = {"prompt": [{"role": "user", "content": "x"}], "completion": [{"role": "assistant", "content": "y" * 1500}]}
    long.write_text(json.dumps(row) + "\n")
    for packing in ("true", "false"):
        config = tune(f"datasets=[{{path: '{long}'}}]", "max_length=4096", f"packing={packing}")
        with pytest.raises(ConfigError, match=r"1503 tokens, the model 1024 positions: .*rope_scaling.factor=2"):
            build(config, tmp_path / "run")


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        (GPT2Config(), "a gpt2 model has no rotary positions"),
        (LlamaConfig(rope_parameters={"rope_type": "linear", "factor": 4.0, "rope_theta": 1e4}), "scaled already"),
    ],
)
def test_models_that_cannot_be_stretched_are_refused(settings, told):
    with pytest.raises(ConfigError, match=told):
        scale_rope(settings, RopeScalingConfig(factor=2))


def test_a_factor_that_stretches_nothing_is_refused(tune):
    with pytest.raises(ConfigError, match=r"rope_scaling.factor is 0.5, expected a number from 1 to 128"):
        tune("rope_scaling={factor: 0.5}")
