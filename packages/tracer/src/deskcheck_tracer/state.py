"""What differs in a frame's locals since they were last looked at.

`look` compares every local: an atom (number, string ...) by identity first, anything else by its picture (`watch`).
`glance` is the same for a frame in which nothing ran but one statement of known effect (`effects`): then only what the
statement may have changed is compared. Both give the new texts by name, None for a name that is no longer bound.
"""

import sys
from collections.abc import Callable
from types import FrameType, FunctionType, ModuleType
from typing import Any

from .effects import Change, Effect, Index
from .frames import Frame
from .originals import BUILTINS as __builtins__  # noqa: F401
from .picture import Entry, Picture, alike, same_atom
from .reliance import is_intact
from .storage import ATOM_IDS, DICT_IDS, SEQUENCE_IDS, SET_IDS, all_atoms
from .tape import CHANGE_BYTES, Tape
from .update import added, appended, assigned, attribute_stored, looked_at, popped, stored
from .values import Values
from .watch import Pictures

Changes = dict[str, str | None]
_BUILT_IN_IDS = SEQUENCE_IDS | DICT_IDS | SET_IDS
_SNAPSHOTS = sys.version_info < (3, 13)  # PEP 667
_MISSING = object()


class State:
    """Looks at frames; one per recording."""

    def __init__(self, tape: Tape) -> None:
        self.values = Values()
        self.pictures = Pictures(self.values)
        self.tape = tape  # counts the characters in all changes
        self.doubted: Callable[[], None] = lambda: None
        """Told when a built-in function that statements rely on is no longer there."""

    def look(self, record: Frame, frame: FrameType) -> Changes | None:
        """What differs in the frame's locals since the last look; None if nothing does."""
        seen, changes, layout = record.seen, None, record.layout
        if layout.relies and not is_intact(layout.relies, frame, record.namespace):
            self.doubted()
        now = names_of(record, frame) if layout.careful or not layout.optimized else frame.f_locals
        hidden = layout.masks.get(frame.f_lasti, ()) if layout.masks else ()
        of, difference = self.pictures.of, self.difference
        for name, value in now.items():
            old = seen.get(name, _MISSING)
            if old is value or name in hidden:
                continue
            entry = None
            if type(old) is Picture and old.kind is type(value) and (entry := of(value, old.kind)) is old:
                continue
            text = difference(record, name, old, value, entry)
            if text is not None:
                if changes is None:
                    changes = {}
                changes[name] = text
        if len(seen) != len(now):
            for name in [name for name in seen if name not in now and name not in hidden]:
                del seen[name]
                changes = {} if changes is None else changes
                changes[name] = None
        if record.snapshot:
            now.clear()
        return changes

    def difference(self, record: Frame, name: str, old: Any, value: Any, entry: Entry | None = None) -> str | None:
        """The text of a value that may have changed; None if it is as before. `entry` is its picture, if known."""
        kind = type(value)
        if id(kind) in ATOM_IDS:
            record.seen[name] = value
            if type(old) is kind and same_atom(old, value):
                return None
            text = self.values.text(value)
        else:
            if entry is None:
                seen_alike = type(old) is Picture and old.kind is kind
                steady = not (seen_alike or self.pictures.names_change) and _is_steady(value, kind)
                entry = value if steady else self.pictures.of(value, kind)
            if entry is old:
                return None
            if type(entry) is Picture:
                entry.lent = entry.lent is not None
            record.snapshot = _SNAPSHOTS and record.namespace is None
            record.seen[name] = entry
            if alike(old, entry) or name[0] == "." or (name[:2] == "__" and name[-2:] == "__"):
                return None
            text = (entry.text if type(entry) is Picture else None) or self.pictures.text(entry, value)
        if name[:2] == "__" and name[-2:] == "__":
            return None
        self.tape.left -= len(name) + len(text) + CHANGE_BYTES
        return text

    def glance(self, record: Frame, frame: FrameType, effect: Effect) -> Changes | None:
        """As `look`, for a frame that ran nothing but one statement of this effect."""
        seen, layout = record.seen, record.layout
        if effect.asks:
            for name in effect.atoms:
                if id(type(seen.get(name, _MISSING))) not in ATOM_IDS:
                    return self.look(record, frame)
            for name in effect.built_in:
                held = seen.get(name, _MISSING)
                if id(held.kind if type(held) is Picture else type(held)) not in _PURE_IDS:
                    return self.look(record, frame)
        stores, parts = effect.stores, effect.changes
        if not (stores or parts):
            return None
        now: dict[str, Any] = frame.f_locals if layout.optimized else names_of(record, frame)
        changes: Changes = {}
        for name in stores:
            value, old = now.get(name, _MISSING), seen.get(name, _MISSING)
            if value is _MISSING or (effect.atoms and id(type(value)) not in ATOM_IDS):
                return self._look_again(record, frame, changes)
            if old is not value and (text := self.difference(record, name, old, value)) is not None:
                changes[name] = text
        if parts and not self._changed(record, now, parts, changes):
            return self._look_again(record, frame, changes)
        if len(changes) > 1:
            changes = {name: changes[name] for name in now if name in changes}  # in the order of `look`
        if record.snapshot:
            now.clear()
        return changes or None

    def _look_again(self, record: Frame, frame: FrameType, changes: Changes) -> Changes | None:
        """Look at all locals after all; some changes have been found."""
        return {**changes, **(self.look(record, frame) or {})} or None

    def _changed(self, record: Frame, now: dict[str, Any], parts: tuple[Change, ...], changes: Changes) -> bool:
        """Bring pictures up to date after known changes inside objects; False if they are not as plain as they look,
        and then all locals have to be compared."""
        seen = record.seen
        for part in parts:
            name = part.name
            if name not in now or not self._is_plain(part, seen.get(name), now[name]):
                return False
        found: dict[str, None] = {}
        replaced = False
        for part in parts:
            old, value = seen[part.name], now[part.name]
            if part.how == "attribute" and old.reader is not None and self.pictures.known.get(id(value)) is old:
                new = attribute_stored(self.pictures, old, value, part.key[1])
            else:
                new = self._updated(part, old, value, now)
            if new is old:  # changed in place: no other name or container holds it
                found.setdefault(part.name)
            elif new is not None:
                names = [name for name, held in seen.items() if held is old]  # it shows under every name of the object
                seen.update(dict.fromkeys(names, new))
                found.update(dict.fromkeys(names))
                new.lent, replaced = new.lent is not None or len(names) > 1, True
        if replaced:
            for name, held in seen.items():  # and in what may hold it
                if type(held) is Picture and not held.flat and name not in found and name not in changes:
                    text = self.difference(record, name, held, now[name])
                    if text is not None:
                        changes[name] = text
        for name in found:
            entry = seen[name]
            changes[name] = text = entry.text or self.pictures.text(entry, now[name])
            self.tape.left -= len(name) + len(text) + CHANGE_BYTES
        return True

    def _is_plain(self, part: Change, old: Any, value: Any) -> bool:
        """Whether the object is one of those that such a statement changes in that way and no other."""
        if type(old) is not Picture or old.kind is not type(value):
            return False
        if part.how == "attribute":
            if not part.in_place:
                return old.reader is not None or self.pictures.parts.reader(old.kind) is not None
            return old.reader is not None and id(type(old.items.get(part.key[1], self))) in ATOM_IDS
        return id(old.kind) in _BUILT_IN_IDS and (old.flat or not part.in_place)

    def _updated(self, part: Change, old: Picture, value: Any, now: dict[str, Any]) -> Picture | None:
        """The picture of an object after one statement; None if it is as before."""
        pictures, how = self.pictures, part.how
        if how == "any" or not old.flat or pictures.known.get(id(value)) is not old:
            return looked_at(pictures, old, value)
        if old.kind is list and how == "append":
            return appended(pictures, old, value)
        if old.kind is list and how == "store":
            return stored(pictures, old, value, index_of(part.key, now))
        if old.kind is list and how == "pop":
            return popped(pictures, old, value, part.key[1])
        if old.kind is dict and how == "store":
            return assigned(pictures, old, value, index_of(part.key, now))
        if old.kind is set and how == "add":
            return added(pictures, old, value)
        return looked_at(pictures, old, value)


