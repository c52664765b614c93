"""The functions of a folder of `.py` files or of an installed package, each as a program of its own (harvest.py).

A function comes with the calls that are known of it: its doctests, and calls with literal arguments in its file and in
the tests beside it (`test_foo.py`, `foo_test.py`, there or in a folder `tests`). Test files are not harvested.
"""

from __future__ import annotations

import ast
import builtins
import importlib.metadata
import importlib.util
import platform
import sys
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from deskcheck_tracer.errors import InputError
from deskcheck_tracer.program import Program

from deskcheck_trainer.nlex.row import Reason, Rejected
from deskcheck_trainer.nlex.sources.calls import doctest_calls, literal_calls
from deskcheck_trainer.nlex.sources.harvest import Harvested, Skipped, harvest
from deskcheck_trainer.nlex.sources.items import Explain, Explore, Item, Malformed
from deskcheck_trainer.nlex.sources.licences import folder_licence, metadata_licence, spdx
from deskcheck_trainer.nlex.sources.python_files import python_files, read_python
from deskcheck_trainer.nlex.sources.statements import parse

MAX_CALL = 2_000
"""Characters of a known call: longer ones hand over tables of data."""


@dataclass(frozen=True)
class FunctionsSource:
    """Every function below `folder` that can stand alone; the others are rejected with the reason."""

    folder: Path
    imports: tuple[str, ...] = ()
    """Modules beyond the standard library that functions may import."""
    licence: str | None = None
    """Used where neither the file nor a LICENSE file above it says."""
    malformed: Malformed = Malformed.skip
    name: str = ""
    """What origins begin with; the folder's name if empty."""
    files: tuple[Path, ...] = ()
    """Only these files; all if empty."""

    def count(self) -> int | None:
        return None  # functions are found while reading

    def items(self) -> Iterator[Item | Rejected]:
        """Raises InputError for a missing folder, and for unreadable files where `malformed` is `stop`."""
        for path in self.files or python_files(self.folder):
            if not _is_test(path.relative_to(self.folder)):
                yield from self._file(path)

    def _file(self, path: Path) -> Iterator[Item | Rejected]:
        origin = f"{self.name or self.folder.resolve().name}/{path.relative_to(self.folder).as_posix()}"
        source = read_python(path, self.malformed, origin)
        if isinstance(source, Rejected):
            yield source
            return
        try:
            found = harvest(source, self.imports)
            calls = self._calls(path, source, {f.name for f in found if isinstance(f, Harvested)})
        except (SyntaxError, ValueError, RecursionError, MemoryError) as e:
            yield Rejected(reason=Reason.syntax, detail=f"{type(e).__name__}: {e}", origin=origin)
            return
        licence = spdx(source) or folder_licence(path.parent, self.folder) or self.licence
        for function in found:
            where = f"{origin}:{function.name}"
            if isinstance(function, Skipped):
                reason = Reason.method if function.is_method else Reason.not_alone
                yield Rejected(reason=reason, detail=function.why, origin=where)
            else:
                yield from items_of(function, calls[function.name], where, licence)

    def _calls(self, path: Path, source: str, functions: set[str]) -> dict[str, list[str]]:
        """The calls that are known of each function."""
        calls: dict[str, list[str]] = defaultdict(list)
        if not functions:
            return calls
        for call in doctest_calls(source):
            calls[call.partition("(")[0]].append(call)
        for text in [source, *self._tests(path)]:
            for name, found in literal_calls(text, functions, module=path.stem).items():
                calls[name] += found
        return calls

    def _tests(self, path: Path) -> Iterator[str]:
        names = (f"test_{path.stem}.py", f"{path.stem}_test.py")
        folders = [path.parent, path.parent / "tests", path.parent / "test"]
        if path.parent != self.folder:
            folders += [path.parent.parent / "tests", path.parent.parent / "test"]
        for file in (folder / name for folder in folders for name in names):
            if file.is_file() and isinstance(text := read_python(file, Malformed.skip, ""), str):
                yield text


def items_of(function: Harvested, calls: list[str], origin: str, licence: str | None) -> Iterator[Item | Rejected]:
    """A function to explore; a generator function is consumed, on the calls known of it."""
    known = [call for call in dict.fromkeys(calls) if len(call) <= MAX_CALL and _stands_alone(call, function)]
    if not function.is_generator:
        yield Explore(
            source=function.source, entry_point=function.name, calls=tuple(known), origin=origin, licence=licence
        )
        return
    if not known:
        yield Rejected(reason=Reason.not_alone, detail="a generator that no known call runs", origin=origin)
    for call in known:
        program = Program(function.source, call=f"list({call})")
        yield Explain(program=program, origin=f"{origin}#{call[:200]}", licence=licence)


def _stands_alone(call: str, function: Harvested) -> bool:
    """Whether a call of the whole module finds its names in the function's own."""
    nodes = list(ast.walk(parse(call)))
    own = {n.id for n in nodes if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
    own |= {n.arg for n in nodes if isinstance(n, ast.arg)}
    used = {n.id for n in nodes if isinstance(n, ast.Name)}
    return used <= own | function.bound | set(dir(builtins))


def _is_test(path: Path) -> bool:
    is_named = path.name.startswith("test_") or path.stem.endswith("_test") or path.name == "conftest.py"
    return is_named or bool({"test", "tests"} & {*path.parts[:-1]})


def package_source(
    package: str, imports: tuple[str, ...] = (), licence: str | None = None, malformed: Malformed = Malformed.skip
) -> FunctionsSource:
    """The functions of an installed package or module, found without importing it.

    Origins begin with its distribution and version; its metadata names the licence.

    Raises:
        InputError: there is no such package, or it has no Python source.
    """
    top, *parts = package.split(".")
    folder, files = _place(package, top, parts)
    distribution, found = _distribution(top)
    inside = [top, *parts][:-1] if files else [top, *parts]
    name = "/".join([distribution, *inside] if distribution else inside)
    return FunctionsSource(folder, imports, found or licence, malformed, name=name, files=files)


def _place(package: str, top: str, parts: list[str]) -> tuple[Path, tuple[Path, ...]]:
    """Where a package's files lie: its folder, or the folder of its one file and that file."""
    spec = importlib.util.find_spec(top) if top.isidentifier() else None  # of a top-level name: imports nothing
    if spec is None:
        raise InputError(f"no package {top} is installed (source.package={package}){_hint(top)}")
    roots = list(spec.submodule_search_locations or [])
    place = Path(roots[0]).joinpath(*parts) if roots else Path(spec.origin or "").with_suffix("")
    if place.is_dir() and (roots or parts):
        return place, ()
    file = place.with_name(place.name + ".py")
    if not file.is_file():
        raise InputError(f"source.package={package} has no Python source: it is built in, compiled, or not there.")
    return file.parent, (file,)


def _distribution(top: str) -> tuple[str, str | None]:
    """`name-version` and licence of the distribution that a package belongs to."""
    if top in sys.stdlib_module_names:
        return f"python-{platform.python_version()}", "PSF-2.0"
    names = importlib.metadata.packages_distributions().get(top)
    if not names:
        return "", None
    found = importlib.metadata.distribution(names[0])
    return f"{names[0]}-{found.version}", metadata_licence(found.metadata)


def _hint(name: str) -> str:
    tops = importlib.metadata.packages_distributions()
    of = sorted(top for top, names in tops.items() if name.casefold() in (n.casefold() for n in names))
    return f": the distribution {name} is imported as {', '.join(of)}." if of else ": install it, or correct the name."
