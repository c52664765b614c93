"""The mixture: shares per task, blocks that keep slots together, epochs without repeats, and a position to resume at."""

from collections import Counter
from types import SimpleNamespace

import pytest
from deskcheck_conf.errors import ConfigError
from deskcheck_trainer.mixture import BlockMixture, Source
from deskcheck_trainer.rollout import Task


def tasks(env: str, count: int) -> list[Task]:
    return [Task(env, SimpleNamespace(id=str(number))) for number in range(count)]


def self_rlef_and_prediction(share: float = 0.25, seed: int = 0) -> BlockMixture:
    return BlockMixture(
        {
            "self_rlef": Source(tasks("self_rlef", 50), 1 - share, turns=2),
            "output_prediction": Source(tasks("output_prediction", 70), share),
        },
        seed=seed,
    )


def test_a_quarter_of_the_tasks_is_one_block_in_seven():
    blocks = self_rlef_and_prediction().take(20_000)
    drawn = Counter(task.env for block in blocks for task in block)
    assert drawn["output_prediction"] / drawn.total() == pytest.approx(0.25, abs=0.01)
    single = sum(block[0].env == "output_prediction" for block in blocks)
    assert single / len(blocks) == pytest.approx(1 / 7, abs=0.01)


def test_beside_single_turn_solve_a_block_is_one_task():
    mixture = BlockMixture({"solve": Source(tasks("solve", 9), 0.85), "op": Source(tasks("op", 9), 0.15)})
    drawn = Counter(block[0].env for block in mixture.take(20_000))
    assert mixture.block_rows == 1
    assert drawn["op"] / drawn.total() == pytest.approx(0.15, abs=0.01)


def test_a_block_is_one_two_turn_task_or_two_different_single_turn_ones():
    for block in self_rlef_and_prediction().take(200):
        assert len({task.env for task in block}) == 1
        assert len({task.id for task in block}) == len(block) == (1 if block[0].env == "self_rlef" else 2)


def test_every_task_comes_once_before_any_comes_twice():
    mixture = BlockMixture({"solve": Source(tasks("solve", 40), 1.0)})
    epochs = [[block[0].id for block in mixture.take(40)] for _ in range(2)]
    assert sorted(epochs[0]) == sorted(epochs[1]) and len(set(epochs[0])) == 40
    assert epochs[0] != epochs[1]


def test_a_saved_position_continues_the_same_sequence():
    whole = self_rlef_and_prediction().take(300)
    first = self_rlef_and_prediction()
    first.take(123)
    second = self_rlef_and_prediction()
    second.load_state_dict(first.state_dict())
    assert second.take(177) == whole[123:]


def test_another_seed_is_another_sequence_and_another_mixture_is_refused():
    assert self_rlef_and_prediction(seed=1).take(50) != self_rlef_and_prediction().take(50)
    with pytest.raises(ConfigError, match=r"seed 1 .* seed 0"):
        self_rlef_and_prediction().load_state_dict(self_rlef_and_prediction(seed=1).state_dict())


def test_what_cannot_be_drawn_is_refused():
    with pytest.raises(ConfigError, match="add up to 1"):
        BlockMixture({"a": Source(tasks("a", 1), 0.5)})
    with pytest.raises(ConfigError, match="environment a has no tasks"):
        BlockMixture({"a": Source([], 1.0)})
    with pytest.raises(ConfigError, match="does not divide"):
        BlockMixture({"a": Source(tasks("a", 1), 0.5, turns=3), "b": Source(tasks("b", 1), 0.5, turns=2)})
    with pytest.raises(ConfigError, match="mixture is empty"):
        BlockMixture({})
