"""The configuration of a benchmark, checked against by every `benchmark/*.yaml`."""

from dataclasses import dataclass
from enum import StrEnum

from deskcheck_conf.errors import ConfigError

SPLITS = ("train", "validation", "test")


class BenchmarkName(StrEnum):
    micro = "micro"
    """Made here: statement, reference program, tests. Problems and items."""
    cruxeval_o = "cruxeval_o"
    """CRUXEval output prediction, from a JSONL file or the hub. Items."""
    problems = "problems"
    """A JSONL file of problems (`Problem.to_json`). Problems."""
    programs = "programs"
    """A JSONL file of programs with their inputs. Items."""


@dataclass(kw_only=True)
class BenchmarkConfig:
    """What to measure on."""

    name: BenchmarkName = BenchmarkName.micro
    path: str | None = None
    """A file, or for cruxeval_o a hub id; micro needs none."""
    split: str = "test"
    """train, validation or test (micro and the hub)."""
    limit: int | None = None
    """Only the first so many problems or items."""
    seed: int = 0
    """micro: which problems are drawn."""
    inputs: int = 1
    """micro items: how many of a problem's inputs are asked for."""

    def __post_init__(self) -> None:
        if self.split not in SPLITS:
            raise ConfigError(f"benchmark.split is {self.split!r}, expected one of {', '.join(SPLITS)}")
        if self.limit is not None and self.limit < 1:
            raise ConfigError(f"benchmark.limit is {self.limit}, expected 1 or more, or null for all")
        if self.inputs < 1:
            raise ConfigError(f"benchmark.inputs is {self.inputs}, expected 1 or more")
        if self.name is not BenchmarkName.micro and not self.path:
            raise ConfigError(f"benchmark.name={self.name} needs a file: pass benchmark.path=FILE.jsonl")
