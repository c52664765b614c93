"""The extensions of docs/extending.md do what the page says, each used end to end. (The environment's training is
tests/trainer/test_environment_example.py, beside the tiny model that it needs.)"""

import importlib.util
import json
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from deskcheck_agent import Prompts, SamplingParams, ScriptedSampler
from deskcheck_agent.errors import SamplerError
from deskcheck_agent.problem import load_problems
from deskcheck_evals import evaluate
from deskcheck_evals.benchmarks import BenchmarkConfig
from deskcheck_tracer import Program, record
from deskcheck_trainer.rollout import RolloutEngine
from deskcheck_trainer.sft_config import DatasetConfig
from deskcheck_trainer.sft_data import mixture
from deskcheck_trainer.tasks import load_tasks

EXAMPLES = Path(__file__).resolve().parents[2] / "examples" / "extending"


def load(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"extending_{name}", EXAMPLES / f"{name}.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look there for their annotations
    spec.loader.exec_module(module)
    return module


def test_the_page_shows_every_example() -> None:
    page = (EXAMPLES.parent.parent / "docs/extending.md").read_text()
    assert all(f'--8<-- "examples/extending/{path.name}"' in page for path in EXAMPLES.glob("*.py"))


def test_the_sampler_ranks_by_what_the_command_says() -> None:
    ran = subprocess.run([sys.executable, EXAMPLES / "sampler.py"], capture_output=True, text=True, check=True)
    assert ran.stdout.splitlines() == [
        "'7\\n' -> '7': passes, the model believes",
        "'8\\n' -> '7': fails, the model believes",
    ]


async def test_the_sampler_depends_on_seed_and_index_alone_and_tells_failures() -> None:
    sampler = load("sampler").CommandSampler(sys.executable, "-c", "import sys; print(sys.argv[-1])")
    prompt = [{"role": "user", "content": "?"}]
    [four] = await sampler.sample([prompt], SamplingParams(n=4, seed=5))
    [_, two] = await sampler.sample([prompt, prompt], [SamplingParams(seed=6), SamplingParams(n=2, first=2, seed=5)])
    assert len({each.text for each in four}) == 4 and four[2:] == two
    with pytest.raises(SamplerError, match="exit code 3"):
        await (
            load("sampler")
            .CommandSampler(sys.executable, "-c", "raise SystemExit(3)")
            .sample([prompt], SamplingParams())
        )


def test_the_narrators_rows_are_rows_to_train_on(tmp_path: Path) -> None:
    narrator = load("narrator")
    narrator.main(tmp_path / "rows.jsonl")
    rows: Any = mixture([DatasetConfig(path=str(tmp_path / "rows.jsonl"))], narrations=True, seed=0)
    assert len(rows) == 20
    assert all("<output>" in row["completion"][0]["content"] for row in rows)


def test_the_narrator_proves_what_it_tells() -> None:
    narrator = load("narrator")
    trace = record(Program("s = 0\nfor x in [3, 1]:\n    s += x\nprint(s)\n"))
    text = narrator.tell(trace)
    assert (
        text == "line 1: s is 0\nline 2: x is 3\nline 3: s is 3\nline 2: x is 1\nline 3: s is 4\n<output>\n4\n</output>"
    )
    assert narrator.is_true(text, trace)
    for true, false in [("s is 3", "s is 5"), ("line 3", "line 2"), ("\n4\n", "\n5\n"), ("line 1: s is 0\n", "")]:
        assert not narrator.is_true(text.replace(true, false, 1), trace), false


def test_the_benchmark_is_measured(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "problems.jsonl"
    load("benchmark").main(str(EXAMPLES / "exercises.jsonl"), str(path))
    assert capsys.readouterr().out == "2 problems, 2 rows left out\n"
    assert [(problem.id, problem.entry_point) for problem in load_problems(path)] == [
        ("double", "double"),
        ("joined", "joined"),
    ]
    script = tmp_path / "script.jsonl"  # the same answer to every question; `double` it solves
    script.write_text(json.dumps("```python\ndef double(n):\n    return 2 * n\n```\n<output>\n4\n</output>") + "\n")
    words = [
        "task=self_verify",
        "benchmark=problems",
        f"benchmark.path={path}",
        f"sampler.script={script}",
        "candidates=5",
    ]
    assert evaluate.main([*words, f"output_root={tmp_path}", "wandb=disabled", "resamples=100"]) == 0
    [done] = tmp_path.glob("*/done.json")
    summary = json.loads(done.read_text())["summary"]
    assert summary["rows"] == 2 and summary["measures"]["pass@1"]["mean"] == 0.5


async def test_the_environment_pays_by_the_part_and_its_gold_scores_one() -> None:

    own = load("environment")
    assert own.credit("26\n", "26") == own.credit("", "") == 1
    assert own.credit("26", "27") == 0 and own.credit("26", "") == own.credit("26", "31") == -1
    assert own.credit("26", "261") == pytest.approx(0.6)
    tasks = load_tasks("output_prediction", BenchmarkConfig(split="train", limit=5))
    sampler = ScriptedSampler([f"<output>\n{tasks[0].gold}</output>"])
    engine = RolloutEngine([own.PartialCredit(Prompts.load("micro"))], sampler, SamplingParams())
    assert await engine.prove(tasks) == 5
    [group] = await engine.run(tasks[:1], 2)
    assert group.rewards() == [1.0, 1.0] and group.rollouts[0].metrics == {"pass": 1.0}
