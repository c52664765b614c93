"""The protocol table: each choice that the paper leaves open is there, with what these runs did."""

from deskcheck_agent.feedback import Combine
from deskcheck_evals.measures import Statistics
from deskcheck_evals.protocol import TEMPERATURE, protocol_table, together
from deskcheck_evals.results import read_result
from deskcheck_evals.tables import Options

OPTIONS = Options(Combine.majority, (1, 5, 10), Statistics(resamples=50, seed=3))


def told(results, said=None) -> dict[str, str]:
    return {row[0].text: row[1].text for row in protocol_table(results, OPTIONS, said).rows}


def test_every_open_choice_is_answered(make_run):
    results = [read_result(make_run(task)) for task in ("output_prediction", "self_verify", "self_fix")]
    answers = told(results)
    assert answers["predictions of one test combine by"] == "majority"
    assert answers["equal scores"] == "averaged over all orders, exactly"
    assert answers["a problem without public tests"] == "a random pick (0 of 40 problems)"
    assert answers["short1 counts"] == "tokens"
    assert answers["programs are sampled with"] == "temperature 1.0, top-p 0.95, at most 320 tokens"
    assert answers[TEMPERATURE].startswith("not said")
    assert answers["feedback"] == "simulated, 5 predictions a test combined by mean, a pass from 0.5 on"
    assert answers["most solution turns"] == "10" and answers["prompts"] == "micro, step by step"
    assert "training" in answers["credit for an early turn"]
    assert answers["intervals"].endswith("50 resamples, seed 3")


def test_runs_that_differ_are_told_apart_and_a_task_says_what_it_has(make_run):
    settings = [{"attempts": n, "prompts": "micro"} for n in (5, 10, 5)]
    results = [
        read_result(make_run("output_prediction", name, settings=s)) for name, s in zip("abc", settings, strict=True)
    ]
    answers = told(results, "on validation")
    assert answers["predictions an item"] == "5 (a, c); 10 (b)" and answers["prompts"] == "micro, step by step"
    assert "short1 counts" not in answers and "most solution turns" not in answers
    assert answers[TEMPERATURE] == "on validation"


def test_a_run_that_chose_its_temperature_says_how(make_run):
    chosen = {"temperature": 0.6, "measure": "pass@1", "benchmark": "micro validation (seed 0)"}
    results = [read_result(make_run("self_fix", chosen=chosen))]
    assert told(results)[TEMPERATURE] == "0.6, by pass@1 on micro validation (seed 0)"


def test_a_choice_that_no_run_has_is_empty():
    assert together({"a": None}) == "" and together({"a": None, "b": "x"}) == "x"
