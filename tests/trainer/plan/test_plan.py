"""Plans: counts against real models, arithmetic against hand-made sums, the printed text, and what is refused."""

import math
from pathlib import Path

import pytest
from deskcheck_conf.entry import load_config
from deskcheck_conf.errors import ConfigError
from deskcheck_conf.schema import ModelConfig
from deskcheck_trainer.plan.activations import Kept, Pass, kept
from deskcheck_trainer.plan.duration import clock, operations, training
from deskcheck_trainer.plan.memory import Process, activations, exchange, gradients, peak, state_parts, total
from deskcheck_trainer.plan.report import report, rl_process, sft_process
from deskcheck_trainer.plan.shape import Shape, config_of, shape_of
from deskcheck_trainer.rl_config import RLConfig
from deskcheck_trainer.sft_config import SFTConfig

SHAPE = Shape(
    parameters=1000,
    in_products=900,
    in_layer=100,
    hidden_matrices=700,
    layers=8,
    hidden=10,
    vocab=20,
    query=10,
    cached=160,
)
KEPT = Kept(in_layer=5000, around=300, copies=200)


def process(**changes) -> Process:
    return Process(**{"shape": SHAPE, "kept": KEPT, "trained": 1000, "tokens": 50, **changes})


@pytest.mark.parametrize(
    ("name", "parameters"),
    [  # the models' cards: 0.49, 1.54, 3.09, 7.61 and 32 billion
        ("Qwen/Qwen2.5-0.5B", 494_032_768),
        ("Qwen/Qwen2.5-1.5B", 1_543_714_304),
        ("Qwen/Qwen2.5-3B", 3_085_938_688),
        ("Qwen/Qwen2.5-7B", 7_615_616_512),
        ("facebook/cwm-pretrain", 32_581_097_472),
    ],
)
def test_the_papers_models_have_their_sizes_without_a_download(name: str, parameters: int) -> None:
    assert shape_of(config_of(ModelConfig(path=name))).parameters == parameters


def test_counts_are_those_of_the_loaded_model(tiny_model: Path) -> None:
    from deskcheck_agent.samplers.transformers import load_model
    from deskcheck_trainer.optimizer import hidden_matrices

    model, _ = load_model(ModelConfig(path=str(tiny_model)))
    shape = shape_of(config_of(ModelConfig(path=str(tiny_model))))
    assert shape.parameters == sum(p.numel() for p in model.parameters())
    assert shape.in_layer == sum(p.numel() for p in model.model.layers[0].parameters())
    assert shape.hidden_matrices == sum(p.numel() for p in hidden_matrices(model))
    assert shape.in_products == shape.parameters, "the embedding is tied: it is the head as well"
    assert shape.cached == 2 * 2 * 2 * 8, "keys and values of 2 layers, 2 heads of 8"


@pytest.mark.parametrize("bf16", [False, True])
@pytest.mark.parametrize("masked", [False, True])
def test_what_a_pass_keeps_is_what_a_real_pass_keeps(tiny_model: Path, bf16: bool, masked: bool) -> None:
    """Fake tensors against the real model's own saved tensors."""
    import torch
    from deskcheck_agent.attention import full_precision_attention
    from deskcheck_agent.samplers.transformers import load_model

    model, _ = load_model(ModelConfig(path=str(tiny_model)))
    model.train()
    own = {p.untyped_storage().data_ptr() for p in (*model.parameters(), *model.buffers())}
    held: dict[int, torch.UntypedStorage] = {}

    def keep(tensor: torch.Tensor) -> torch.Tensor:
        if tensor.untyped_storage().data_ptr() not in own:
            held[tensor.untyped_storage().data_ptr()] = tensor.untyped_storage()
        return tensor

    rows, tokens = 2, 64
    attention_mask = torch.ones(rows, tokens, dtype=torch.long)
    attention_mask[0, 40:] = 0 if masked else 1
    with (
        full_precision_attention(model),
        torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor),
        torch.autocast("cpu", dtype=torch.bfloat16, enabled=bf16),
    ):
        model.model(torch.zeros(rows, tokens, dtype=torch.long), attention_mask=attention_mask, use_cache=False)
    real = sum(storage.nbytes() for storage in held.values())
    reckoned = kept(config_of(ModelConfig(path=str(tiny_model))), Pass(rows, tokens, bf16, masked=masked))
    assert 2 * reckoned.in_layer + reckoned.around == pytest.approx(real, rel=0.02)


def test_weights_gradients_and_moments() -> None:
    one = process()
    assert [part.bytes for part in state_parts(one)] == [4000, 8000]
    assert gradients(one).bytes == 4000
    assert [part.bytes for part in state_parts(process(muon=True))] == [4000, 2800, 2400]
    assert [part.bytes for part in state_parts(process(dtype="bfloat16"))] == [2000, 4000]
    assert [part.bytes for part in state_parts(process(trained=50))] == [4000, 400], "adapters: moments of theirs alone"


def test_shards_divide_and_copies_do_not() -> None:
    apart = process(strategy="fsdp2", processes=4)
    assert total([*state_parts(apart), gradients(apart)]) == (4000 + 8000 + 4000) / 4
    copied = process(strategy="ddp", processes=4)
    assert total([*state_parts(copied), gradients(copied)]) == 16_000
    assert exchange(process()) == []
    assert [part.bytes for part in exchange(copied)] == [4000]
    assert [part.bytes for part in exchange(apart)] == [(2 * 100 + 200) * 2 + 400]


