"""The next picture after one known change, and its text, without looking at the rest.

All of it concerns flat pictures that are up to date but for the change. Each function gives the picture as it is now,
or None if nothing has changed; where the change is not as plain as it seems, the value is looked at whole.
"""

from typing import Any

from .originals import BUILTINS as __builtins__  # noqa: F401
from .parts import NO_ENTRY
from .picture import Picture, alike, same_atom
from .storage import ATOM_IDS, all_atoms
from .watch import Pictures
from .words import ENOUGH, longer, pair, word, words_of


def looked_at(pictures: Pictures, old: Picture, value: Any) -> Picture | None:
    """Whatever has changed."""
    new = pictures.of(value, old.kind)
    return None if alike(old, new) else new


def appended(pictures: Pictures, old: Picture, value: list[Any]) -> Picture | None:
    """One element was appended to a list."""
    if len(value) != len(old.items) + 1 or not _is_atom(item := value[-1]):
        return looked_at(pictures, old, value)
    new = _next(pictures, old, value)
    new.items.append(item)
    if len(new.words) < ENOUGH:
        new.words.append(word(item))
        new.text = None
    else:
        new.text = longer(old.text, len(value))
    return new


def popped(pictures: Pictures, old: Picture, value: list[Any], index: int) -> Picture | None:
    """The first element of a list was removed (`index` 0) or the last one (-1)."""
    size = len(value)
    if size != len(old.items) - 1:
        return looked_at(pictures, old, value)
    new = _next(pictures, old, value)
    del new.items[index]
    if index == -1 and size >= ENOUGH:
        new.text = longer(old.text, size)  # what is shown comes before
        return new
    del new.words[index]
    if size >= ENOUGH:
        new.words.append(word(new.items[ENOUGH - 1]))
    new.text = None
    return new


def added(pictures: Pictures, old: Picture, value: set[Any]) -> Picture | None:
    """One element was added to a set, unless it was there."""
    return None if len(value) == len(old.items) else looked_at(pictures, old, value)


def stored(pictures: Pictures, old: Picture, value: list[Any], index: Any) -> Picture | None:
    """The element at `index` of a list was replaced."""
    items = old.items
    if type(index) is not int or len(value) != len(items) or not -len(items) <= index < len(items):
        return looked_at(pictures, old, value)
    item = value[index]
    if items[index] is item or same_atom(items[index], item):
        return None
    if not _is_atom(item):
        return looked_at(pictures, old, value)
    new = _next(pictures, old, value)
    new.items[index] = item
    place = index if index >= 0 else index + len(items)
    if place < ENOUGH:
        new.words[place] = word(item)
        new.text = None
    else:
        new.text = longer(old.text, len(value))  # what is shown comes before
    return new


def assigned(pictures: Pictures, old: Picture, value: dict[Any, Any], key: Any) -> Picture | None:
    """The item at `key` of a dict was replaced or added."""
    items = old.items
    if id(type(key)) not in ATOM_IDS or key not in value:
        return looked_at(pictures, old, value)
    item, is_new = value[key], key not in items
    if not is_new and (items[key] is item or same_atom(items[key], item)):
        return None
    if not _is_atom(item) or len(value) != len(items) + is_new:
        return looked_at(pictures, old, value)
    new = _next(pictures, old, value)
    new.items[key] = item
    _put(new, old.text, key, item)
    if new.words is not None and type(key) is not type(next(iter(items), key)):
        new.words = new.text = None  # the dict may hold 1 where True is given
    return new


def attribute_stored(pictures: Pictures, old: Picture, value: object, name: str) -> Picture | None:
    """The attribute of an object was replaced or added."""
    items, attributes = old.items, old.reader(value)  # type: ignore[misc]
    item = pictures.parts.attribute(attributes[name]) if name in attributes else NO_ENTRY
    if item is NO_ENTRY:
        return looked_at(pictures, old, value)
    is_new = name not in items
    if not is_new and (items[name] is item or same_atom(items[name], item)):
        return None
    if len(attributes) != len(items) + is_new or (is_new and next(reversed(attributes)) != name):
        return looked_at(pictures, old, value)
    new = _next(pictures, old, value)
    new.items[name] = item
    _put(new, old.text, name, item)
    return new


def _put(new: Picture, text: str | None, key: Any, item: Any) -> None:
    """Put the words of an item in their place."""
    words = new.words
    if words is None or key in words or len(words) < ENOUGH:
        if words is not None:
            words[key] = pair(new, key, item)
        new.text = None
    else:
        new.text = longer(text, len(new.items))  # what is shown comes before


def _next(pictures: Pictures, old: Picture, value: Any) -> Picture:
    """A picture to change: `old` itself if nobody else holds it."""
    if old.lent is False:
        if old.words is None:
            old.words = words_of(old)
        return old
    new = Picture(old.kind, old.items.copy(), True, old.label, old.reader)
    new.words = words_of(old) if old.words is None else old.words.copy()
    pictures.known[id(value)] = new
    pictures.made()
    return new


def _is_atom(item: Any) -> bool:
    return id(type(item)) in ATOM_IDS or (type(item) is tuple and all_atoms(item))
