"""A temperature chosen on validation problems: measured there with each, before anything else is measured.

The one with the best headline number (best@k simulate, submitted pass@1 or pass@1) is used for programs and for
predictions; of equal ones the first that was named. What each scored, and on what, goes into the header of the rows.
The measurements are runs of their own below the run's folder (choose/temperature-0.6/), killed and continued like it.
Problems of the benchmark that is measured are refused: a temperature chosen on them would be chosen on the test.
"""

from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import asdict, replace
from pathlib import Path

from deskcheck_agent.problem import Problem
from deskcheck_conf import ConfigError
from deskcheck_conf.files import only_one

from deskcheck_evals.benchmarks import PredictionItem
from deskcheck_evals.benchmarks.collection import normalised
from deskcheck_evals.choices import Choices
from deskcheck_evals.config import ChooseConfig, EvalConfig
from deskcheck_evals.errors import EvalError
from deskcheck_evals.header import benchmark_label
from deskcheck_evals.measures import Measure, Statistics, headline
from deskcheck_evals.results import CHOOSING, read_result
from deskcheck_evals.rows import Json
from deskcheck_evals.runner import Runner
from deskcheck_evals.tables import Options, measured
from deskcheck_evals.tasks.gathering import Unscored

KS = tuple(range(1, 11))


def with_chosen_temperature(runner: Runner, home: Path) -> Runner:
    """The runner at the temperature that is best on `choose.benchmark`; as it is, where there is nothing to choose.

    `home` is the folder of the whole run. Raises EvalError for validation problems that are also measured on.
    """
    config = runner.config
    if not config.choose.temperatures:
        return runner
    if config.candidates_from is not None:
        raise ConfigError(
            "choose.temperatures is for programs that are sampled, and candidates_from takes stored ones: pass "
            "simulating.temperature"
        )
    validation = Runner(_on_validation(config), home, runner.samplers)
    refuse_shared(runner, validation)
    place = home / CHOOSING
    if config.shard is not None:  # the first shard chooses, the others wait and find it done
        place.mkdir(parents=True, exist_ok=True)
    with only_one(place / ".lock") if config.shard is not None else nullcontext():
        found = {each: _measured(validation, each, place) for each in config.choose.temperatures}
    best = max(found, key=lambda each: found[each].interval.mean)  # the first of equal ones
    chosen: Json = {
        "temperature": best,
        "measure": found[best].name,
        "benchmark": benchmark_label(validation.config.benchmark),
        "data": validation.header["data"],
        "scores": {f"{each:g}": asdict(measure.interval) for each, measure in found.items()},
    }
    return runner.at_temperature(best, chosen)


def told_choice(chosen: Json) -> str:
    """The choice in one sentence."""
    scores = ", ".join(f"{each}: {100 * score['mean']:.1f}" for each, score in chosen["scores"].items())
    return f"temperature {chosen['temperature']:g} chosen on {chosen['benchmark']} by {chosen['measure']} ({scores})"


def _on_validation(config: EvalConfig) -> EvalConfig:
    """The same measurement on the validation problems, in one piece."""
    return replace(config, benchmark=config.choose.benchmark, limit=None, choose=ChooseConfig(), shard=None)


def _measured(validation: Runner, temperature: float, place: Path) -> Measure:
    runner = validation.at_temperature(temperature).in_folder(place / f"temperature-{temperature:g}")
    config = runner.config
    runner.complete(Unscored(config.max_unscored), f"choosing: temperature {temperature:g}")
    statistics = Statistics(config.resamples, config.seed)
    return headline(measured(read_result(runner.folder), Options(config.combine, KS, statistics, Choices.of(config))))


def refuse_shared(runner: Runner, validation: Runner) -> None:
    """EvalError if a program, or a problem's statement with one of its inputs, is on both sides."""
    known = {mark for one in validation.work for mark in _marks(one)}
    shared = [one.id for one in runner.work if not known.isdisjoint(_marks(one))]
    if shared:
        raise EvalError(
            f"choose.benchmark shares {len(shared)} problems with the benchmark that is measured (such as "
            f"{shared[0]!r}), expected other problems: a temperature chosen on the test makes its numbers too good; "
            "name validation problems by choose.benchmark.path or choose.benchmark.split"
        )


def _marks(one: PredictionItem | Problem) -> Sequence[tuple[str, str]]:
    if isinstance(one, PredictionItem):
        return [(one.program.source, "")]
    return [(normalised(one.statement), test.input.strip()) for test in (*one.public_tests, *one.private_tests)]
