"""A folder of `.py` files with inputs beside them: standard input, call expressions, doctests."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from deskcheck_tracer.program import Program

from deskcheck_trainer.nlex.row import Rejected
from deskcheck_trainer.nlex.sources.calls import doctest_calls, without_main
from deskcheck_trainer.nlex.sources.items import Explain, Item, Malformed, short, unreadable
from deskcheck_trainer.nlex.sources.licences import spdx
from deskcheck_trainer.nlex.sources.lines import read_lines
from deskcheck_trainer.nlex.sources.python_files import python_files, read_python


@dataclass(frozen=True)
class FolderSource:
    """Every `foo.py` below `folder`, with the inputs that lie beside it.

    Inputs: `foo.in` and `foo.*.in` (stdin), `foo.inputs.jsonl` (`{"stdin": ...}` or `{"call": ...}` a line), and the
    doctests of its functions (call expressions). A file with none of these runs once, on empty stdin. For a call the
    file is a module: its `if __name__ == "__main__":` block is left out.
    """

    folder: Path
    licence: str | None = None
    """Used where a file has no `SPDX-License-Identifier` line of its own."""
    malformed: Malformed = Malformed.stop

    def count(self) -> int | None:
        return None  # doctests and input files are found while reading

    def items(self) -> Iterator[Item | Rejected]:
        """Raises InputError for a missing folder, and for unreadable files where `malformed` is `stop`."""
        for path in python_files(self.folder):
            yield from self._file(path)

    def _file(self, path: Path) -> Iterator[Item | Rejected]:
        origin = f"{self.folder.resolve().name}/{path.relative_to(self.folder).as_posix()}"
        source = read_python(path, self.malformed, origin)
        if isinstance(source, Rejected):
            yield source
            return
        licence = spdx(source) or self.licence
        for item in self._inputs(path, source):
            if isinstance(item, Rejected):
                yield item
            else:
                name, program = item
                yield Explain(program=program, origin=f"{origin}#{name}" if name else origin, licence=licence)

    def _inputs(self, path: Path, source: str) -> Iterator[tuple[str, Program] | Rejected]:
        found = False
        for file in [path.with_suffix(".in"), *sorted(path.parent.glob(f"{_escaped(path.stem)}.*.in"), key=natural)]:
            if file.is_file():
                found = True
                yield self._stdin(file, source)
        listed = path.with_suffix(".inputs.jsonl")
        if listed.is_file():
            found = True
            yield from self._listed(listed, source)
        for call in doctest_calls(source):
            found = True
            yield call, Program(without_main(source), call=call)
        if not found:
            yield "", Program(source)

    def _stdin(self, file: Path, source: str) -> tuple[str, Program] | Rejected:
        try:
            return file.name, Program(source, stdin=file.read_text(encoding="utf-8"))
        except UnicodeDecodeError as e:
            return unreadable(self.malformed, file, f"not UTF-8 text ({e})", file.name)

    def _listed(self, file: Path, source: str) -> Iterator[tuple[str, Program] | Rejected]:
        for line in read_lines(file, self.malformed):
            if isinstance(line, Rejected):
                yield line
                continue
            number, values = line
            if len(values) == 1 and isinstance(values.get("stdin", values.get("call")), str):
                text = without_main(source) if "call" in values else source
                yield f"{file.name}:{number}", Program(text, **values)  # type: ignore[arg-type]
            else:
                wanted = f'expected {{"stdin": "..."}} or {{"call": "..."}}, got {short(json.dumps(values))}'
                yield unreadable(self.malformed, f"{file}:{number}", wanted, f"{file.name}:{number}")


def natural(path: Path) -> list[tuple[bool, int, str]]:
    """Sort key that puts `a.2.in` before `a.10.in`."""
    return [(p.isdigit(), int(p) if p.isdigit() else 0, p) for p in re.split(r"([0-9]+)", path.name)]


def _escaped(stem: str) -> str:
    return re.sub(r"([*?\[])", r"[\1]", stem)
