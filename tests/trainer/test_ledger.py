"""The books of asynchronous training: whatever happens and wherever it is cut off, no task and no row is lost or used
twice."""

import json
import random
from types import SimpleNamespace
from typing import Any

import pytest
from deskcheck_conf.errors import ConfigError
from deskcheck_trainer.ledger import Ledger
from deskcheck_trainer.mixture import BlockMixture, Source
from deskcheck_trainer.rollout import Task
from deskcheck_trainer.rows import Row
from hypothesis import given
from hypothesis import strategies as st


def mixture(seed: int = 3) -> BlockMixture:
    sources = {
        name: Source([Task(name, SimpleNamespace(id=f"{name}{n}")) for n in range(5)], share)
        for name, share in (("solve", 0.75), ("predict", 0.25))
    }
    return BlockMixture(sources, seed=seed)


def ledger(max_staleness: int = 8, most_tokens: int = 100) -> Ledger:
    return Ledger(mixture(), max_staleness=max_staleness, most_tokens=most_tokens)


def row(group: int, place: int = 0, version: int = 0, tokens: int = 2) -> Row:
    return Row(group, place, version, (1,), (7,) * (tokens - 1), (-0.5,) * (tokens - 1), 0.1)


def test_rows_come_back_in_the_order_of_their_groups_ends():
    books = ledger()
    first, second = books.draw(), books.draw()
    books.finish(second, [row(1, 0), row(1, 1)], {"zero_advantage": 2})
    books.finish(first, [row(0)])
    assert books.waiting_tokens == 6
    assert [books.take(0, 0.0) for _ in range(4)] == [row(1, 0), row(1, 1), row(0), None]
    assert books.counts == {"trained": 3, "zero_advantage": 2}
    assert books.waiting_tokens == 0


def test_rows_too_old_or_too_long_are_dropped_and_counted():
    books = ledger(max_staleness=8, most_tokens=10)
    books.finish(books.draw(), [row(0, 0, version=1), row(0, 1, version=2), row(0, 2, version=2, tokens=11)])
    assert books.take(10, 0.0) == row(0, 1, version=2)  # 8 versions old: just in time
    assert books.take(10, 0.0) is None
    assert books.counts == {"stale": 1, "trained": 1, "too_long": 1}


def test_a_started_ledger_is_not_restored_into():
    books = ledger()
    books.draw()
    with pytest.raises(ConfigError, match="has drawn 1 tasks, expected a fresh one"):
        books.load_state_dict(ledger().state_dict())


def test_a_row_survives_its_file_bit_by_bit():
    told = Row(3, 1, 2, (1, 2), (4, 5), (-0.1, -1 / 3), 1e-17)
    assert Row.from_json(json.loads(json.dumps(told.to_json()))) == told


@given(st.integers(0, 10_000), st.integers(0, 3))
def test_a_run_killed_at_twenty_points_loses_and_repeats_nothing(seed, max_staleness):
    """Random draws, ends, steps, checkpoints and kills; a kill goes back to the last checkpoint, weights and all."""
    rng = random.Random(seed)
    books, version = ledger(max_staleness), 0
    playing: list = []
    past: list[tuple[str, Any]] = []  # what became of every row and of every task, as the weights remember it
    saved = (json.dumps(books.state_dict()), 0, [])
    kills = 0
    while kills < 20:
        match rng.choice(["draw", "draw", "finish", "step", "save", "kill"]):
            case "draw":
                playing.append((books.draw(), version))
            case "finish" if playing:
                draw, began = playing.pop(rng.randrange(len(playing)))
                books.finish(draw, [row(draw.number, place, began) for place in range(rng.randrange(3))])
                past.append(("played", draw.number))
            case "step":
                for _ in range(rng.randrange(4)):
                    if (taken := books.take(version, 0.0)) is not None:
                        past.append(("trained", taken))
                version += 1
            case "save":
                saved = (json.dumps(books.state_dict()), version, list(past))
            case "kill":
                kills += 1
                books, version, past, playing = ledger(max_staleness), saved[1], list(saved[2]), []
                books.load_state_dict(json.loads(saved[0]))
    # the run's end: everything still in play is played, everything that waits is taken
    number = books.drawn
    for draw, _ in playing:
        books.finish(draw, [])
        past.append(("played", draw.number))
    while len([1 for what, _ in past if what == "played"]) < number:
        draw = books.draw()
        assert draw.number < number  # unfinished ones come before new ones
        books.finish(draw, [])
        past.append(("played", draw.number))
    played = [told for what, told in past if what == "played"]
    assert sorted(played) == list(range(number))
    trained = [told for what, told in past if what == "trained"]
    assert len({(told.group, told.place) for told in trained}) == len(trained) == books.counts["trained"]
    assert {told.group for told in trained} <= set(played)


def test_a_restored_ledger_plays_the_tasks_the_mixture_would_have_given():
    books = ledger()
    draws = [books.draw() for _ in range(7)]
    for number in (0, 2, 5):
        books.finish(draws[number], [])
    again = ledger()
    again.load_state_dict(json.loads(json.dumps(books.state_dict())))
    expected = [block[0] for block in mixture().take(9)]
    later = [again.draw() for _ in range(6)]
    assert [draw.number for draw in later] == [1, 3, 4, 6, 7, 8]
    assert [draw.task.id for draw in later] == [expected[draw.number].id for draw in later]