_PURE_IDS = ATOM_IDS | _BUILT_IN_IDS


def _is_steady(value: Any, kind: type) -> bool:
    """Whether a value cannot change and may be kept alive: then it can stand for itself as numbers do."""
    if kind is FunctionType:
        return value.__closure__ is None and value.__defaults__ is None and value.__kwdefaults__ is None
    return kind is ModuleType or kind is type or (kind is tuple and all_atoms(value))


def index_of(index: Index, now: dict[str, Any]) -> Any:
    """The value of a simple index expression; a fresh object if it is not so simple after all."""
    name, add = index
    if name is None:
        return add
    value = now.get(name, _MISSING)
    if add == 0:
        return value
    return value + add if type(value) is int else _MISSING


def names_of(record: Frame, frame: FrameType) -> dict[str, Any]:
    """The frame's locals, by name."""
    namespace = record.namespace
    if namespace is None:
        return _peek(record, frame) if record.layout.careful else frame.f_locals
    if type(namespace) is dict:
        return namespace
    return dict(dict.items(namespace)) if issubclass(type(namespace), dict) else {}  # a metaclass's __prepare__


def _peek(record: Frame, frame: FrameType) -> dict[str, Any]:
    """The frame's locals without refreshing the dictionary that the function's own `locals()` has handed out."""
    before = dict(record.view or ())
    view = frame.f_locals
    now = dict(view)
    view.clear()
    view.update(before)
    record.view = view
    return now
