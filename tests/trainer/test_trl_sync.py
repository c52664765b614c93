"""The TRL backend: turns land in their slots, our advantages reach the loss, lean batches change no gradient.

Contract tests against the pinned TRL: they say what breaks when it moves.
"""

from types import SimpleNamespace
from typing import Any, cast

import pytest
import torch
from datasets import Dataset
from deskcheck_agent.sampler import Message, SamplingParams
from deskcheck_agent.samplers.transformers import TransformersSampler, load_model
from deskcheck_conf.errors import ConfigError
from deskcheck_conf.schema import ModelConfig
from deskcheck_trainer.advantage import AdvantageRule, Credit
from deskcheck_trainer.backends.slots import Slot, SlotRolloutFunc, check_slots, slot_reward, slot_rows
from deskcheck_trainer.backends.trl_args import check_arguments
from deskcheck_trainer.backends.trl_sync import SlotGRPOTrainer
from deskcheck_trainer.rollout import Rollout, RolloutEngine, RolloutGroup, Task, Turn
from trl.trainer.grpo_config import GRPOConfig

G, EOS = 4, 1


def task(name: str, env: str = "two") -> Task:
    return Task(env, SimpleNamespace(id=name))


def turns(number: int, count: int) -> tuple[Turn, ...]:
    """Turns whose tokens name rollout and turn."""
    return tuple(
        Turn("solve", [], (100 + turn,), (10 * number + turn,) * (turn + 2), (-1.0,) * (turn + 2))
        for turn in range(count)
    )


class TwoTurnEnv:
    """Plays two turns, the second only with every other seed; the reward is a function of the tokens."""

    name, reward_weight, max_trained_turns = "two", 1.0, 2

    async def play(self, item, sampler, params):
        first = (await sampler.sample([[Message(role="user", content=f"{item.id} solve")]], params))[0][0]
        told = [Turn.of("solve", [], first)]
        if sum(first.token_ids) % 2:
            prompt = [Message(role="user", content=f"{item.id} a much longer prompt to fix")]
            told.append(Turn.of("submit_or_fix", prompt, (await sampler.sample([prompt], params))[0][0]))
        odd = [token % 2 for turn in told for token in turn.token_ids]
        return Rollout(
            item.id, self.name, tuple(told), 2 * sum(odd) / len(odd) - 1, {"pass": float(sum(odd) > len(odd) / 2)}
        )

    async def score(self, item, answer):
        return 1.0


def trainer_of(folder, out, *, lean=True, steps=2, blocks=2, rows=4, rule=AdvantageRule.length_weighted, **trl) -> Any:
    model, tokenizer = load_model(ModelConfig(path=str(folder)))
    sampler = TransformersSampler(model, tokenizer)
    engine = RolloutEngine([TwoTurnEnv()], sampler, SamplingParams(top_p=1.0, max_tokens=12))
    tasks, dataset = slot_rows([[task(f"q{n}")] for n in range(steps * blocks)], lambda _: 2)
    accumulation = blocks * 2 * G // rows
    values = {
        "output_dir": str(out), "max_steps": steps, "num_generations": G, "per_device_train_batch_size": rows,
        "steps_per_generation": accumulation, "gradient_accumulation_steps": accumulation, "shuffle_dataset": False,
        "scale_rewards": "none", "max_completion_length": 12, "use_cpu": True, "bf16": False, "logging_steps": 1,
        "save_strategy": "no", "gradient_checkpointing": False, "dataloader_pin_memory": False, "report_to": "none",
        "disable_tqdm": True, "loss_type": "dr_grpo", "learning_rate": 1e-2, "lr_scheduler_type": "constant",
    }  # fmt: skip
    trainer = SlotGRPOTrainer(
        model=model,
        reward_funcs=slot_reward,
        args=GRPOConfig(**(values | trl)),
        train_dataset=Dataset.from_list(dataset),
        processing_class=tokenizer,
        rollout_func=cast(Any, SlotRolloutFunc(engine, tasks, tokenizer.eos_token_id, rule)),
    )
    trainer.lean = lean
    return trainer


