"""Which files are recorded besides the program's own, what a trace calls them, and where their sources come from."""

import linecache
import os
import sysconfig
from collections.abc import Iterable
from pathlib import Path
from typing import Any


class Included:
    """The files to record: `main`, and those given by `include` or under one of its folders, less `exclude`.

    Installed packages and the standard library lie under many a project's folder and are left out, unless `include`
    names a place among them.
    """

    def __init__(self, main: str, include: Iterable[str | Path], exclude: Iterable[str | Path] = ()) -> None:
        self.main, self.folder = main, ""
        include = list(include)
        self._names = frozenset(str(path) for path in include)  # cells of a notebook have names that are no paths
        self._include = [_real(path) for path in include]
        self._exclude = [_real(path) for path in exclude]
        self._known: dict[str, bool] = {main: True}

    def wants(self, filename: str) -> bool:
        """Whether frames of this file are recorded."""
        known = self._known.get(filename)
        if known is None:
            known = self._known[filename] = filename in self._names or self._is_wanted(filename)
        return known

    def _is_wanted(self, filename: str) -> bool:
        if filename.startswith("<"):
            return False
        path = _real(filename)
        if any(_inside(path, place) for place in self._exclude):
            return False
        return any(
            _inside(path, folder) and not any(_inside(path, bar) and not _inside(folder, bar) for bar in _INSTALLED)
            for folder in self._include
        )

    def label(self, filename: str) -> str:
        """How a trace names a file: from `folder` (the program's) where it lies below it."""
        path = Path(filename)
        below = self.folder and path.is_relative_to(self.folder)
        return path.relative_to(self.folder).as_posix() if below else filename


class SourceRows:
    """A sink that names files by their labels, and writes the source of each before its first frame."""

    def __init__(self, sink: Any, included: Included) -> None:
        self._sink, self._included = sink, included
        self._told: set[str] = set()
        self._count = 0

    def append(self, row: tuple[Any, ...]) -> None:
        """Take one row; a call's sixth element is its file."""
        self._count += 1
        if row[0] == "call" and row[5] is not None:
            label = self._included.label(row[5])
            if label not in self._told:
                self._told.add(label)
                self._sink.append(("source", label, source_of(row[5])))
            row = (*row[:5], label, *row[6:])
        self._sink.append(row)

    def __len__(self) -> int:
        return self._count


def source_of(filename: str) -> str:
    """The source text of a file, or of a notebook cell; "" if it is not known."""
    return "".join(linecache.getlines(filename))


def _real(path: str | Path) -> str:
    return str(Path(path).resolve())


def _inside(path: str, place: str) -> bool:
    return path == place or path.startswith(place + os.sep)


_INSTALLED = [_real(sysconfig.get_paths()[name]) for name in ("stdlib", "purelib", "platlib")] + [
    _real(Path(__file__).parent)
]
