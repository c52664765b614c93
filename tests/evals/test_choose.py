"""A temperature is chosen on validation problems, once, by the headline number, and never on what is measured."""

import json
from pathlib import Path

import pytest
from deskcheck_agent import ScriptedSampler
from deskcheck_conf import ConfigError, load_config
from deskcheck_evals.benchmarks import BenchmarkConfig
from deskcheck_evals.choose import refuse_shared, told_choice, with_chosen_temperature
from deskcheck_evals.config import EvalConfig
from deskcheck_evals.errors import EvalError
from deskcheck_evals.evaluate import main
from deskcheck_evals.report import main as report
from deskcheck_evals.results import last_run, read_result
from deskcheck_evals.runner import Runner
from deskcheck_evals.samplers import Samplers

QUIET = ["wandb=disabled", "resamples=50", "attempts=2", "task=output_prediction"]


class CoolSamplers(Samplers):
    """Right at low temperatures alone; counts what it was asked."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.asked: list[float] = []

    def get(self, config, benchmark, prompts, seed):
        def answer(messages, params, index):
            self.asked.append(params.temperature)
            return "<output>\n1\n</output>" if params.temperature < 0.8 else "<output>\n2\n</output>"

        return ScriptedSampler(answer)


def programs(path: Path, *sources: str) -> str:
    rows = [{"source": source, "stdin": "", "output": "1\n", "id": str(i)} for i, source in enumerate(sources)]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return str(path)


def config(tmp_path: Path, *more: str) -> EvalConfig:
    test = programs(tmp_path / "test.jsonl", "print(1)", "print(1)  # 2")
    validation = programs(tmp_path / "validation.jsonl", "print(1)  # 3", "print(1)  # 4")
    words = [
        "benchmark=programs", f"benchmark.path={test}", "benchmark@choose.benchmark=programs",
        f"choose.benchmark.path={validation}", "choose.temperatures=[1.0,0.6,0.3]", "count_steps=false",
        f"output_root={tmp_path}", "run_name=x",
    ]  # fmt: skip
    return load_config("eval", EvalConfig, [*QUIET, *words, *more])


def test_the_best_on_validation_is_used_and_told(tmp_path, capsys):
    samplers, home = CoolSamplers(tmp_path), tmp_path / "x-s0"
    runner = with_chosen_temperature(Runner(config(tmp_path), home, samplers), home)
    assert runner.config.sampling.temperature == runner.config.simulating.temperature == 0.6, "the first of the best"
    assert sorted(samplers.asked) == [0.3] * 4 + [0.6] * 4 + [1.0] * 4
    chosen = runner.header["chosen"]
    assert chosen["measure"] == "pass@1" and chosen["benchmark"].endswith("validation.jsonl")
    assert {name: score["mean"] for name, score in chosen["scores"].items()} == {"1": 0.0, "0.6": 1.0, "0.3": 1.0}
    assert runner.header["settings"]["sampling"]["temperature"] == 0.6 and runner.header["data"] != chosen["data"]
    assert told_choice(chosen).startswith("temperature 0.6 chosen on programs")
    again = CoolSamplers(tmp_path)
    assert with_chosen_temperature(Runner(config(tmp_path), home, again), home).header == runner.header
    assert again.asked == [], "what was measured is not measured again"


def test_killed_in_the_middle_it_goes_on(tmp_path):
    home = tmp_path / "x-s0"
    with_chosen_temperature(Runner(config(tmp_path), home, CoolSamplers(tmp_path)), home)
    path = home / "choose" / "temperature-0.6" / "rows.jsonl"
    path.write_bytes(path.read_bytes()[:-20])
    again = CoolSamplers(tmp_path)
    with_chosen_temperature(Runner(config(tmp_path), home, again), home)
    assert again.asked == [0.6] * 2


def test_without_temperatures_nothing_is_chosen(tmp_path):
    runner = Runner(config(tmp_path, "choose.temperatures=[]"), tmp_path, CoolSamplers(tmp_path))
    assert with_chosen_temperature(runner, tmp_path) is runner and "chosen" not in runner.header


def test_a_program_of_the_measured_ones_is_refused(tmp_path):
    programs(tmp_path / "validation.jsonl", "print(1)  # 3")
    settings = config(tmp_path)
    programs(tmp_path / "validation.jsonl", "print(1)  # 3", "print(1)")
    with pytest.raises(EvalError, match=r"shares 1 problems .*such as '0'.*other problems"):
        with_chosen_temperature(Runner(settings, tmp_path, CoolSamplers(tmp_path)), tmp_path)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["choose.benchmark.split=test"], "never on those of a test"),
        (
            ["benchmark@choose.benchmark=dmc", "choose.benchmark.path=x", "choose.benchmark.split=validation+test"],
            "never on those of a test",
        ),
        (["choose.temperatures=[0.6,0.6]"], "expected each once"),
        (["choose.temperatures=[-1.0]"], "numbers of 0 or more"),
    ],
)
def test_a_test_split_is_refused(words, message):
    with pytest.raises(ConfigError, match=message):
        load_config("eval", EvalConfig, ["choose.temperatures=[0.6,1.0]", *words])


def test_micro_validation_shares_nothing_with_micro_test(tmp_path):
    settings = load_config("eval", EvalConfig, ["task=self_verify", "benchmark.limit=30"])
    validation = Runner(settings, tmp_path, Samplers(tmp_path))
    validation.problems = Runner(
        load_config("eval", EvalConfig, ["benchmark.split=validation", "benchmark.limit=30"]),
        tmp_path,
        Samplers(tmp_path),
    ).problems
    refuse_shared(Runner(settings, tmp_path, Samplers(tmp_path)), validation)
    with pytest.raises(EvalError, match="shares 30 problems"):
        refuse_shared(validation, validation)


def test_from_the_command_line_to_the_report(tmp_path, capsys):
    words = ["limit=2", "choose.temperatures=[0.6,1.0]", "choose.benchmark.limit=3", "run_name=c", "count_steps=false"]
    assert main([*QUIET, *words, f"output_root={tmp_path}"]) == 0
    assert "temperature 0.6 chosen on micro validation" in capsys.readouterr().out
    done = json.loads((tmp_path / "c-s0" / "done.json").read_text())["summary"]
    assert done["chosen"] == read_result(tmp_path / "c-s0").header["chosen"]
    assert last_run(tmp_path) == tmp_path / "c-s0", "what was measured to choose is no run"
    assert report([f"output_root={tmp_path}", "wandb=disabled", "resamples=50"]) == 0
    assert "Temperatures on validation problems" in capsys.readouterr().out


def test_validation_problems_have_a_split_of_their_own():
    assert BenchmarkConfig().split == "test"
    assert load_config("eval", EvalConfig, []).choose.benchmark.split == "validation"
