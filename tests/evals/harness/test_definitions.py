"""lm-eval's definitions, read without running what is in its files."""

import sys
from pathlib import Path

import lm_eval.tasks
import pytest
from deskcheck_evals.benchmarks.config import BenchmarkName
from deskcheck_evals.harness.definitions import FILES, PROGRAMS, blocks, definition, functions_of


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("chat", [False, True])
def test_every_task_is_there_and_asks_in_lm_evals_words(name, chat):
    config = definition(name, chat=chat)
    assert config["output_type"] == "generate_until" and config["test_split"] == "test"
    assert config["generation_kwargs"]["do_sample"] is False
    assert config["doc_to_text"] and "include" not in config
    for chain in config.get("filter_list") or []:
        for step in chain["filter"]:
            assert step["function"] != "custom" or callable(step["filter_fn"])
    if name not in PROGRAMS:
        assert all(callable(config[key]) for key in ("process_docs", "process_results") if key in config)


def test_what_lm_eval_asks_is_kept():
    humaneval, mbpp = definition(BenchmarkName.humaneval), definition(BenchmarkName.mbpp)
    assert humaneval["doc_to_text"] == "{{prompt}}" and "\ndef" in humaneval["generation_kwargs"]["until"]
    assert len(mbpp["fewshot_config"]["samples"]()) == mbpp["num_fewshot"] == 3
    [chain] = definition(BenchmarkName.humaneval_plus, chat=True)["filter_list"]
    assert chain["filter"][0]["filter_fn"]([["x\n```\nmore"]], [{"prompt": "p "}]) == [["p x\n"]]


def test_a_chat_answer_to_mbpp_is_cut_at_the_fence_and_nowhere_else():
    answers = ["def f():\n    pass\n```\ndone", "```python\nimport re\n```", "x = 1"]
    assert blocks([answers], [{}]) == [["def f():\n    pass\n", "import re\n", "x = 1"]]
    theirs = functions_of(Path(str(lm_eval.tasks.__file__)).parent / "mbpp" / "utils.py")["extract_code_blocks"]
    assert theirs(answers[0]).startswith(" f()"), "lm-eval reads the block right now: take its own filter"


def test_nothing_of_a_module_runs_but_its_definitions(tmp_path):
    path = tmp_path / "utils.py"
    path.write_text(
        "import re\nimport evaluate as loaded\nfrom math import pi\n"
        "try:\n    metric = loaded.load('code_eval')\nexcept Exception as error:\n    raise error\n"
        "print('executed')\nLIMIT = 3\n"
        "def area(r):\n    return round(pi * r, LIMIT), re.sub('a', 'b', 'a')\n"
    )
    before = set(sys.modules)
    names = functions_of(path)
    assert names["area"](1) == (3.142, "b") and "metric" not in names and "loaded" not in names
    assert "evaluate" not in set(sys.modules) - before
