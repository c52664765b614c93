"""Steps that cannot be taken stop the run with cause and cure, and leave the checkpoint from before as it was."""

import inspect
import re

import pytest
import torch
from deskcheck_conf.errors import ConfigError
from deskcheck_conf.run import Run
from deskcheck_trainer.checkpoints import last_complete
from deskcheck_trainer.sft import build, train
from safetensors.torch import load_file
from transformers import AutoTokenizer, TrainerCallback


class At(TrainerCallback):
    """Does something before a step begins, counted from 1."""

    def __init__(self, step: int, act) -> None:
        self.step, self.act = step, act

    def on_step_begin(self, args, state, control, **_):
        if state.global_step + 1 == self.step:
            self.act()


def test_a_rate_far_too_high_stops_the_run(tune, tmp_path):
    config = tune("optimizer.learning_rate=1e30", "save_every=10")
    with (
        Run.at(tmp_path / "run", config) as run,
        pytest.raises(ConfigError, match=r"(?s)step 2.* finite.*lower optimizer.learning_rate|Lower optimizer.lea"),
    ):
        train(config, run)


def test_a_loss_that_is_not_finite_is_told_with_its_rate_its_rows_and_the_checkpoint_before(tune, tmp_path):
    config = tune("save_every=2", "max_steps=6", "schedule=constant")
    trainer = build(config, tmp_path)

    def overflow() -> None:
        next(iter(trainer.model.parameters())).data.mul_(float("inf"))

    trainer.add_callback(At(4, overflow))
    with pytest.raises(ConfigError, match=r"(?s)step 4: the loss is nan.*not finite either.*checkpoint-2; ") as told:
        trainer.train()
    assert "Learning rate 0.003, no autocast" in str(told.value)
    assert re.search(r"rows from '.*(sums|echoes)", str(told.value)), "the rows of the pass are shown"
    kept = last_complete(tmp_path / "trainer")
    assert kept is not None and kept.name == "checkpoint-2"
    assert str(told.value).endswith(f"model.path={kept} starts a new run from its weights.")
    assert all(bool(torch.isfinite(weight).all()) for weight in load_file(kept / "model.safetensors").values())


def test_a_gradient_that_is_not_finite_never_reaches_the_weights(tune, tmp_path):
    trainer = build(tune("save_every=10"), tmp_path)
    before = {name: weight.clone() for name, weight in trainer.model.state_dict().items()}
    trainer.model.get_input_embeddings().weight.register_hook(lambda gradient: gradient * float("inf"))
    with pytest.raises(ConfigError, match=r"the gradient of step 1 is not finite \(first: .*embed_tokens"):
        trainer.train()
    assert all(torch.equal(before[name], weight) for name, weight in trainer.model.state_dict().items())


def test_out_of_memory_names_what_to_make_smaller(tune, tmp_path):
    """A real refusal of the allocator, in the middle of a real pass."""
    trainer = build(tune("save_every=1"), tmp_path)

    def allocate() -> None:
        trainer.model.get_input_embeddings().register_forward_hook(lambda *_: torch.empty(1 << 55))

    trainer.add_callback(At(2, allocate))
    with pytest.raises(ConfigError) as told:
        trainer.train()
    assert re.match(r"step 2: out of memory in a pass of 1 x \d+ tokens \(.*allocate", str(told.value))
    for cure in ("sequences_per_pass (now 1", "activation_checkpointing=true (now false)", "max_length (now 128)"):
        assert cure in str(told.value)
    assert "checkpoint-1; model.path=" in str(told.value)


def test_other_errors_of_a_pass_keep_their_own_traceback(tune, tmp_path):
    trainer = build(tune(), tmp_path)
    trainer.model.get_input_embeddings().register_forward_hook(lambda *_: torch.ones(2) @ torch.ones(3))
    with pytest.raises(RuntimeError, match="inconsistent tensor size"):
        trainer.train()


def test_activations_computed_again_change_no_loss(tune, tmp_path):
    def losses(*overrides: str) -> list[float]:
        trainer = build(tune("max_steps=2", *overrides), tmp_path)
        trainer.train()
        return [row["loss"] for row in trainer.state.log_history if "loss" in row]

    assert losses("activation_checkpointing=true") == pytest.approx(losses(), abs=1e-6)


# ---- what model and rows cannot do together is told before the first step ----


def test_messages_without_a_chat_template_are_refused(tune, tiny_model, tmp_path):
    folder = tmp_path / "base"
    tokenizer = AutoTokenizer.from_pretrained(tiny_model)
    tokenizer.chat_template = None
    tokenizer.save_pretrained(folder)
    for name in ("config.json", "model.safetensors"):
        (folder / name).symlink_to(tiny_model / name)
    with pytest.raises(ConfigError, match=r"no chat template: set model.chat_template to a Jinja file"):
        build(tune(f"model.path={folder}"), tmp_path)
    template = tmp_path / "chat.jinja"
    template.write_text("{% for m in messages %}{{ m.content }}{% endfor %}")
    build(tune(f"model.path={folder}", f"model.chat_template={template}"), tmp_path)


def test_a_template_without_marks_cannot_mask_by_them(tune, tmp_path):
    with pytest.raises(ConfigError, match=r"needs a chat template with \{% generation %\} marks, .*: leave it out"):
        build(tune("+trl.assistant_only_loss=true"), tmp_path)


def test_the_old_name_of_activation_checkpointing_is_refused(tune, tmp_path):
    with pytest.raises(ConfigError, match="is activation_checkpointing here"):
        build(tune("+trl.gradient_checkpointing=true"), tmp_path)


def test_optimizer_and_schedule_are_ours_where_deepspeed_has_dropped_them(tune, tmp_path):
    """deepspeed_init forgets what it was handed and asks the trainer again: what it then gets is the configuration's."""
    from transformers.integrations import deepspeed

    assert "trainer.optimizer = None" in inspect.getsource(deepspeed.deepspeed_init)
    assert "trainer.create_optimizer()" in inspect.getsource(deepspeed.deepspeed_optim_sched)
    trainer = build(
        tune("max_steps=40", "optimizer.learning_rate=1e-3", "warmup_steps=4", "decay=0.5", "optimizer.beta2=0.5"),
        tmp_path,
    )
    trainer.optimizer = trainer.lr_scheduler = None
    optimizer = trainer.create_optimizer()
    assert trainer.create_optimizer() is optimizer and optimizer.param_groups[0]["betas"] == (0.9, 0.5)
    schedule, rates = trainer.create_scheduler(40), []
    for _ in range(40):
        rates.append(schedule.get_last_lr()[0] / 1e-3)
        optimizer.step()
        schedule.step()
    assert rates[:5] == pytest.approx([0, 0.25, 0.5, 0.75, 1]) and rates[19] == 1 and rates[39] < 0.2
