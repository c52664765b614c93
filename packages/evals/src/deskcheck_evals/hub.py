"""Rows of a Hugging Face dataset, through `datasets`: by a hub id such as `cruxeval-org/cruxeval`.

`datasets` is imported here alone, and late: it takes seconds that a local file does not need.
"""

import importlib.util
import re
from pathlib import Path
from typing import Any

from deskcheck_evals.errors import EvalError

_ID = re.compile(r"[\w.-]+/[\w.-]+")
_FILES = (".json", ".jsonl", ".gz", ".parquet", ".py")


def is_hub_id(path: str) -> bool:
    """Whether `path` is no file or folder here and looks like `owner/name`."""
    return bool(_ID.fullmatch(path)) and not path.endswith(_FILES) and not Path(path).exists()


def load_hub(path: str, split: str, *, subset: str | None = None, streaming: bool = False, key: str, extra: str) -> Any:
    """The rows of a dataset on the hub, or of a folder that `datasets` reads; streamed, they come when asked for.

    `key` is the configuration key that errors name, `extra` what to install.

    Raises:
        EvalError: `datasets` is not installed, or cannot load it.
    """
    if importlib.util.find_spec("datasets") is None:
        raise EvalError(f"{key}={path} looks like a hub id, which needs: pip install '{extra}'")
    from datasets import load_dataset

    try:
        return load_dataset(path, subset, split=split, streaming=streaming)
    except Exception as error:  # the hub's client raises a dozen types; all mean that the data did not come
        raise EvalError(f"{key}={path} could not be loaded ({error}): expected a file or a hub id") from error
