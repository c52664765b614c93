"""Budgets in a tokenizer's tokens: counting, another file under the same name, and names that lead nowhere."""

import pickle
from pathlib import Path

import pytest
from deskcheck_tracer import InputError, Program
from deskcheck_trainer.nlex import Row
from deskcheck_trainer.nlex.build import Recipe
from deskcheck_trainer.nlex.sources import Explain
from deskcheck_trainer.nlex.tokenizer import TokenizerFile
from tokenizers import Tokenizer, models, pre_tokenizers, processors


def characters(folder: Path, unknown: str = "?") -> Path:
    """A tokenizer of single characters that would begin each text with a token of its own, and cut it at ten."""
    tokenizer = Tokenizer(models.WordLevel({unknown: 0, "a": 1, "[B]": 2}, unk_token=unknown))
    tokenizer.pre_tokenizer = pre_tokenizers.Split("", "isolated")
    tokenizer.post_processor = processors.TemplateProcessing("[B] $A", special_tokens=[("[B]", 2)])
    tokenizer.enable_truncation(10)
    tokenizer.enable_padding(length=10)
    tokenizer.save(str(folder / "tokenizer.json"))
    return folder


def test_contents_alone_are_counted_and_whole(tmp_path) -> None:
    for name in (characters(tmp_path), tmp_path / "tokenizer.json"):
        count = pickle.loads(pickle.dumps(TokenizerFile.of(str(name)))).counter()
        assert [count(text) for text in ("", "a", "abc\n" * 20)] == [0, 1, 80]


def test_the_hash_is_that_of_what_it_does(tmp_path) -> None:
    found = TokenizerFile.of(str(characters(tmp_path)))
    assert found == TokenizerFile.of(str(tmp_path))
    characters(tmp_path, unknown="!")
    assert found.sha256 != TokenizerFile.of(str(tmp_path)).sha256
    with pytest.raises(InputError, match="has changed since this run began"):
        found.counter()


def test_every_row_has_its_size_in_tokens(tmp_path) -> None:
    tokenizer = TokenizerFile.of(str(characters(tmp_path)))
    recipe = Recipe(tokenizer=tokenizer, max_tokens=400, own_process=True, check_determinism=False)
    source = "s = 0\nfor i in range(30):\n    s += i\nprint(s)"
    [row] = recipe.builder()([Explain(program=Program(source), origin="o")])
    assert isinstance(row, Row) and len(row.completion[0]["content"]) <= 400
    assert row.tokens == len(row.prompt[0]["content"]) + len(row.completion[0]["content"])


@pytest.mark.parametrize(
    ("name", "said"), [("/nowhere/tokenizer.json", "does not exist"), ("empty", "does not exist"), ("bad", "read")]
)
def test_a_name_that_leads_nowhere_is_one_message(tmp_path, name: str, said: str) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "bad").mkdir()
    (tmp_path / "bad/tokenizer.json").write_text("{")
    with pytest.raises(InputError, match=said) as raised:
        TokenizerFile.of(str(tmp_path / name))
    assert "tokenizer.json" in str(raised.value)
