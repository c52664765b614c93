"""Checkpoints under kills: cut-off ones never count, and the best model is what an uninterrupted run would have kept."""

import pytest
from deskcheck_trainer.checkpoints import Best, last_complete, save_whole, steps_of


def writer(text: str):
    return lambda folder: (folder / "weights").write_text(text)


def test_the_last_complete_checkpoint_by_number(tmp_path):
    assert last_complete(tmp_path / "none") is None
    for step, state in {9: "{}", 10: "{}", 11: '{"cut', 12: None}.items():
        folder = tmp_path / f"checkpoint-{step}"
        folder.mkdir()
        if state is not None:
            (folder / "trainer_state.json").write_text(state)
    assert last_complete(tmp_path) == tmp_path / "checkpoint-10"
    assert (steps_of(last_complete(tmp_path)), steps_of(None)) == (10, 0)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["checkpoint-10", "checkpoint-9"]


def test_a_folder_appears_whole_or_not_at_all(tmp_path):
    target = tmp_path / "checkpoint"
    save_whole(target, writer("old"))

    def die(folder):
        (folder / "weights").write_text("half")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        save_whole(target, die)
    assert (target / "weights").read_text() == "old"
    save_whole(target, writer("new"))
    assert [path.name for path in target.iterdir()] == ["weights"] and (target / "weights").read_text() == "new"


def play(folder, scores: dict[int, float], *, upto: int = 0) -> Best:
    best = Best.at(folder, upto=upto)
    for step, score in scores.items():
        best.add(step, score, writer(f"step {step}"))
    return best


def test_the_earliest_of_the_best_is_kept(tmp_path):
    best = play(tmp_path, {0: 0.1, 10: 0.5, 20: 0.5, 30: 0.4})
    assert best.step == 10 and best.model == tmp_path / "best-10"
    assert [path.name for path in tmp_path.glob("best-*")] == ["best-10"]
    assert (tmp_path / "best-10" / "weights").read_text() == "step 10"


def test_scores_after_the_checkpoint_are_made_again(tmp_path):
    scores = {0: 0.1, 10: 0.3, 20: 0.6, 30: 0.4}
    play(tmp_path, {0: 0.1, 10: 0.3, 20: 0.6})  # killed after step 20; the checkpoint is of step 10
    best = play(tmp_path, {20: 0.6, 30: 0.4}, upto=10)
    assert best.scores == scores and best.step == 20
    assert (tmp_path / "best-20" / "weights").read_text() == "step 20"


def test_a_best_model_lost_between_two_writes_is_made_again(tmp_path):
    play(tmp_path, {0: 0.1, 10: 0.3})
    best = Best.at(tmp_path, upto=0)
    assert best.step == 0 and not (tmp_path / "best-0").exists()  # step 10 had taken its place
    best.add(10, 0.3, writer("step 10"))
    assert best.model is not None and (best.model / "weights").read_text() == "step 10"


@pytest.mark.parametrize(
    ("scores", "collapsed"),
    [
        ({0: 0.1, 10: 0.6, 20: 0.2, 30: 0.1}, True),
        ({0: 0.1, 10: 0.6, 20: 0.2, 30: 0.3}, False),  # half of the best is not below half
        ({0: 0.6, 10: 0.1}, False),  # one alone may be chance
        ({10: 0.1, 0: 0.6, 20: 0.1}, True),  # by step, not by order of entry
        ({0: 0.0, 10: 0.0, 20: 0.0}, False),  # nothing to fall from
        ({}, False),
    ],
)
def test_a_collapse_is_several_scores_in_a_row_far_below_the_best(tmp_path, scores, collapsed):
    best = Best(tmp_path, scores)
    assert best.collapsed(0.5, 2) is collapsed
    assert not best.collapsed(0.0, 2)