def test_activations_with_and_without_checkpointing() -> None:
    assert total(activations(process())) == 300 + 8 * 5000
    assert total(activations(process(checkpointing=True))) == 300 + 8 * 50 * 10 * 4 + 5000
    assert total(activations(process(strategy="zero3", processes=2))) == 300 + 8 * 4800, "gathered, not kept"


def test_the_peak_is_at_the_turn_or_at_the_end() -> None:
    names = [part.name for part in peak(process())[0]]
    assert "layers" in names and "gradients" not in names
    assert "gradients" in [part.name for part in peak(process(accumulates=True))[0]]
    few = Kept(in_layer=10, around=0, copies=0)
    names = [part.name for part in peak(process(kept=few, tokens=1))[0]]
    assert "gradients" in names and "layers" not in names


def test_operations_and_time() -> None:
    assert operations(SHAPE, 0, passes=3) == 6 * 900
    assert operations(SHAPE, 100, passes=1) == 2 * 900 + 4 * 8 * 10 * 100
    phase = training(SHAPE, 1e9, 0, checkpointing=False, devices=2, tflops=1, mfu=0.5)
    assert phase.seconds == pytest.approx(1e9 * 5400 / 1e12)
    assert [clock(seconds) for seconds in (5, 600, 36_000, 864_000)] == ["5 s", "10 min", "10 h", "10 days"]


def test_the_papers_fine_tuning_takes_about_its_time() -> None:
    """20 hours on 64 H100 for the 3B (paper.md 2); ours at the preset's assumption of 35 %, attention left out."""
    config = load_config("sft", SFTConfig, ["experiment=sft/paper-qwen2.5-3b"])
    assert config.launcher.world_size == 64
    tokens = config.max_steps * config.sequences_per_step * config.max_length
    assert tokens == pytest.approx(65e9, rel=0.01)
    shape = shape_of(config_of(config.model))
    rate = {"devices": 64, "tflops": config.machine.tflops, "mfu": config.machine.mfu}
    assert training(shape, tokens, 0, checkpointing=True, **rate).seconds == pytest.approx(20 * 3600, rel=0.1)


@pytest.mark.parametrize(
    ("name", "fits"),
    [
        ("sft/one-24gb", True), ("sft/one-80gb", True), ("sft/8x80gb", True), ("sft/paper-qwen2.5-3b", True),
        ("sft/paper-qwen2.5-7b", True), ("sft/paper-cwm-32b", False), ("rl/one-24gb", True), ("rl/one-80gb", True),
        ("rl/8x80gb", True),
    ],
)  # fmt: skip
def test_the_presets_fit_their_machines(name: str, fits: bool) -> None:
    """The 32B at 131,072 tokens does not, without context parallelism; its comment and the README say so."""
    command = name.partition("/")[0]
    schema, process_of = {"sft": (SFTConfig, sft_process), "rl": (RLConfig, rl_process)}[command]
    config = load_config(command, schema, [f"experiment={name}"])
    if command == "rl":
        assert "does not fit" not in report(config)
        return
    assert (peak(process_of(config))[1] < 0.9 * config.machine.memory_gib * 2**30) == fits


def test_the_text_holds_every_part_and_the_sum(tiny_model: Path) -> None:
    words = ["experiment=sft/own", f"model.path={tiny_model}", "max_steps=10", "machine=80gb"]
    config = load_config("sft", SFTConfig, words)
    text = report(config)
    parts, most = peak(sft_process(config))
    assert all(f"  {part.name:<34}{part.bytes / 2**30:>9.2f}  {part.how}" in text for part in parts)
    assert f"{most / 2**30:>9.2f}  fits: 0% of 80 GiB" in text
    assert "81,920 tokens" in text and "989 TFLOP/s" in text


def test_a_plan_of_rl_counts_the_larger_of_sampling_and_training(tiny_model: Path) -> None:
    words = ["env=self_rlef", f"model.path={tiny_model}", "sampling.max_tokens=100", "plan_prompt_tokens=50"]
    few = report(load_config("rl", RLConfig, [*words, "sampler_rows=1"]))
    assert "output head" in few and "keys and values" not in few
    many = report(
        load_config("rl", RLConfig, [*words, "micro_batch_rows=1", "blocks_per_step=4000", "sampler_rows=100000"])
    )
    assert "keys and values" in many and "output head" not in many


def test_adapters_are_counted(tiny_model: Path) -> None:
    config = load_config("sft", SFTConfig, ["experiment=sft/own", f"model.path={tiny_model}", "lora.r=4"])
    one = sft_process(config)
    # q, o: 32+32; k, v: 32+16; gate, up, down: 32+64; of 2 layers
    assert one.trained == 2 * 4 * (2 * 64 + 2 * 48 + 3 * 96)
    whole = sft_process(load_config("sft", SFTConfig, ["experiment=sft/own", f"model.path={tiny_model}"]))
    assert one.kept.in_layer > whole.kept.in_layer / 2
    assert math.isclose(peak(one)[1], total(peak(one)[0]))


def test_a_model_of_which_nothing_is_at_hand_is_told() -> None:
    with pytest.raises(
        ConfigError, match=r"no configuration of model nobody/nothing is at hand .* pass model.path=FOLDER"
    ):
        config_of(ModelConfig(path="nobody/nothing"))