# ---------------------------------------------------------------- slots


def test_rows_of_a_question_are_adjacent_and_name_their_slot():
    single = [task("a", "one"), task("b", "one")]
    tasks, rows = slot_rows([[task("q")], single], lambda each: 2 if each.env == "two" else 1)
    assert tasks == [task("q"), *single]
    assert [Slot.read(row["prompt"]) for row in rows] == [Slot(0, 0), Slot(0, 1), Slot(1, 0), Slot(2, 0)]
    assert [Slot.read(row["prompt"]) for row in cast(Any, Dataset.from_list(rows))] == [
        Slot.read(row["prompt"]) for row in rows
    ]


@pytest.mark.parametrize(
    ("credit", "shares"), [(Credit.shared, (1, 1)), (Credit.last_turn, (0, 1)), (Credit.discounted, (0.5, 1))]
)
def test_every_turn_lands_in_its_slot_with_the_rollouts_advantage(credit, shares):
    rollouts = (
        Rollout("q", "two", turns(1, 2), 1.0),
        Rollout("q", "two", turns(2, 1), -1.0),
        Rollout("q", "two", turns(3, 2), None),
        Rollout("q", "two", turns(4, 2), 1.0, drop="gibberish"),
    )
    fill = SlotRolloutFunc(cast(Any, None), [], EOS, AdvantageRule.mean, credit, 0.5).fill
    slots = [Slot(7, 0)] * G + [Slot(7, 1)] * G
    columns = fill(slots, {7: RolloutGroup(task("q"), rollouts)})
    assert columns["completion_ids"] == [[10] * 2, [20] * 2, [30] * 2, [40] * 2, [11] * 3, [EOS], [31] * 3, [41] * 3]
    assert columns["prompt_ids"] == [[100]] * 4 + [[101], [EOS], [101], [101]]
    first, last = shares
    assert columns["advantage"] == [first * 1.0, -1.0, 0, 0, last * 1.0, 0, 0, 0]
    trains = [first > 0, True, False, False, True, False, False, False]
    assert [any(mask) for mask in columns["env_mask"]] == trains
    assert all(len(mask) == len(ids) for mask, ids in zip(columns["env_mask"], columns["completion_ids"], strict=True))
    assert columns["reward"] == [1.0, -1.0, None, None] * 2  # each slot group holds the same rewards


def test_one_row_without_logprobs_means_none_for_all():
    bare = Turn("solve", [], (1,), (2,))
    rollouts = (Rollout("q", "one", (bare,), 1.0), Rollout("q", "one", turns(2, 1), -1.0))
    fill = SlotRolloutFunc(cast(Any, None), [], EOS, AdvantageRule.mean).fill
    assert fill([Slot(0, 0)] * 2, {0: RolloutGroup(task("q", "one"), rollouts)})["logprobs"] is None


def test_a_sampler_without_tokens_is_refused():
    rollouts = (Rollout("q", "one", (Turn("solve", [], (), ()),), 1.0),)
    fill = SlotRolloutFunc(cast(Any, None), [], EOS, AdvantageRule.mean).fill
    with pytest.raises(ConfigError, match="came without token ids, so it cannot be trained on"):
        fill([Slot(0, 0)], {0: RolloutGroup(task("q", "one"), rollouts)})


def test_a_geometry_that_splits_a_question_is_refused(tmp_path):
    args = GRPOConfig(output_dir=str(tmp_path), use_cpu=True, bf16=False, num_generations=4, per_device_train_batch_size=12,
                      steps_per_generation=1, gradient_accumulation_steps=1)  # fmt: skip
    check_slots(args, 3)
    with pytest.raises(ConfigError, match=r"generates 12 rows .* expected a multiple of 8 = 2 trained turns x 4"):
        check_slots(args, 2)


