"""Configuration of sources, a class a kind; the choices are YAML files of deskcheck_conf (source)."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from deskcheck_conf.errors import ConfigError
from omegaconf import MISSING

from deskcheck_trainer.nlex.sources import Malformed


class SourceKind(StrEnum):
    folder = "folder"
    functions = "functions"
    package = "package"
    rows = "rows"
    problems = "problems"
    micro = "micro"


@dataclass(kw_only=True)
class SourceConfig:
    """Where programs come from; each kind of source adds its own keys."""

    kind: SourceKind = MISSING
    licence: str | None = None
    """Licence of rows whose file, line or package names none."""
    malformed: Malformed = Malformed.stop


@dataclass(kw_only=True)
class FolderSourceConfig(SourceConfig):
    """`.py` files with inputs beside them, see sources.folder."""

    kind: SourceKind = SourceKind.folder
    path: str = MISSING


@dataclass(kw_only=True)
class FunctionsSourceConfig(SourceConfig):
    """The functions of `.py` files, see sources.functions; `imports` says what else they may import."""

    kind: SourceKind = SourceKind.functions
    path: str = MISSING


@dataclass(kw_only=True)
class PackageSourceConfig(SourceConfig):
    """The functions of an installed package, which is read and not imported."""

    kind: SourceKind = SourceKind.package
    package: str = MISSING
    """Import name: `networkx`, `networkx.utils`."""


@dataclass(kw_only=True)
class RowFilesConfig(SourceConfig):
    """Where rows lie: a JSONL (also .gz) or Parquet file, a folder of them, or a hub id."""

    path: str = MISSING
    fields: dict[str, str] = field(default_factory=dict)
    """Our name -> the row's key: `{source: code, arguments: input}` reads CRUXEval."""
    split: str = "train"
    """Split of a dataset on the hub."""
    subset: str | None = None
    """Its configuration, where it has several."""


@dataclass(kw_only=True)
class RowsSourceConfig(RowFilesConfig):
    """One program a row, see sources.rows."""

    kind: SourceKind = SourceKind.rows
    entry_point: str | None = None


@dataclass(kw_only=True)
class ProblemsSourceConfig(RowFilesConfig):
    """Problems with solutions, see sources.problems."""

    kind: SourceKind = SourceKind.problems
    explain: int = 3
    """Tests a solution is explained on, public ones first."""
    explain_wrong: bool = True
    """Explain wrong solutions too, each on one test: a model that verifies candidates must follow them."""
    solutions: int = 4
    """Correct solutions a problem, at most (paper, section 3), and as many wrong ones."""
    solve: bool = True
    fix: bool = True

    def __post_init__(self) -> None:
        for key, least in (("explain", 0), ("solutions", 1)):
            if getattr(self, key) < least:
                raise ConfigError(f"source.{key} is {getattr(self, key)}, expected at least {least}")


@dataclass(kw_only=True)
class MicroSourceConfig(SourceConfig):
    """Our micro problems, see sources.micro."""

    kind: SourceKind = SourceKind.micro
    problems: int = MISSING
    explain: int = 3
    """Inputs a reference program is explained on, 0 to 9."""
    near_misses: int = 1
    explain_near_misses: bool = True
    solve: bool = True
    fix: bool = True

    def __post_init__(self) -> None:
        if not 0 <= self.explain <= 9:
            raise ConfigError(f"source.explain is {self.explain}, expected 0 to 9: a micro problem has nine inputs")
        for key, least in (("problems", 1), ("near_misses", 0)):
            if getattr(self, key) < least:
                raise ConfigError(f"source.{key} is {getattr(self, key)}, expected at least {least}")


SOURCES = (
    FolderSourceConfig,
    FunctionsSourceConfig,
    PackageSourceConfig,
    RowsSourceConfig,
    ProblemsSourceConfig,
    MicroSourceConfig,
)
