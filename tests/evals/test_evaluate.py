"""`deskcheck-eval` from the command line with the scripted twin, in the real sandbox: all tasks, resuming, refusals."""

import json
from dataclasses import fields

import pytest
from deskcheck_agent.feedback import Combine
from deskcheck_conf import ModelConfig, SamplerConfig, load_config
from deskcheck_evals.config import EvalConfig
from deskcheck_evals.evaluate import main
from deskcheck_evals.measures import Statistics, transitions
from deskcheck_evals.results import fixes, pools, predictions, read_result
from deskcheck_evals.tables import Options, measured

SMALL = [
    "wandb.mode=disabled", "benchmark.limit=3", "candidates=4", "predictions=3", "attempts=5", "resamples=200",
]  # fmt: skip


def run(tmp_path, *more):
    return main([*SMALL, f"output_root={tmp_path}", *more])


def folder(tmp_path):
    [found] = tmp_path.glob("*/rows.jsonl")
    return found.parent


def test_self_verify_stores_pools_that_every_selection_can_be_made_from(tmp_path, capsys):
    assert run(tmp_path, "task=self_verify") == 0
    out = capsys.readouterr().out
    assert "best@4 simulate" in out and "not a model" in out, "scripted runs are marked"
    result = read_result(folder(tmp_path))
    made = pools(result)
    assert len(made) == 3 and all(len(pool.candidates) == 4 for pool in made)
    for candidate in (candidate for pool in made for candidate in pool.candidates):
        assert len(candidate.public) == len(candidate.predicted) == 3
        assert all(len(attempts) == 3 for attempts in candidate.predicted)
        assert all(candidate.public) or not candidate.passed, "micro: what passes in private passes in public"
    done = json.loads((folder(tmp_path) / "done.json").read_text())["summary"]
    assert done["unscored"] == 0 and done["measures"]["pass@1"]["problems"] == 3


def test_output_prediction_counts_lines_and_baselines(tmp_path, capsys):
    assert run(tmp_path, "task=output_prediction") == 0
    assert "majority output" in capsys.readouterr().out
    rows = predictions(read_result(folder(tmp_path)))
    assert all(len(row.right) == 5 and row.steps and row.steps > 1 for row in rows)


def test_input_prediction_asks_for_inputs_and_runs_them(tmp_path, capsys):
    assert run(tmp_path, "task=input_prediction") == 0
    assert "majority input" in capsys.readouterr().out
    rows = predictions(read_result(folder(tmp_path)))
    assert all(len(row.right) == len(row.ends) == 5 and row.steps and row.steps > 1 for row in rows)
    assert all(row.baselines["true input"] == "right" for row in rows)
    assert any(any(row.right) for row in rows)


@pytest.mark.parametrize("feedback", ["simulated", "executed", "none"])
def test_self_fix_under_each_feedback(tmp_path, capsys, feedback):
    assert run(tmp_path, "task=self_fix", f"feedback={feedback}", "max_turns=3", "trajectories=2") == 0
    result = read_result(folder(tmp_path))
    rows = fixes(result)
    assert len(rows) == 6 and all(1 <= row.turns <= 3 for row in rows)
    table = transitions(rows, measured(result, Options(Combine.mean, (1,), Statistics(100))))["private"]
    if feedback == "none":
        assert table.FP == table.PF == 0 and {row.status for row in rows} == {"single_turn"}
    assert (folder(tmp_path) / "trajectories.jsonl").exists()


def test_a_killed_run_continues_to_the_same_rows(tmp_path, capsys):
    assert run(tmp_path, "task=self_verify") == 0
    path = folder(tmp_path) / "rows.jsonl"
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    assert run(tmp_path, "task=self_verify") == 0
    again = path.read_bytes()
    assert sorted(again.splitlines()) == sorted(whole.splitlines())
    assert run(tmp_path, "task=self_verify") == 0
    assert path.read_bytes() == again, "nothing is left to do, so nothing is done"


def test_cruxeval_rows_are_asked_in_the_words_of_the_mode(tmp_path, capsys):
    data = tmp_path / "crux.jsonl"
    row = {"id": "s0", "code": "def f(a):\n    return a + [1]", "input": "[3]", "output": "[3, 1]"}
    data.write_text(json.dumps(row) + "\n")
    script = tmp_path / "script.jsonl"
    script.write_text('"<output>\\n[3,1]\\n</output>"\n"<output>\\n[3, 1.0]\\n</output>"\n"no idea"\n')
    arguments = [
        "task=output_prediction", "benchmark=cruxeval_o", f"benchmark.path={data}", "mode=direct", "attempts=3",
        f"sampler.script={script}", "prompts=default", "run_name=crux",
    ]  # fmt: skip
    assert run(tmp_path, *arguments) == 0
    [predicted] = predictions(read_result(tmp_path / "crux-s0"))
    assert predicted.right == (True, False, False), "another spelling is right, another type is not"
    assert predicted.statuses == ("ok", "ok", "missing")