# ---------------------------------------------------------------- TRL's arguments


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"los_type": "grpo"}, "algo.trl.los_type is no argument of trl.GRPOConfig: did you mean loss_type?"),
        ({"epsilon": "big"}, "algo.trl.epsilon is 'big', expected <class 'float'>"),
        ({"num_iterations": 1.5}, "algo.trl.num_iterations is 1.5, expected <class 'int'>"),
        ({"output_dir": "x"}, "algo.trl.output_dir follows from other keys"),
    ],
)
def test_arguments_are_checked_against_grpo_config(given, message):
    check_arguments({"epsilon": 0.2, "epsilon_high": None, "delta": 2, "loss_type": "dapo"})
    with pytest.raises(ConfigError, match=message):
        check_arguments(given, taken={"output_dir"})


# ---------------------------------------------------------------- through TRL


@pytest.mark.parametrize("loss_type", ["dr_grpo", "grpo", "dapo", "cispo"])
def test_lean_batches_give_trls_own_gradient(tiny_model, tmp_path, loss_type):
    """One step each way from equal weights and equal rollouts; plain SGD, so the weights show the gradient."""
    weights = []
    for lean in (True, False):
        trainer = trainer_of(tiny_model, tmp_path, lean=lean, steps=1, blocks=3, loss_type=loss_type, max_grad_norm=0.0)
        assert trainer.lean_is_exact
        trainer.optimizer = torch.optim.SGD(trainer.model.parameters(), lr=1.0)
        trainer.train()
        weights.append(torch.cat([p.detach().flatten() for p in trainer.model.parameters()]))
    before = torch.cat([p.detach().flatten() for p in load_model(ModelConfig(path=str(tiny_model)))[0].parameters()])
    moved = (weights[1] - before).norm()
    assert moved > 1e-4
    assert (weights[0] - weights[1]).norm() < 1e-4 * moved


def test_the_override_puts_our_advantages_into_trls_batch(tiny_model, tmp_path):
    trainer = trainer_of(tiny_model, tmp_path, rule=AdvantageRule.leave_one_out)
    seen = []
    trainer.rollout_func.watch = lambda groups, seconds: seen.append(groups)
    batch = trainer._generate_and_score_completions([dict(row) for row in trainer.train_dataset for _ in range(G)])
    from deskcheck_trainer.advantage import turn_advantages

    expected = []
    for group in seen[0]:
        values = turn_advantages(group, AdvantageRule.leave_one_out)
        expected += [row[0] for row in values] + [row[1] if len(row) > 1 else 0.0 for row in values]
    assert batch["advantages"].tolist() == pytest.approx(expected)
    assert any(expected) and batch["advantages"].shape == (len(trainer.train_dataset) * G,)
    masked = (batch["completion_mask"] * batch["tool_mask"]).sum(1) == 0
    assert masked.any() and not batch["advantages"][masked].any()  # the empty slots


def test_lean_is_only_used_where_it_is_exact(tiny_model, tmp_path):
    assert not trainer_of(tiny_model, tmp_path, num_iterations=2).lean_is_exact
    assert not trainer_of(tiny_model, tmp_path, loss_type="bnpo").lean_is_exact
    assert not trainer_of(tiny_model, tmp_path, entropy_coef=0.1).lean_is_exact


def test_it_learns_what_is_rewarded(tiny_model, tmp_path):
    """Two-turn rollouts rewarded by their share of odd tokens: about half at first, nearly all after 25 steps."""
    trainer = trainer_of(tiny_model, tmp_path, steps=25, blocks=4, rows=16, max_grad_norm=1.0)
    trainer.train()
    rewards = [row["reward"] for row in trainer.state.log_history if "reward" in row]
    assert abs(rewards[0]) < 0.3
    assert sum(rewards[-3:]) / 3 > 0.7
