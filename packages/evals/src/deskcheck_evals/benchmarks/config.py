"""The configuration of a benchmark, checked against by every `benchmark/*.yaml`."""

from dataclasses import MISSING, dataclass, field, fields
from datetime import date
from enum import StrEnum

from deskcheck_conf.errors import ConfigError

SPLITS = ("train", "validation", "test")
DMC = "validation+test"
"""Of CodeContests: what the paper calls DMC."""


class BenchmarkName(StrEnum):
    micro = "micro"
    """Made here: statement, reference program, tests. Problems and items."""
    cruxeval_o = "cruxeval_o"
    """CRUXEval output prediction, from a JSONL file or the hub. Items."""
    cruxeval_i = "cruxeval_i"
    """The same rows, for task input_prediction. Items."""
    problems = "problems"
    """A JSONL file of problems (`Problem.to_json`). Problems."""
    programs = "programs"
    """A JSONL file of programs with their inputs. Items."""
    candidates = "candidates"
    """What models wrote in finished self_verify runs, on the public tests. Items."""
    livecodebench = "livecodebench"
    """LiveCodeBench, code generation, any release. Problems."""
    codecontests = "codecontests"
    """CodeContests, as Parquet files, JSONL or from the hub. Problems."""
    evalplus = "evalplus"
    """HumanEval(+) or MBPP(+) in evalplus's JSONL. Problems."""
    apps = "apps"
    """APPS and what is written like it (TACO). Problems."""
    codejam = "codejam"
    """Contest rows with public and private tests, such as Code Jam's archive. Problems."""
    humaneval = "humaneval"
    """task=no_regression: lm-eval's HumanEval."""
    humaneval_plus = "humaneval_plus"
    """task=no_regression: lm-eval's HumanEval+."""
    mbpp = "mbpp"
    """task=no_regression: lm-eval's MBPP."""
    gsm8k = "gsm8k"
    """task=no_regression: lm-eval's GSM8k."""
    math500 = "math500"
    """task=no_regression: lm-eval's MATH-500."""


class TestType(StrEnum):
    """Which problems of LiveCodeBench."""

    __test__ = False  # pytest would take the name for a test class

    all = "all"
    stdin = "stdin"
    """Programs from standard input to standard output."""
    functional = "functional"
    """A method of a class."""


PUBLISHED = (
    BenchmarkName.livecodebench,
    BenchmarkName.codecontests,
    BenchmarkName.evalplus,
    BenchmarkName.apps,
    BenchmarkName.codejam,
)
KEYS_OF = {
    "from_date": (BenchmarkName.livecodebench,),
    "to_date": (BenchmarkName.livecodebench,),
    "testtype": (BenchmarkName.livecodebench,),
    "public_tests": (BenchmarkName.apps,),
    "public_only": (BenchmarkName.codejam,),
    "max_tests": PUBLISHED,
    "runs": (BenchmarkName.candidates,),
}
"""Keys that only some benchmarks read; for others they are refused, not ignored."""


@dataclass(kw_only=True)
class BenchmarkConfig:
    """What to measure on."""

    name: BenchmarkName = BenchmarkName.micro
    path: str | None = None
    """A file, a folder of files, or a hub id; micro needs none."""
    split: str = "test"
    """train, validation or test (micro, codecontests, the hub); codecontests also validation+test, the paper's DMC."""
    limit: int | None = None
    """Only the first so many problems or items; of candidates, the items of so many problems of each run."""
    seed: int = 0
    """micro: which problems are drawn."""
    inputs: int = 1
    """micro items: how many of a problem's inputs are asked for."""
    exclude: str | None = None
    """A file of ids to leave out, one a line; what follows a # is a remark."""
    exclude_ids: list[str] = field(default_factory=list)
    """Ids to leave out, beside those of `exclude`."""
    max_tests: int | None = None
    """Only the first so many private tests of a problem."""
    from_date: str | None = None
    """livecodebench: contests of this day (YYYY-MM-DD) and later."""
    to_date: str | None = None
    """livecodebench: contests before this day."""
    testtype: TestType = TestType.all
    """livecodebench: which problems."""
    public_tests: int = 0
    """apps, whose rows do not tell them apart: so many tests, the first ones, are public and the others private."""
    runs: list[str] = field(default_factory=list)
    """candidates: folders of finished self_verify runs."""
    public_only: bool = False
    """codejam: grade by the public tests, for rows that have no others. Every table says so."""

    def __post_init__(self) -> None:
        self._check_collections()
        splits = (*SPLITS, DMC) if self.name is BenchmarkName.codecontests else SPLITS
        if self.split not in splits:
            raise ConfigError(f"benchmark.split is {self.split!r}, expected one of {', '.join(splits)}")
        if self.limit is not None and self.limit < 1:
            raise ConfigError(f"benchmark.limit is {self.limit}, expected 1 or more, or null for all")
        if self.inputs < 1:
            raise ConfigError(f"benchmark.inputs is {self.inputs}, expected 1 or more")
        if self.name is BenchmarkName.candidates:
            if not self.runs:
                raise ConfigError("benchmark.name=candidates needs runs: pass benchmark.runs=[outputs/RUN]")
        elif self.name is not BenchmarkName.micro and not self.path:
            raise ConfigError(f"benchmark.name={self.name} needs a file: pass benchmark.path=FILE.jsonl")

    def _check_collections(self) -> None:
        for key, names in KEYS_OF.items():
            if getattr(self, key) != _DEFAULTS[key] and self.name not in names:
                raise ConfigError(f"benchmark.{key} is for {', '.join(names)}, and benchmark.name is {self.name}")
        for name in ("from_date", "to_date"):
            day = getattr(self, name)
            try:
                date.fromisoformat(day or "2000-01-01")
            except ValueError:
                raise ConfigError(f"benchmark.{name} is {day!r}, expected a day such as 2024-08-01") from None
        if self.max_tests is not None and self.max_tests < 1:
            raise ConfigError(f"benchmark.max_tests is {self.max_tests}, expected 1 or more, or null for all")
        if self.public_tests < 0:
            raise ConfigError(f"benchmark.public_tests is {self.public_tests}, expected 0 or more")


_DEFAULTS = {
    entry.name: entry.default if entry.default_factory is MISSING else entry.default_factory()
    for entry in fields(BenchmarkConfig)
}
