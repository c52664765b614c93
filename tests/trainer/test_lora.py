"""Adapters: what a run with them leaves is an ordinary checkpoint that says what the adapted model says."""

import json

import pytest
import torch
from deskcheck_agent.attention import full_precision_attention
from deskcheck_conf.errors import ConfigError
from deskcheck_conf.run import Run
from deskcheck_trainer.lora import LoRAConfig, merged
from deskcheck_trainer.micro_base import ScratchConfig
from deskcheck_trainer.sft import ADAPTER, CHECKPOINT, build, train
from deskcheck_trainer.sft_config import SFTConfig
from peft import PeftModel
from safetensors.torch import load_file
from transformers import AutoModelForCausalLM, AutoTokenizer

QUICK = ("lora={r: 4, keep_adapter: true}", "optimizer.learning_rate=1e-2")


@pytest.fixture
def trained(tune, tmp_path):
    config = tune(*QUICK, "model.path=micro-base", "max_steps=3")
    with Run.at(tmp_path / "run", config) as run:
        train(config, run)
    return tmp_path / "run"


def test_the_merged_checkpoint_is_ordinary_and_equal_to_the_model_with_its_adapter(trained):
    import deskcheck_micro

    folder = trained
    weights = load_file(folder / CHECKPOINT / "model.safetensors")
    base = load_file(f"{deskcheck_micro.folder('micro-base')}/model.safetensors")
    assert {name: value.shape for name, value in weights.items()} == {n: value.shape for n, value in base.items()}
    changed = {name for name in base if not torch.equal(base[name], weights[name])}
    assert changed == {name for name in base if "_proj" in name}, "all linear layers but the (tied) head, nothing else"

    model = AutoModelForCausalLM.from_pretrained(folder / CHECKPOINT)
    assert not (folder / CHECKPOINT / "adapter_config.json").exists() and model.config.tie_word_embeddings
    original = AutoModelForCausalLM.from_pretrained(deskcheck_micro.folder("micro-base"))
    adapted = PeftModel.from_pretrained(original, str(folder / ADAPTER)).eval()
    ids = torch.randint(4, 500, (2, 60))
    with torch.no_grad():
        torch.testing.assert_close(model(ids).logits, adapted(ids).logits, atol=1e-4, rtol=1e-4)
        assert (model(ids).logits - adapted.unload()(ids).logits).abs().max() > 0.05, "the adapter says something"
    tokenizer = AutoTokenizer.from_pretrained(folder / CHECKPOINT)
    assert tokenizer.encode("<output>") == AutoTokenizer.from_pretrained(deskcheck_micro.folder("micro-base")).encode(
        "<output>"
    )
    assert tokenizer.chat_template and len(tokenizer) == model.get_input_embeddings().weight.shape[0]


def test_few_weights_are_trained_and_the_loss_falls(trained):
    folder = trained
    summary = json.loads((folder / "done.json").read_text())["summary"]
    assert 0 < summary["trained_parameters"] < summary["parameters"] / 10
    rows = [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]
    losses = [row["loss"] for row in rows if "loss" in row]
    assert losses[2] < losses[0]


def test_a_stopped_run_continues_to_the_same_adapter(tune, tmp_path):
    config = tune(*QUICK, "lora.target_modules=[q_proj, v_proj]")
    with Run.at(tmp_path / "whole", config) as run:
        train(config, run)
    from transformers import TrainerCallback

    class Stop(TrainerCallback):
        def on_step_end(self, args, state, control, **_):
            control.should_training_stop = state.global_step == 3

    torch.rand(7)  # another process is not where this one is in its random numbers
    trainer = build(config, tmp_path / "broken")
    trainer.add_callback(Stop())
    with full_precision_attention(trainer.model):
        trainer.train()
    with Run.at(tmp_path / "broken", config) as run:
        train(config, run)
    for part in (CHECKPOINT + "/model.safetensors", ADAPTER + "/adapter_model.safetensors"):
        whole, broken = (load_file(tmp_path / name / part) for name in ("whole", "broken"))
        assert all(torch.equal(whole[name], broken[name]) for name in whole)
    assert {name.split(".")[-3] for name in whole} == {"q_proj", "v_proj"}


def test_a_model_without_adapters_is_left_as_it_is(tiny_model):
    model = AutoModelForCausalLM.from_pretrained(tiny_model)
    assert merged(model) is model


def test_what_does_not_go_with_adapters_is_refused(tune, tmp_path):
    with pytest.raises(ConfigError, match=r"pass optimizer.kind=adamw with lora.r"):
        tune(*QUICK, "optimizer.kind=muon")
    with pytest.raises(ConfigError, match=r"lora.r changes a trained model, but scratch makes a new one"):
        SFTConfig(run_name="x", scratch=ScratchConfig(), lora=LoRAConfig(r=4))
    with pytest.raises(ConfigError, match=r"names c_attn, lm_head, expected some of down_proj, gate_proj"):
        build(tune("lora={r: 4, target_modules: [c_attn, lm_head, q_proj]}"), tmp_path)
