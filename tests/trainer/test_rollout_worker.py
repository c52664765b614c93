"""The rollout worker with a scripted sampler: it fills the ledger, rests, tells its faults, and survives kills."""

import asyncio
import random
import threading
import time
from types import SimpleNamespace

import pytest
from deskcheck_agent.sampler import Completion, SamplingParams, StopReason
from deskcheck_conf.errors import ConfigError
from deskcheck_trainer.advantage import AdvantageRule
from deskcheck_trainer.backends.rollout_worker import EpisodeRolloutWorker
from deskcheck_trainer.ledger import Ledger
from deskcheck_trainer.mixture import BlockMixture, Source
from deskcheck_trainer.rollout import Rollout, RolloutEngine, Task, Turn
from deskcheck_trainer.rows import Estimator

TASKS = 1000


class DiceSampler:
    """Answers at random, after a random while; its seed decides the token."""

    model_id = "dice"
    version = 0

    async def sample(self, prompts, params):
        await asyncio.sleep(random.random() / 500)
        token = params.seed % 50
        return [
            [Completion("", None, (1,), (token, token), (-1.0, -1.0), self.version, StopReason.stop)] for _ in prompts
        ]


class DiceEnv:
    """One or two turns; the reward is the parity of the first token, unless all are to score alike."""

    name, reward_weight, max_trained_turns = "dice", 1.0, 2

    def __init__(self, alike: bool = False, fault_at: str | None = None) -> None:
        self.alike, self.fault_at = alike, fault_at

    async def play(self, item, sampler, params):
        if item.id == self.fault_at:
            raise OSError("the disk is full")
        first = (await sampler.sample([[]], params))[0][0]
        turns = [Turn.of("solve", [], first)]
        if first.token_ids[0] % 3 == 0:
            turns.append(Turn.of("submit_or_fix", [], (await sampler.sample([[]], params))[0][0]))
        return Rollout(item.id, self.name, tuple(turns), -1.0 if self.alike else 2.0 * (first.token_ids[0] % 2) - 1)

    async def score(self, item, answer):
        return 1.0


def worker(env: DiceEnv | None = None, *, room: int = 60, patience: int = 50, state=None) -> EpisodeRolloutWorker:
    mixture = BlockMixture({"dice": Source([Task("dice", SimpleNamespace(id=str(n))) for n in range(TASKS)], 1.0)})
    books = Ledger(mixture, max_staleness=8, most_tokens=100)
    if state is not None:
        books.load_state_dict(state)
    engine = RolloutEngine([env or DiceEnv()], DiceSampler(), SamplingParams())
    return EpisodeRolloutWorker(
        engine, books, Estimator(AdvantageRule.mean), num_generations=4, groups_in_play=5, room=room, patience=patience
    )


def wait_for(reached, seconds: float = 20.0) -> None:
    ends = time.monotonic() + seconds
    while not reached():
        assert time.monotonic() < ends, "it never came to that"
        time.sleep(0.005)


def test_it_fills_the_ledger_and_rests_when_there_is_no_room():
    playing = worker()
    playing.update_model_version(5)
    playing.start()
    try:
        wait_for(lambda: playing.ledger.waiting_tokens >= 60)
        time.sleep(0.1)
        held = playing.ledger.drawn
        time.sleep(0.1)
        assert playing.ledger.drawn == held  # resting
        row = playing.ledger.take(5, 1.0)
        assert row is not None and row.version == 5 and row.advantage != 0
        while playing.ledger.take(5, 0.0):
            pass
        wait_for(lambda: playing.ledger.drawn > held)  # room again
        playing.check_health(60)
        assert playing.run(asyncio.sleep(0, "validated")) == "validated"
    finally:
        playing.stop()
        playing.stop()
    assert "rollouts" not in [thread.name for thread in threading.enumerate()]


def test_a_fault_of_ours_is_raised_where_the_trainer_waits():
    playing = worker(DiceEnv(fault_at="7"), room=10_000)
    playing.start()
    try:
        with pytest.raises(OSError, match="the disk is full"):
            wait_for(lambda: playing.check_health(60))
    finally:
        playing.stop()


def test_tasks_that_teach_nothing_stop_the_run():
    playing = worker(DiceEnv(alike=True), patience=6)
    playing.start()
    try:
        with pytest.raises(ConfigError, match=r"the last 7 groups .* \(zero_advantage \d+\).* async_.patience=6"):
            wait_for(lambda: playing.check_health(60))
    finally:
        playing.stop()


def test_a_silent_worker_is_noticed():
    playing = worker()
    playing.start()
    playing.stop()
    time.sleep(0.01)
    with pytest.raises(RuntimeError, match="no group of rollouts ended for"):
        playing.check_health(0.0)


def test_killed_at_twenty_random_points_it_plays_every_task_once_with_its_own_seed():
    """Kill = stop and forget; restart = a new worker from the last state. Rows taken before the state count as trained."""
    rng = random.Random(1)
    state, trained, saved = None, [], []
    for _ in range(20):
        playing = worker(state=state)
        trained = list(saved)
        playing.start()
        try:
            for _ in range(rng.randrange(1, 4)):  # steps
                for _ in range(rng.randrange(1, 12)):
                    trained.append(playing.ledger.take(0, 20.0))
                if rng.random() < 0.6:
                    state, saved = playing.ledger.state_dict(), list(trained)
        finally:
            playing.stop()
    assert state is not None
    rows = [(row.group, row.place) for row in saved]
    assert len(set(rows)) == len(rows) > 50

    pending = {(row["group"], row["place"]) for row in state["rows"]}
    assert not pending & set(rows)
    whole = worker(room=10**9)  # one that nobody kills gives the same rows, to the token
    whole.start()
    try:
        wait_for(lambda: min(whole.ledger.state_dict()["in_play"], default=0) >= state["drawn"])
    finally:
        whole.stop()
    uninterrupted = {(row["group"], row["place"]): row for row in whole.ledger.state_dict()["rows"]}
    assert all(uninterrupted[row.group, row.place] == row.to_json() | as_lists(row) for row in saved)
    finished = {number for number in range(state["drawn"]) if number not in state["in_play"]}
    assert {key for key in uninterrupted if key[0] in finished} == pending | set(rows)  # nothing lost, nothing extra


def as_lists(row):
    return {name: getattr(row, name) for name in ("prompt_ids", "token_ids", "logprobs")}
