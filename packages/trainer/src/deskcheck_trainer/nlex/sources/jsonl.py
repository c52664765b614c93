"""Programs from a JSONL file, one a line, under whatever names its keys have."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from deskcheck_tracer.errors import InputError
from deskcheck_tracer.program import Program

from deskcheck_trainer.nlex.row import Rejected
from deskcheck_trainer.nlex.sources.items import Explain, Item, Malformed, short, unreadable
from deskcheck_trainer.nlex.sources.lines import open_lines, read_lines


@dataclass(frozen=True)
class JsonlSource:
    """Programs from a JSONL file (also `.jsonl.gz`), one a line; other keys of a line are ignored.

    `fields` names the file's key for each of ours: `source` (needed), `stdin`, `call`, `arguments` (call arguments of
    `entry_point`, as CRUXEval's `input`), `id`, `origin`, `licence`.
    """

    path: Path
    fields: Mapping[str, str] = field(default_factory=dict)
    entry_point: str | None = None
    """Function that `arguments` are for."""
    licence: str | None = None
    malformed: Malformed = Malformed.stop

    NAMES = ("source", "stdin", "call", "arguments", "id", "origin", "licence")

    def __post_init__(self) -> None:
        if unknown := sorted(set(self.fields) - set(self.NAMES)):
            raise InputError(f"source.fields has unknown names {unknown}, expected some of {list(self.NAMES)}.")
        if "arguments" in self.fields and not self.entry_point:
            raise InputError("source.fields.arguments needs source.entry_point: the function they are for.")

    def count(self) -> int | None:
        with open_lines(self.path) as file:
            return sum(block.count(b"\n") for block in iter(lambda: file.read(1 << 20), b""))

    def items(self) -> Iterator[Item | Rejected]:
        """Raises InputError for a missing or empty file, and for malformed lines where `malformed` is `stop`."""
        if self.path.is_file() and not self.path.stat().st_size:
            raise InputError(f"{self.path} is empty (source.path): expected a JSONL file with one program a line.")
        for line in read_lines(self.path, self.malformed):
            if isinstance(line, Rejected):
                yield line
                continue
            number, values = line
            try:
                yield self._item(number, values)
            except _Wrong as e:
                yield unreadable(self.malformed, f"{self.path}:{number}", str(e), f"{self.path.name}:{number}")

    def _item(self, number: int, values: dict[str, object]) -> Explain:
        got = {name: self._text(values, name) for name in self.NAMES}
        if got["source"] is None:
            keys = ", ".join(map(repr, values)) or "none"
            wanted = self.fields.get("source", "source")
            raise _Wrong(f"has no {wanted!r} (keys: {keys}); name the key of the program text in source.fields.source")
        call = got["call"]
        if got["arguments"] is not None and self.entry_point:
            call = f"{self.entry_point}({got['arguments']})"
        program = Program(got["source"], stdin=got["stdin"] or "", call=call)
        origin = f"{got['origin'] or self.path.name}#{got['id'] or number}"
        return Explain(program=program, origin=origin, licence=got["licence"] or self.licence)

    def _text(self, values: dict[str, object], name: str) -> str | None:
        key = self.fields.get(name, name)
        value = values.get(key)
        if name == "id" and isinstance(value, int):
            return str(value)
        if value is None or isinstance(value, str):
            return value
        raise _Wrong(f"{key!r} is {short(json.dumps(value))}, expected a string")


class _Wrong(Exception):
    """A line that parses but does not hold what it should; the message says what."""
