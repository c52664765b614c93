"""From a source's configuration to the source."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from deskcheck_trainer.nlex.sources import Source
from deskcheck_trainer.nlex.sources.folder import FolderSource
from deskcheck_trainer.nlex.sources.functions import FunctionsSource, package_source
from deskcheck_trainer.nlex.sources.micro import MicroSource
from deskcheck_trainer.nlex.sources.problems import ProblemsSource
from deskcheck_trainer.nlex.sources.row_files import RowFiles
from deskcheck_trainer.nlex.sources.rows import RowsSource
from deskcheck_trainer.source_config import (
    FolderSourceConfig,
    FunctionsSourceConfig,
    MicroSourceConfig,
    PackageSourceConfig,
    ProblemsSourceConfig,
    RowFilesConfig,
    RowsSourceConfig,
    SourceConfig,
)


def make_source(config: SourceConfig, seed: int, imports: Sequence[str] = ()) -> Source:
    """The source that the configuration names; `imports` are modules that harvested functions may need."""
    match config:
        case FolderSourceConfig():
            return FolderSource(Path(config.path), config.licence, config.malformed)
        case FunctionsSourceConfig():
            return FunctionsSource(Path(config.path), tuple(imports), config.licence, config.malformed)
        case PackageSourceConfig():
            return package_source(config.package, tuple(imports), config.licence, config.malformed)
        case RowsSourceConfig():
            return RowsSource(row_files(config), config.fields, config.entry_point, config.licence)
        case ProblemsSourceConfig():
            return ProblemsSource(
                row_files(config),
                config.fields,
                licence=config.licence,
                explain=config.explain,
                explain_wrong=config.explain_wrong,
                solutions=config.solutions,
                solve=config.solve,
                fix=config.fix,
            )
        case MicroSourceConfig():
            return MicroSource(
                problems=config.problems,
                seed=seed,
                explain=config.explain,
                near_misses=config.near_misses,
                explain_near_misses=config.explain_near_misses,
                solve=config.solve,
                fix=config.fix,
            )
    raise TypeError(f"no source for {type(config).__name__}")


def row_files(config: RowFilesConfig) -> RowFiles:
    """Where the rows lie."""
    return RowFiles(config.path, config.malformed, config.split, config.subset)