def test_predicted_inputs_of_cruxeval_are_run_and_counted_by_how_they_end(tmp_path, capsys):
    data, script = tmp_path / "crux.jsonl", tmp_path / "script.jsonl"
    rows = [
        {"id": "s0", "code": "def f(a, b=1):\n    return a + [b]", "input": "[3]", "output": "[3, 1]"},
        {"id": "s1", "code": "def f(a, b=[]):\n    return a + b", "input": "[3, 1]", "output": "[3, 1]"},
    ]
    data.write_text("".join(json.dumps(row) + "\n" for row in rows))
    calls = [
        "f([3])",
        "f([3], b=1)",
        "[3.0]",
        "f(f)",
        "f(",
        "f(type('L', (list,), {'__add__': lambda s, o: [3, 1]})())",
    ]
    script.write_text("".join(json.dumps(f"so\n<input>\n{call}\n</input>") + "\n" for call in calls) + '"no idea"\n')
    arguments = [
        "experiment=eval/cruxeval-i", f"benchmark.path={data}", "mode=direct", "attempts=7", "sampler=scripted",
        f"sampler.script={script}", "run_name=crux",
    ]  # fmt: skip
    assert run(tmp_path, *arguments) == 0
    assert "copy output" in capsys.readouterr().out
    first, second = sorted(predictions(read_result(tmp_path / "crux-s0")), key=lambda row: row.id)
    assert first.ends == ("right", "right", "wrong", "not_plain", "unparsable", "wrong", "missing")
    assert first.right == (True, True) + (False,) * 5 and first.statuses == ("ok",) * 6 + ("missing",)
    assert first.baselines == {"true input": "right", "copy output": "wrong", "majority input": "wrong"}
    assert second.ends[:2] == ("wrong", "raised") and second.baselines["copy output"] == "right"
    assert read_result(tmp_path / "crux-s0").header["simulator"] is None
    before = (tmp_path / "crux-s0/rows.jsonl").read_bytes()
    (tmp_path / "crux-s0/rows.jsonl").write_bytes(before[: -len(before) // 4])
    assert run(tmp_path, *arguments) == 0
    assert sorted((tmp_path / "crux-s0/rows.jsonl").read_bytes().splitlines()) == sorted(before.splitlines())


@pytest.mark.parametrize(
    ("extra", "words"),
    [
        (["task=input_prediction", "benchmark=programs", "benchmark.path=CALLS"], "evaluates 'f(1)[0]', and an input"),
        (["task=self_verify", "benchmark=cruxeval_o", "benchmark.path=no.jsonl"], "no problems to solve"),
        (["task=output_prediction", "benchmark=cruxeval_o", "benchmark.path=no.jsonl"], "no.jsonl: no such file"),
        (["candidates=0"], "candidates is 0"),
        (["feedback=scheduled"], "for training"),
        (["benchmark.split=dev"], "train, validation, test"),
        (["task=self_verfy"], "self_verfy"),
        (["prompts=nobody"], "prompt set 'nobody'"),
    ],
)
def test_what_is_wrong_is_said_in_one_message_and_nothing_is_left(tmp_path, capsys, extra, words):
    calls = tmp_path / "calls.jsonl"
    calls.write_text(json.dumps({"source": "def f(x):\n    return [x]\n", "call": "f(1)[0]", "output": "1"}) + "\n")
    assert run(tmp_path, *(each.replace("CALLS", str(calls)) for each in extra)) == 2
    error = capsys.readouterr().err
    assert words in error and "Traceback" not in error
    assert not list(tmp_path.glob("*/done.json"))


def test_another_configuration_in_the_folder_is_refused(tmp_path, capsys):
    assert run(tmp_path, "task=self_verify", "run_name=mine") == 0
    before = (tmp_path / "mine-s0" / "rows.jsonl").read_bytes()
    assert run(tmp_path, "task=self_verify", "run_name=mine", "candidates=5") == 2
    assert "candidates" in capsys.readouterr().err
    assert (tmp_path / "mine-s0" / "rows.jsonl").read_bytes() == before


def test_the_simulator_is_the_solver_in_every_key_unless_one_is_changed():
    told = [
        "sampler.kind=openai", "sampler.model.path=m", "sampler.model.gguf_file=g", "sampler.model.revision=r",
        "sampler.model.dtype=bfloat16", "sampler.model.chat_template=c", "sampler.batch_size=3", "sampler.base_url=u",
        "sampler.api_key_env=K", "sampler.timeout_s=1.5", "sampler.script=s", "sampler.cache=d",
    ]  # fmt: skip
    config = load_config("eval", EvalConfig, told)
    defaults = SamplerConfig(model=ModelConfig(path="micro-base"))
    for field in fields(SamplerConfig):
        assert getattr(config.sampler, field.name) != getattr(defaults, field.name), f"{field.name} is not tested"
    assert config.simulator == config.sampler
    other = load_config("eval", EvalConfig, [*told, "simulator.model.path=other"]).simulator
    assert other.model.path == "other" and other.base_url == "u"
