"""Rows longer than a sequence are counted to the token, packed or not, and cut or left out as asked."""

import json
import logging
from typing import Any

import pytest
from datasets import Dataset
from deskcheck_conf.errors import ConfigError
from deskcheck_conf.run import Run
from deskcheck_trainer.row_lengths import RowLengths, TooLong, fitting, row_lengths
from deskcheck_trainer.sft import build, train


def row(length: int, prompt: int) -> dict[str, list[int]]:
    return {"input_ids": list(range(length)), "labels": [-100] * prompt + list(range(prompt, length))}


def test_what_is_lost_is_counted():
    rows = Dataset.from_list([row(5, 2), row(8, 2), row(9, 3), row(12, 8), row(20, 9)])
    assert row_lengths(rows, 8, TooLong.cut) == RowLengths(5, 3, 1 + 4 + 12, 2)
    assert row_lengths(rows, 8, TooLong.drop) == RowLengths(5, 3, 9 + 12 + 20, 3)
    assert row_lengths(rows, 20, TooLong.cut) == RowLengths(5, 0, 0, 0)
    assert [len(each) for each in fitting(rows, 8)["input_ids"]] == [5, 8]


@pytest.mark.parametrize("packing", [True, False])
@pytest.mark.parametrize("policy", ["cut", "drop"])
def test_the_run_says_so_and_trains_on_the_rest(tune, tmp_path, caplog, packing, policy):
    """What the trainer holds and what the run counts, against the lengths of the rows before anything is cut."""
    uncut: Any = build(tune("max_length=1024", "packing=false"), tmp_path / "all").train_dataset
    lengths = [len(ids) for ids in uncut["input_ids"]]
    limit = sorted(lengths)[len(lengths) // 2]
    long = [length for length in lengths if length > limit]
    lost = sum(long) if policy == "drop" else sum(length - limit for length in long)
    config = tune(f"max_length={limit}", f"packing={packing}", f"too_long={policy}", "max_steps=1")
    with caplog.at_level(logging.WARNING), Run.at(tmp_path / "run", config) as run:
        train(config, run)
    told = json.loads((tmp_path / "run" / "metrics.jsonl").read_text().splitlines()[0])
    assert (told["data/rows"], told["data/rows_too_long"], told["data/tokens_lost"]) == (len(lengths), len(long), lost)
    assert run.summary is not None and run.summary["rows_too_long"] == len(long)
    assert f"{len(long)} of {len(lengths)} rows are longer than max_length={limit}" in caplog.text
    trained: Any = build(config, tmp_path / "again").train_dataset
    assert sum(len(ids) for ids in trained["input_ids"]) == sum(lengths) - lost


def test_sequences_too_short_for_any_answer_stop_the_run(tune, tmp_path):
    with pytest.raises(ConfigError, match=r"no row has a token of its answer within max_length=4: all 42 are longer"):
        build(tune("max_length=4"), tmp_path)
