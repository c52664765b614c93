"""The text of a flat list, dict or object from the texts of its parts, kept while it changes part by part.

It is the text that `Values` would give: whole if it has at most LIMIT characters, else its beginning and its length.
"""

from bisect import bisect_right
from itertools import accumulate, islice
from typing import Any

from .originals import BUILTINS as __builtins__  # noqa: F401
from .picture import Picture
from .values import LIMIT, KeptLabel, Label

ENOUGH = LIMIT // 3 + 1
"""Parts of which a text can be made: more do not fit."""


def words_of(picture: Picture) -> Any:
    """The texts of its first parts; None for a dict with keys of several types."""
    items = picture.items
    if type(items) is not dict:
        return [word(item) for item in items[:ENOUGH]]
    if picture.reader is None and items and set(map(type, items)) not in ({int}, {str}):
        return None
    return {key: pair(picture, key, item) for key, item in islice(items.items(), ENOUGH)}


def pair(picture: Picture, key: Any, item: Any) -> str:
    """Key and value of a dict, or name and value of an object, in words."""
    if picture.reader is None:
        return f"{word(key)}: {word(item)}"
    is_label = type(item) is Label or type(item) is KeptLabel
    return f"{key}={item.text if is_label else word(item)}"


def word(item: Any) -> str:
    """An atom in words."""
    try:
        return repr(item)
    except ValueError:  # an int that cannot be printed
        return " " * LIMIT * 2  # too long: the whole is rendered another way


def text_of(picture: Picture) -> str | None:
    """The text, if there is a short way to it."""
    words = picture.words if picture.kind is list else picture.words.values()
    size, inside = len(picture.items), ", ".join(words)
    if picture.reader is not None:
        label = picture.label.text  # type: ignore[union-attr]
        text = f"{label}({inside})" if size else label
        return text if len(text) <= LIMIT and size == len(words) else None
    left, right = "[]" if picture.kind is list else "{}"
    if len(inside) + 2 <= LIMIT and size == len(words):
        return f"{left}{inside}{right}"
    kept = _beginning(inside, picture.kind is dict) if "(" not in inside else None  # else a comma may be in an item
    if kept is None:
        kept = _counted_out(list(words), picture.kind is dict)
    if not kept or len(kept) == len(inside):
        return None
    text = f"{left}{kept}, ...{right} (len {size})"
    return text if len(text) <= LIMIT else None


_ROOM = LIMIT * 4 // 5


def _beginning(inside: str, pairs: bool) -> str | None:
    """As many parts as fit, cut out of all of them; None if it takes counting them."""
    if "'" in inside or '"' in inside:
        return None
    end = inside.rfind(", ", 0, _ROOM)
    if pairs and end + 2 < _ROOM:  # a pair that is begun is finished
        end = inside.find(", ", max(end + 2, 0))
    return inside[:end] if end > 0 else ""


def _counted_out(words: list[str], pairs: bool) -> str:
    """The same, part by part."""
    ends = list(accumulate(map((2).__add__, map(len, words))))
    kept = bisect_right(ends, _ROOM)
    if pairs and kept < len(ends) and (kept == 0 or ends[kept - 1] < _ROOM):
        kept += 1
        if "'" in words[kept - 1] or '"' in words[kept - 1]:  # its strings may be cut
            return ""
    return ", ".join(words[:kept]) if kept < len(words) else ""


def longer(text: str | None, size: int) -> str | None:
    """The text of a list or dict of `size` parts, changed or longer only where its text has ended already."""
    if text is None or (
        not text.endswith(", ...] (len", 0, text.rfind(" ")) and not text.endswith(", ...} (len", 0, text.rfind(" "))
    ):
        return None
    return f"{text[: text.rindex(' ')]} {size})"
