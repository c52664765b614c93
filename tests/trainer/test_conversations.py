"""Chats become one row an answer; layouts meet in one shape; what cannot be mixed is told with the cure."""

import json

import pytest
from deskcheck_tracer.errors import InputError
from deskcheck_trainer.conversations import answers
from deskcheck_trainer.sft import build
from deskcheck_trainer.sft_config import DatasetConfig
from deskcheck_trainer.sft_data import mixture
from hypothesis import given
from hypothesis import strategies as st

CHAT = [("system", "be brief"), ("user", "1+1?"), ("assistant", "2"), ("user", "and 1 more?"), ("assistant", "3")]


def usual(said):
    return [{"role": role, "content": text} for role, text in said]


def sharegpt(said):
    names = {"user": "human", "assistant": "gpt"}
    return [{"from": names.get(role, role), "value": text} for role, text in said]


@pytest.fixture
def file(tmp_path):
    def write(name: str, *rows: dict) -> str:
        path = tmp_path / f"{name}.jsonl"
        path.write_text("".join(json.dumps(row) + "\n" for row in rows))
        return str(path)

    return write


@given(st.lists(st.tuples(st.sampled_from(["system", "user", "assistant"]), st.text(max_size=3))))
def test_every_answer_is_learnt_once_after_exactly_what_was_said_before(said):
    pairs = answers(usual(said))
    places = [place for place, (role, text) in enumerate(said) if role == "assistant" and text and place]
    assert pairs == [(usual(said[:place]), usual(said[place : place + 1])) for place in places]
    assert answers(sharegpt(said)) == pairs


def test_chats_of_any_layout_are_mixed_with_pairs_by_weight(file):
    parts = [
        DatasetConfig(path=file("usual", *[{"messages": usual(CHAT)}] * 2)),
        DatasetConfig(path=file("share", *[{"conversations": sharegpt(CHAT)}] * 2), columns={"messages": "conversations"}),
        DatasetConfig(
            path=file("named", {"prompt": [{"role": "user", "content": "a", "name": "x"}], "completion": usual([("assistant", "b")])}),
            weight=3,
        ),
        DatasetConfig(path=file("texts", {"q": "a", "a": "b"}), columns={"prompt": "q", "completion": "a"}),
    ]  # fmt: skip
    rows = [(row["prompt"], row["completion"]) for row in mixture(parts, narrations=True, seed=0)]
    assert len(rows) == 4 + 4 + 3 + 1
    for end in (2, 4):
        assert rows.count((usual(CHAT[:end]), usual(CHAT[end : end + 1]))) == 4
    assert rows.count((usual([("user", "a")]), usual([("assistant", "b")]))) == 4


def test_the_loss_is_on_the_answers_alone(tune, file, tmp_path):
    path = file("chat", *[{"messages": usual(CHAT)}] * 4)
    trainer = build(tune(f"datasets=[{{path: '{path}'}}]", "packing=false"), tmp_path)
    trained = {
        trainer.processing_class.decode([token for token in row["labels"] if token != -100])
        for row in trainer.train_dataset
    }
    assert trained == {"2", "3"}


def test_what_cannot_be_mixed_or_read_is_told(file):
    chat, plain = file("chat", {"messages": usual(CHAT)}), file("plain", {"prompt": "a", "completion": "b"})
    with pytest.raises(InputError, match=r"plain text\).*columns='\{prompt: prompt, completion: completion\}'"):
        mixture([DatasetConfig(path=chat), DatasetConfig(path=plain)], narrations=True, seed=0)
    with pytest.raises(
        InputError, match=r"have the fields speaker, words, expected role and content, or from and value"
    ):
        mixture(
            [DatasetConfig(path=file("odd", {"messages": [{"speaker": "a", "words": "b"}]}))], narrations=True, seed=0
        )
    with pytest.raises(InputError, match="no chat holds an answer of the assistant"):
        mixture([DatasetConfig(path=file("mute", {"messages": usual(CHAT[:2])}))], narrations=True, seed=0)
