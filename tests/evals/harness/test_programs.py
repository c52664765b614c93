"""Programs of a model are scored in the sandbox, by test code that never meets them."""

import pytest
from deskcheck_evals.errors import EvalError
from deskcheck_evals.harness.programs import Scorer, asked_names, passed, test_code
from deskcheck_tracer import Limits, Verdict

from tests.evals.harness.conftest import HUMANEVAL, MBPP, WRONG

code_of = test_code
del test_code  # pytest would take it for a test


def verdicts(rows, answers, **settings):
    return [str(scored.verdict) for [scored] in Scorer(**settings).judged([[answer] for answer in answers], rows)]


def test_right_wrong_and_endless_programs():
    right = [row["prompt"] + row["canonical_solution"] for row in HUMANEVAL]
    assert verdicts(HUMANEVAL, right) == ["AC", "AC", "AC"]
    wrong = [row["prompt"] + body for row, body in zip(HUMANEVAL, WRONG, strict=True)]
    assert verdicts(HUMANEVAL, wrong) == ["RE", "WA", "WA"]
    assert verdicts(HUMANEVAL[:1], ["def double(x):\n    while True: pass"], limits=Limits(cpu_s=0.2)) == ["TLE"]
    assert verdicts(HUMANEVAL[:1], ["def double(x) return"]) == ["CE"]


def test_a_program_cannot_pass_by_touching_what_compares_it():
    always = "class Yes:\n    def __eq__(self, other): return True\ndef double(x): return Yes()"
    guess = "import builtins, sys\nbuiltins.AssertionError = Exception\ndef check(f): pass\ndef double(x): return 0"
    assert set(verdicts(HUMANEVAL[:1] * 2, [always, guess])) <= {"WA", "RE"}


def test_asserts_of_mbpp():
    assert verdicts(MBPP * 2, [MBPP[0]["code"], "def turned(xs):\n    return xs"]) == ["AC", "WA"]


def test_test_code_may_use_numpy_where_the_benchmark_does():
    row = HUMANEVAL[0] | {
        "test": "import numpy as np\ndef check(candidate):\n    assert np.allclose(candidate(0.5), 1.0)\n"
    }
    right = row["prompt"] + row["canonical_solution"]
    assert verdicts([row], [right], imports=("numpy",)) == ["AC"]
    assert verdicts([row], [right]) == ["SE"], "our fault, and no score"


def test_what_the_sandbox_cannot_judge_has_no_score():
    assert verdicts([HUMANEVAL[0] | {"test": "def check(candidate) pass"}], ["x = 1"]) == ["SE"]
    [[scored]] = Scorer().judged([["x = 1"]], [HUMANEVAL[0] | {"test": "def check(f): pass", "entry_point": "1"}])
    assert scored.verdict is Verdict.SE and passed({}, [[scored]]) == {}
    assert "calls no function" in scored.detail


def test_names_of_the_program_are_those_that_test_code_does_not_bind():
    code = (
        "import random as r, os.path\nfrom math import pi\nLIMIT = 3\n"
        "def check(candidate):\n    rows = [len(x) for x in range(LIMIT)]\n    assert poly(rows) == candidate(pi, r, os)\n"
        "check(find)\n"
    )
    assert sorted(asked_names(code)) == ["find", "poly"]
    assert asked_names("assert sum(1) == len([1])", {"sum"}) == ["sum"]
    assert asked_names("not python(") == []


def test_columns_that_are_neither_are_named():
    with pytest.raises(EvalError, match=r"columns question, answer, expected entry_point, prompt, test or code"):
        code_of({"question": "", "answer": ""})


def test_test_code_gets_the_prompts_imports_and_lost_modules():
    assert code_of(HUMANEVAL[1]).startswith("import math\n") and "check(largest)" in code_of(HUMANEVAL[1])
    assert code_of(HUMANEVAL[2]).startswith("import math\n"), "used as math.isclose, imported nowhere"
    assert code_of(MBPP[0] | {"test_imports": ["import cmath"]}).startswith("import cmath\n")
