"""From dataset folders and files to the rows SFT trains on.

Rows are conversational prompt/completion pairs (loss on the completion only), or plain text for pretraining; a chat
gives one pair for each of its answers (conversations.py). The arm without narrations is made here from the same rows:
an explain row keeps its prompt and only the output block of its completion, so both arms see the same programs and the
same questions (issue 1/8, claim a).
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from glob import glob
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from deskcheck_conf.made_by import made_by
from deskcheck_evals.hub import is_hub_id, load_hub
from deskcheck_tracer.claims import OUTPUT_CLOSE, OUTPUT_OPEN
from deskcheck_tracer.errors import InputError

from deskcheck_trainer.conversations import as_pairs, is_chat
from deskcheck_trainer.micro_base import ScratchConfig
from deskcheck_trainer.micro_text import documents
from deskcheck_trainer.nlex import MANIFEST, Task
from deskcheck_trainer.nlex.pool import available_workers, ordered_map

if TYPE_CHECKING:
    from datasets import Dataset

    from deskcheck_trainer.sft_config import DatasetConfig


SHAPES = (("prompt", "completion"), ("messages",), ("text",))
"""The columns that are read, the first of these that a dataset has."""
BLOCK = 1000
"""Documents that one worker draws at a time, each block from a seed of its own."""


def pretraining_rows(config: ScratchConfig, seed: int) -> Dataset:
    """Plain text documents of the micro base, column `text`."""
    from datasets import Dataset

    workers = available_workers() if config.documents > BLOCK else 0
    made = ordered_map(partial(_block_of, config, seed), range(0, config.documents, BLOCK), workers)
    return Dataset.from_dict({"text": [text for _, texts in made for text in texts]})


def _block_of(config: ScratchConfig, seed: int) -> Callable[[int], list[str]]:
    return lambda start: list(documents(min(BLOCK, config.documents - start), f"{seed}-{start}"))


def mixture(parts: Sequence[DatasetConfig], *, narrations: bool, seed: int) -> Dataset:
    """All parts, weighted and shuffled together.

    Raises:
        InputError: a path without rows, or parts of different shapes (text beside prompt/completion).
    """
    from datasets import concatenate_datasets

    loaded = [_weighted(_load(part, narrations), part.weight, seed) for part in parts]
    shapes = {part.path: _shape_of(rows) for part, rows in zip(parts, loaded, strict=True)}
    if len(set(shapes.values())) > 1:
        listed = ", ".join(f"{path} ({shape})" for path, shape in shapes.items())
        raise InputError(
            f"datasets are of different shapes: {listed}; expected one shape in a mixture. Named columns make messages "
            "of texts: datasets[].columns='{prompt: prompt, completion: completion}'"
        )
    return concatenate_datasets(loaded).shuffle(seed=seed)


def is_on_hub(part: DatasetConfig) -> bool:
    """Whether it is to be fetched: a split is named, and the path is nothing here."""
    return part.split is not None and is_hub_id(part.path)


def files_of(path: str) -> list[str]:
    """The Parquet or JSONL files at `path`: itself, those of a dataset folder or that a pattern matches, in order.

    Raises:
        InputError: nothing there, or a dataset that deskcheck-collect has not finished.
    """
    root = Path(path)
    if root.is_file():
        return [str(root)]
    if matching := sorted(glob(path)) if "*" in path else []:
        return matching
    found = sorted(root.glob("data/**/*.parquet")) or sorted(root.glob("*.parquet")) or sorted(root.glob("*.jsonl"))
    is_unfinished = (root / "shards").is_dir() and not (root / MANIFEST).exists()
    if is_unfinished or not found:
        state = f"is not finished (no {MANIFEST} in it)" if is_unfinished else "does not exist"
        if root.is_dir() and not is_unfinished:
            state = "holds no Parquet or JSONL file"
        command = made_by(path)
        step = f"run `{command}` first" if command else "run deskcheck-collect first, or check datasets[].path"
        raise InputError(f"dataset {path} {state}: {step}")
    return [str(file) for file in found]


def _load(part: DatasetConfig, narrations: bool) -> Dataset:
    rows: Any = _fetched(part) if is_on_hub(part) else _read(files_of(part.path))
    if part.columns:
        rows = _as_ours(rows, part.columns, part.path)
    if part.tasks:
        if "task" not in rows.column_names:
            raise InputError(
                f"dataset {part.path} has no column task (it has {_columns(rows)}): leave datasets[].tasks out"
            )
        wanted = set(part.tasks)
        rows = rows.filter(lambda tasks: [t in wanted for t in tasks], batched=True, input_columns=["task"])
    if part.rows is not None:
        rows = rows.select(range(min(part.rows, len(rows))))
    if not len(rows):
        raise InputError(f"dataset {part.path} has no row of the tasks {part.tasks or 'asked for'}")
    if not narrations and "task" in rows.column_names:
        rows = rows.map(bare, desc="bare outputs")
    shape = next((shape for shape in SHAPES if {*shape} <= {*rows.column_names}), None)
    if shape is None:
        raise InputError(
            f"dataset {part.path} has the columns {_columns(rows)}, expected prompt and completion, messages, or text: "
            "say which they are by columns='{prompt: question, completion: answer}'"
        )
    return as_pairs(rows.select_columns(list(shape)), part.path)


def _fetched(part: DatasetConfig) -> Dataset:
    """Rows from the hub: all of the split, or streamed the first so many."""
    from datasets import Dataset

    streaming = part.rows is not None
    rows = load_hub(
        part.path,
        part.split or "train",
        subset=part.subset,
        streaming=streaming,
        key="datasets[].path",
        extra="deskcheck-trainer[train]",
    )
    return Dataset.from_list(list(islice(rows, part.rows))) if streaming else rows


def _as_ours(rows: Dataset, columns: Mapping[str, str], path: str) -> Dataset:
    """The named columns under our names; texts of prompts and completions as messages, as in rows of our own."""
    if missing := sorted(set(columns.values()) - set(rows.column_names)):
        raise InputError(
            f"dataset {path} has no column {', '.join(missing)} (it has {_columns(rows)}): correct datasets[].columns"
        )
    rows = rows.select_columns(list(columns.values()))
    rows = rows.rename_columns({theirs: ours for ours, theirs in columns.items() if ours != theirs})
    return rows.map(_as_messages, desc="messages") if "prompt" in columns else rows


def _as_messages(row: dict[str, Any]) -> dict[str, Any]:
    roles = {"prompt": "user", "completion": "assistant"}
    return {
        name: [{"role": roles[name], "content": value}] if isinstance(value, str) else value
        for name, value in row.items()
    }


def _read(files: Sequence[str]) -> Dataset:
    """The rows of Parquet or JSONL files. Raises InputError naming the file (in JSONL the line) that is malformed."""
    from datasets import load_dataset

    is_parquet = files[0].endswith(".parquet")
    for file in files:  # first: `datasets` tells of a malformed line by a traceback without its number
        _refuse_parquet(file) if is_parquet else _refuse_lines(file)
    return load_dataset("parquet" if is_parquet else "json", data_files=list(files), split="train")


def _refuse_parquet(file: str) -> None:
    import pyarrow.lib
    import pyarrow.parquet

    try:
        pyarrow.parquet.ParquetFile(file)
    except pyarrow.lib.ArrowInvalid as error:
        raise InputError(f"{file} is not a whole Parquet file ({error}): build or copy it again") from None


def _refuse_lines(file: str) -> None:
    number = 0
    with open(file, "rb") as lines:
        for number, line in enumerate(lines, start=1):
            try:
                row = json.loads(line)
            except ValueError as error:
                raise InputError(f"{file}:{number}: not JSON ({error}), expected one JSON object a line") from None
            if not isinstance(row, dict):
                raise InputError(f"{file}:{number}: got {type(row).__name__}, expected one JSON object a line")
    if number == 0:
        raise InputError(f"{file} is empty, expected one JSON object a line")


def _shape_of(rows: Dataset) -> str:
    columns = " and ".join(rows.column_names)
    return f"{columns} of messages" if is_chat(rows) else f"{columns} as plain text"


def _columns(rows: Any) -> str:
    return ", ".join(rows.column_names)


def bare(row: dict[str, Any]) -> dict[str, Any]:
    """An explain row with its completion cut down to the output block; other rows as they are."""
    if row["task"] != Task.explain:
        return row
    text = row["completion"][0]["content"]
    start = text.rindex(OUTPUT_OPEN)
    assert text.endswith(OUTPUT_CLOSE), "collect verified that a narration ends in its output"
    return {**row, "completion": [{"role": "assistant", "content": text[start:]}]}


def _weighted(rows: Dataset, weight: float, seed: int) -> Dataset:
    from datasets import concatenate_datasets

    whole, rest = divmod(round(weight * len(rows)), len(rows))
    chosen = sorted(random.Random(seed).sample(range(len(rows)), rest))
    return concatenate_datasets([rows] * whole + ([rows.select(chosen)] if chosen else []))
