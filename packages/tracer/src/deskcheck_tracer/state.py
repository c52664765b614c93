"""What differs in a frame's locals since they were last looked at.

`look` compares every local: an atom (number, string ...) by identity first, anything else by its picture (`watch`).
`glance` is the same for a frame in which nothing ran but one statement of known effect (`effects`): then only what the
statement may have changed is compared. Both give the new texts by name, None for a name that is no longer bound.
"""

import sys
from types import FrameType, FunctionType, ModuleType
from typing import Any

from .effects import Change, Effect, Index
from .frames import Frame
from .originals import BUILTINS as __builtins__  # noqa: F401
from .storage import ATOM_IDS, DICT_IDS, SEQUENCE_IDS, SET_IDS, all_atoms
from .tape import CHANGE_BYTES, Tape
from .values import Values
from .watch import Picture, Pictures, alike, same_atom

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

    def look(self, record: Frame, frame: FrameType) -> Changes | None:
        """What differs in the frame's locals since the last look; None if nothing does."""
        seen, changes = record.seen, None
        now = names_of(record, frame)
        masks = record.layout.masks
        hidden = masks.get(frame.f_lasti, ()) if masks else ()
        for name, value in now.items():
            old = seen.get(name, _MISSING)
            if old is value or name in hidden:
                continue
            text = self.difference(record, name, old, value)
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

    def difference(self, record: Frame, name: str, old: Any, value: Any) -> str | None:
        """The text of a value that may have changed; None if it is as before."""
        kind = type(value)
        if id(kind) in ATOM_IDS:
            record.seen[name] = value
            if type(old) is kind and same_atom(old, value):
                return None
            text = self.values.text(value)
        else:
            record.snapshot = _SNAPSHOTS and record.namespace is None
            entry = value if _is_steady(value, kind) else self.pictures.of(value, kind)
            if entry is old:
                return None
            record.seen[name] = entry
            if alike(old, entry):
                return None
            if name[0] == "." or (name[:2] == "__" and name[-2:] == "__"):
                return None
            text = self.pictures.text(entry, value)
        if name[:2] == "__" and name[-2:] == "__":
            return None
        self.tape.left -= len(name) + len(text) + CHANGE_BYTES
        return text

    def glance(self, record: Frame, frame: FrameType, effect: Effect) -> Changes | None:
        """As `look`, for a frame that ran nothing but one statement of this effect."""
        seen = record.seen
        for name in effect.atoms:
            if id(type(seen.get(name, _MISSING))) not in ATOM_IDS:
                return self.look(record, frame)
        for name in effect.built_in:
            held = seen.get(name, _MISSING)
            if id(held.kind if type(held) is Picture else type(held)) not in _PURE_IDS:
                return self.look(record, frame)
        if not effect.stores and not effect.changes:
            return None
        now, changes = names_of(record, frame), {}
        plain = all([name in now for name in effect.stores])
        for name in effect.stores if plain else ():
            value, old = now[name], seen.get(name, _MISSING)
            if old is not value and (text := self.difference(record, name, old, value)) is not None:
                changes[name] = text
        if not plain or (effect.changes and not self._changed(record, now, effect.changes, changes)):
            return {**changes, **(self.look(record, frame) or {})} or None
        if len(changes) > 1:
            changes = {name: changes[name] for name in now if name in changes}  # in the order of `look`
        if record.snapshot:
            now.clear()
        return changes or None

    def _changed(self, record: Frame, now: dict[str, Any], parts: tuple[Change, ...], changes: Changes) -> bool:
        """Bring pictures up to date after known changes inside containers; False if they are not as plain as they
        look, and then all locals have to be compared."""
        seen, pictures = record.seen, self.pictures
        for part in parts:
            old, value = seen.get(part.name), now.get(part.name)
            if type(old) is not Picture or old.kind is not type(value) or id(old.kind) not in _BUILT_IN_IDS:
                return False
            if part.in_place and not old.flat:
                return False
            new = self._changed_picture(now, part, old, value)
            if new is old:
                continue
            for name, held in seen.items():  # the change shows under every name of the container
                if held is old:
                    seen[name] = new
                    changes[name] = ""
        for name, held in list(seen.items()):  # and in what may hold it
            if type(held) is Picture and not held.flat and name not in changes:
                text = self.difference(record, name, held, now[name])
                if text is not None:
                    changes[name] = text
        for name in [name for name, text in changes.items() if text == ""]:
            changes[name] = text = pictures.text(seen[name], now[name])
            self.tape.left -= len(name) + len(text) + CHANGE_BYTES
        return True

    def _changed_picture(self, now: dict[str, Any], part: Change, old: Picture, value: Any) -> Any:
        """The picture of a container after one statement; `old` if it is as before."""
        pictures = self.pictures
        if part.how != "any" and old.flat and pictures.known.get(id(value)) is old:
            if part.how == "append" and old.kind is list:
                return pictures.appended(old, value)
            if part.how == "store" and (old.kind is list or old.kind is dict):
                key = index_of(part.key, now)
                if type(key) is int or (old.kind is dict and id(type(key)) in ATOM_IDS):
                    return pictures.stored(old, value, key)
        new = pictures.of(value, old.kind)
        return old if alike(old, new) else new


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
