"""README.md of a dataset: the card that the Hugging Face hub shows, and where `datasets.load_dataset` finds the rows.

`load_dataset(folder)` takes the file patterns from the card's YAML, so the rejected items, the records of shards and
the run's own files beside the rows are never mistaken for data.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from deskcheck_conf import write_atomic
from omegaconf import OmegaConf

from deskcheck_trainer.nlex.row import read_table

NO_LICENCE = "not stated"


def write_card(folder: Path, facts: Mapping[str, Any], config: Mapping[str, Any]) -> Path:
    """Write README.md into the dataset's folder, from its facts (summary.py), its configuration and its rows."""
    path = folder / "README.md"
    licences = Counter(name or NO_LICENCE for name in read_table(folder, ["licence"])["licence"].to_pylist())
    write_atomic(path, f"---\n{_front(facts, config)}---\n\n{_text(facts, config, licences)}")
    return path


def _front(facts: Mapping[str, Any], config: Mapping[str, Any]) -> str:
    front = {
        "pretty_name": config["run_name"],
        "tags": ["nlex", "code", "execution-trace"],
        "task_categories": ["text-generation"],
        "size_categories": [_size(facts["rows"])],
        "configs": [
            {"config_name": "default", "data_files": [{"split": "train", "path": "data/train-*.parquet"}]},
        ],
    }
    return OmegaConf.to_yaml(OmegaConf.create(front))


def _text(facts: Mapping[str, Any], config: Mapping[str, Any], licences: Counter[str]) -> str:
    tasks = _table("task", "rows", facts["tasks"])
    rejected = _table("reason", "items", facts["rejected"]) if facts["rejected"] else "Nothing was rejected.\n"
    dropped = {name: sum(ids.values()) for name, ids in facts["contaminated"].items()}
    contaminated = _table("benchmark", "items", dropped) if dropped else _compared(config)
    return f"""\
# {config["run_name"]}

Programs, their inputs and step-by-step explanations of what they do, made by `deskcheck-collect` (source:
{config["source"]["kind"]}, seed {config["seed"]}, narration style {config["style"]}). Every explanation was checked
claim by claim against a recording of the real run. `report.html` shows it, `manifest.json` holds hashes, versions and
the whole configuration.

```python
from datasets import load_dataset

rows = load_dataset("path/to/this/folder", split="train")
```

{tasks}
## Licences

Each row names the licence and the origin of the program it is about.

{_table("licence", "rows", licences)}
## Left out

{rejected}
## Benchmarks

{contaminated}"""


def _compared(config: Mapping[str, Any]) -> str:
    chosen = config["filters"]["decontaminate"]
    if config["source"]["kind"] == "micro":
        return "Micro problems of the train split: no program has the shape of one of the validation or test split.\n"
    if not chosen["benchmarks"] and not chosen["files"]:
        return "The rows were compared with no benchmark: do not measure on programs that may be among them.\n"
    return "No row overlaps with the benchmarks that `manifest.json` names.\n"


def _table(name: str, column: str, counts: Mapping[str, int]) -> str:
    ordered = sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))
    lines = [f"| {name} | {column} |", "|---|---:|", *(f"| {_cell(key)} | {count:,} |" for key, count in ordered)]
    return "\n".join(lines) + "\n"


def _cell(text: str) -> str:
    return " ".join(text.replace("|", "\\|").replace("<", "&lt;").split())[:120]


def _size(rows: int) -> str:
    """The hub's word for a number of rows."""
    steps = ((1_000, "n<1K"), (10_000, "1K<n<10K"), (100_000, "10K<n<100K"), (1_000_000, "100K<n<1M"))
    return next((name for limit, name in steps if rows < limit), "1M<n<10M" if rows < 10_000_000 else "10M<n<100M")
