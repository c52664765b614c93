"""Programs from rows (JSONL, Parquet, a dataset on the hub), under whatever names their keys have."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from deskcheck_tracer.errors import InputError
from deskcheck_tracer.program import Program

from deskcheck_trainer.nlex.row import Rejected
from deskcheck_trainer.nlex.sources.items import Explain, Explore, Item, short, unreadable
from deskcheck_trainer.nlex.sources.row_files import Found, RowFiles

TEXTS = ("source", "stdin", "call", "arguments", "entry_point", "generator", "id", "origin", "licence")
LISTS = ("calls", "inputs")


@dataclass(frozen=True)
class RowsSource:
    """One program a row; other keys of a row are ignored.

    `fields` names the row's key for each of ours: `source` (needed), `stdin`, `call` (an expression), `arguments` (the
    text of `entry_point`'s arguments, as CRUXEval's `input`), `id`, `origin`, `licence`. A row with an `entry_point`
    but no stdin, call or arguments is a function to explore: `calls` (expressions) and `inputs` (texts of arguments)
    are lists of known ones, and `generator` is source text that defines `generate_inputs(rng)`.
    """

    files: RowFiles
    fields: Mapping[str, str] = field(default_factory=dict)
    entry_point: str | None = None
    """Function of rows that do not name their own."""
    licence: str | None = None
    """Licence of rows that do not name their own."""

    def __post_init__(self) -> None:
        known = (*TEXTS, *LISTS)
        if unknown := sorted(set(self.fields) - set(known)):
            raise InputError(f"source.fields has unknown names {unknown}, expected some of {list(known)}.")
        for name in ("arguments", "inputs", "generator"):
            if name in self.fields and not self.entry_point and "entry_point" not in self.fields:
                raise InputError(f"source.fields.{name} needs source.entry_point: the function they are for.")

    def count(self) -> int | None:
        return self.files.count()

    def items(self) -> Iterator[Item | Rejected]:
        """Raises InputError for what is missing or empty, and for malformed rows where `malformed` is `stop`."""
        keys = {self._key(name) for name in (*TEXTS, *LISTS)}
        for row in self.files.rows(keys):
            if isinstance(row, Rejected):
                yield row
                continue
            try:
                yield self._item(row)
            except _Wrong as e:
                yield unreadable(self.files.malformed, row.where, str(e), f"{row.file}:{row.number}")

    def _item(self, row: Found) -> Item:
        got = {name: self._text(row.values, name) for name in TEXTS}
        source, entry_point, call = got["source"], got["entry_point"] or self.entry_point, got["call"]
        if source is None:
            keys = ", ".join(map(repr, row.values)) or "none"
            raise _Wrong(
                f"has no {self._key('source')!r} (keys: {keys}); name the key of the program text in"
                " source.fields.source"
            )
        origin = f"{got['origin'] or row.file}#{got['id'] or row.number}"
        licence = got["licence"] or self.licence
        if got["arguments"] is not None and entry_point:
            call = f"{entry_point}({got['arguments']})"
        if entry_point is None or call is not None or got["stdin"] is not None:
            program = Program(source, stdin=got["stdin"] or "", call=call)
            return Explain(program=program, origin=origin, licence=licence)
        calls = [*self._texts(row.values, "calls"), *(f"{entry_point}({i})" for i in self._texts(row.values, "inputs"))]
        return Explore(
            source=source,
            entry_point=entry_point,
            calls=tuple(calls),
            generator=got["generator"],
            origin=origin,
            licence=licence,
        )

    def _key(self, name: str) -> str:
        return self.fields.get(name, name)

    def _text(self, values: Mapping[str, Any], name: str) -> str | None:
        key = self._key(name)
        value = values.get(key)
        if name == "id" and isinstance(value, int):
            return str(value)
        if value is None or isinstance(value, str):
            return value
        raise _Wrong(f"{key!r} is {_shown(value)}, expected a string")

    def _texts(self, values: Mapping[str, Any], name: str) -> list[str]:
        key = self._key(name)
        value = values.get(key)
        if value is None:
            return []
        if isinstance(value, list) and all(isinstance(one, str) for one in value):
            return value
        raise _Wrong(f"{key!r} is {_shown(value)}, expected a list of strings")


def _shown(value: object) -> str:
    return short(json.dumps(value, default=repr))


class _Wrong(Exception):
    """A row that parses but does not hold what it should; the message says what."""
