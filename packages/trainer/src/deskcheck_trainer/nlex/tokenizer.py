"""The size of texts in the tokens of the model that is to be trained on them.

A tokenizer is a `tokenizer.json`, a folder that holds one (every checkpoint does), or a repository of the Hugging Face
hub. Workers load it themselves; its hash goes with the recipe, so that another tokenizer under the same name is noticed
and never mixes two datasets. Contents are counted, not what a chat template puts around them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from deskcheck_tracer.errors import InputError

if TYPE_CHECKING:
    from tokenizers import Tokenizer

FILE = "tokenizer.json"


@dataclass(frozen=True)
class TokenizerFile:
    """A tokenizer by its name, and the hash of what it is."""

    name: str
    sha256: str

    @classmethod
    def of(cls, name: str) -> TokenizerFile:
        """Find a tokenizer. Raises InputError where there is none."""
        return cls(name, _sha256(_load(name)))

    def counter(self) -> Callable[[str], int]:
        """How many tokens a text has. Raises InputError if the tokenizer is not what it was when it was found."""
        tokenizer = _load(self.name)
        if (now := _sha256(tokenizer)) != self.sha256:
            raise InputError(
                f"tokenizer {self.name} has changed since this run began (SHA-256 {now[:12]}, was {self.sha256[:12]}):"
                " put it back, or choose another run_name"
            )
        tokenizer.no_truncation()  # some files cut at the length of the model they came with
        tokenizer.no_padding()
        # A narration that fits is counted again when it is checked and when its row is sized.
        return lru_cache(maxsize=64)(lambda text: len(tokenizer.encode(text, add_special_tokens=False)))


def _load(name: str) -> Tokenizer:
    from tokenizers import Tokenizer

    path = Path(name)
    path = path / FILE if path.is_dir() else path
    try:
        if path.exists():
            return Tokenizer.from_file(str(path))
        if _is_repository(name):
            return Tokenizer.from_pretrained(name)
    except Exception as error:  # the package raises nothing more specific
        raise InputError(f"tokenizer {name} cannot be read ({error}): expected {FILE}, {_EXPECTED}") from None
    raise InputError(f"tokenizer {name}: {path} does not exist, expected {FILE}, {_EXPECTED}")


_EXPECTED = f"a folder with {FILE}, or the id of a repository of the Hugging Face hub"


def _is_repository(name: str) -> bool:
    return not name.startswith((".", "/", "~")) and not name.endswith(".json") and name.count("/") <= 1


def _sha256(tokenizer: Tokenizer) -> str:
    return hashlib.sha256(tokenizer.to_str().encode()).hexdigest()
