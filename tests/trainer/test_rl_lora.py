"""RL on adapters: rollouts come from the adapted model, what is kept is an ordinary checkpoint, a killed run goes on."""

import json

import pytest
import torch
from deskcheck_agent.samplers.transformers import load_model
from deskcheck_conf.entry import load_config
from deskcheck_conf.errors import ConfigError
from deskcheck_conf.run import Run
from deskcheck_conf.schema import ModelConfig
from deskcheck_trainer.lora import LoRAConfig, adapter, merged_weights
from deskcheck_trainer.rl import ADAPTER, CHECKPOINT, build, train
from deskcheck_trainer.rl_config import RLConfig
from peft import PeftModel, get_peft_model
from safetensors.torch import load_file
from transformers import AutoModelForCausalLM, TrainerCallback

from tests.trainer.test_rl import Killed, MortalRun, curve, weights

SMALL = [
    "run_name=rl-lora", "wandb=disabled", "limit=4", "num_generations=8", "blocks_per_step=8", "micro_batch_rows=32",
    "sampling.max_tokens=24", "bf16=false", "prove_rewards=2", "validation.limit=2", "selftest=false",
    "env=output_prediction", "max_grad_norm=1", "optimizer.learning_rate=0.003", "lora.r=4", "lora.dropout=0.1",
]  # fmt: skip


def config_of(model, *overrides: str) -> RLConfig:
    return load_config("rl", RLConfig, [*SMALL, f"model.path={model}", *overrides])


def logits(model) -> torch.Tensor:
    with torch.no_grad():
        return model.eval()(torch.arange(4, 44)[None]).logits


class Compare(TrainerCallback):
    """After every step: the logits of an ordinary model with the trained weights, and those of the sampler's model."""

    def __init__(self, parts, folder) -> None:
        self.parts, self.folder = parts, folder
        self.trained: list[torch.Tensor] = []
        self.sampled: list[torch.Tensor] = []

    def on_step_end(self, args, state, control, **_):
        self.parts.save(self.folder)
        self.trained.append(logits(AutoModelForCausalLM.from_pretrained(self.folder)))
        self.sampled.append(logits(self.parts.backend.engine.sampler.model))


@pytest.mark.parametrize("backend", ["trl_sync", "trl_async"])
def test_rollouts_come_from_the_adapted_model(guesser, tmp_path, backend):
    sizes = ["async_.tokens_per_step=3000", "async_.tokens_per_pass=1600", "lora.alpha=64"]
    config = config_of(guesser, "max_steps=3", "validation.every=0", f"backend={backend}", *sizes)
    parts = build(config, tmp_path)
    compare = Compare(parts, tmp_path / "now")
    parts.backend.trainer.add_callback(compare)
    base = logits(load_model(ModelConfig(path=str(guesser)))[0])
    parts.backend.train(None)
    trainable = [name for name, p in parts.backend.trainer.model.named_parameters() if p.requires_grad]
    assert trainable and all(".lora_" in name for name in trainable)
    for trained, sampled in zip(compare.trained, compare.sampled, strict=True):
        torch.testing.assert_close(trained, sampled, atol=1e-4, rtol=1e-4)
    assert (compare.sampled[-1] - base).abs().max() > 1e-3, "an update is seen by the sampler"


def test_a_killed_run_ends_as_an_uninterrupted_one_in_an_ordinary_checkpoint(guesser, tmp_path):
    config = config_of(guesser, "max_steps=4", "save_every=2", "validation.every=2", "lora.keep_adapter=true")
    with Run.at(tmp_path / "whole", config) as run:
        train(config, run)
    torch.rand(7)  # another process is not where this one is in its random numbers
    with pytest.raises(Killed), MortalRun.at(tmp_path / "killed", config) as run:
        train(config, run)
    with Run.at(tmp_path / "killed", config) as run:
        train(config, run)
    assert curve(tmp_path / "whole") == curve(tmp_path / "killed")
    assert torch.equal(weights(tmp_path / "whole"), weights(tmp_path / "killed"))

    checkpoint = tmp_path / "whole" / CHECKPOINT
    kept, base = load_file(checkpoint / "model.safetensors"), load_file(guesser / "model.safetensors")
    assert {name: value.shape for name, value in kept.items()} == {name: value.shape for name, value in base.items()}
    assert not (checkpoint / "adapter_config.json").exists()
    best = json.loads((tmp_path / "whole" / "best.json").read_text())["scores"]
    adapted = PeftModel.from_pretrained(AutoModelForCausalLM.from_pretrained(guesser), str(checkpoint / ADAPTER))
    torch.testing.assert_close(
        logits(AutoModelForCausalLM.from_pretrained(checkpoint)), logits(adapted), atol=1e-4, rtol=1e-4
    )
    assert set(best) == {"0", "2", "4"}


def test_merged_weights_are_the_adapted_models_and_change_nothing(guesser):
    base = load_model(ModelConfig(path=str(guesser)))[0]
    config = adapter(LoRAConfig(r=4, alpha=64), base)
    assert config is not None
    config.init_lora_weights = False  # random instead of silent
    model = get_peft_model(base, config)
    before, said = {n: p.clone() for n, p in model.named_parameters()}, logits(model)
    weights_now = merged_weights(model)
    assert all(torch.equal(before[name], p) for name, p in model.named_parameters())
    fresh = load_model(ModelConfig(path=str(guesser)))[0]
    assert (logits(fresh) - said).abs().max() > 0.1
    fresh.load_state_dict(weights_now)
    torch.testing.assert_close(logits(fresh), said, atol=1e-4, rtol=1e-4)


def test_muon_is_refused(guesser):
    with pytest.raises(ConfigError, match=r"pass optimizer.kind=adamw with lora.r"):
        config_of(guesser, "optimizer.kind=muon")
