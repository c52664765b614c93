"""The tokens by which programs are compared: words, numbers and single symbols, without comments and layout.

Comments, blank lines and indentation change nothing that a trace could show, so two programs that differ in them alone
teach the same. Names stay: with names blanked out, unrelated short programs look alike. A `#` ends its line also inside
a string: telling the two apart takes a real lexer, which is ten times slower and gives up on what does not parse.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

_TOKEN = re.compile(r"#[^\n]*|\w+|[^\w\s]")
_COMMENT = re.compile(r"#+([^\n]*)")


def code_tokens(text: str) -> list[str]:
    """Words, numbers and symbols in order; comments left out."""
    tokens = _TOKEN.findall(text)
    return [token for token in tokens if token[0] != "#"] if "#" in text else tokens


def comment_tokens(text: str) -> list[str]:
    """Words, numbers and symbols of the comments alone, in order."""
    return _TOKEN.findall(" ".join(_COMMENT.findall(text)))


def ngrams(tokens: Sequence[str], n: int) -> list[tuple[str, ...]]:
    """Every run of `n` tokens, in order; none where there are fewer."""
    return list(zip(*(tokens[i:] for i in range(n)), strict=False))
