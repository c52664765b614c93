"""From one run to its rows: order, phrasings, budgets in tokens, and runs that no rendering applies to."""

from collections import Counter

from deskcheck_agent.prompts import Prompts
from deskcheck_tracer import Limits, Program
from deskcheck_tracer.engine import record_here
from deskcheck_trainer.nlex import Reason, Rejected, Row, Task, words_and_symbols
from deskcheck_trainer.nlex.recording import Recorded
from deskcheck_trainer.nlex.renderings import RenderPlan
from deskcheck_trainer.nlex.sources import Explain
from deskcheck_trainer.nlex.telling import Telling

PROMPTS = Prompts.load("default")


def recorded(source: str = "n = int(input())\nif n > 2:\n    n = 2\nprint(n)", stdin: str = "5\n") -> Recorded:
    program = Program(source, stdin)
    trace = record_here(source, stdin, None, Limits())
    return Recorded(Explain(program=program, origin="o", licence="MIT"), trace)


def test_rows_come_in_the_order_asked_for() -> None:
    names = ("branch", "explain", "cwm", "predict_input")
    rows = Telling(PROMPTS, plan=RenderPlan(names=names))(recorded())
    assert [row.task for row in rows if isinstance(row, Row)] == [Task.branch, Task.explain, Task.predict_input]
    assert all((row.origin, row.licence, row.output) == ("o", "MIT", "2\n") for row in rows if isinstance(row, Row))


def test_a_run_that_no_rendering_applies_to_is_counted() -> None:
    [outcome] = Telling(PROMPTS, plan=RenderPlan(names=("cwm", "branch")))(recorded("x = 1\ny = 2\nprint(x)"))
    assert isinstance(outcome, Rejected) and outcome.reason is Reason.not_applicable and "cwm, branch" in outcome.detail


def test_one_phrasing_is_the_one_that_evaluation_uses() -> None:
    [row] = Telling(PROMPTS)(recorded())
    assert isinstance(row, Row) and row.prompt == PROMPTS.explain(recorded().item.program)


def test_phrasings_are_drawn_by_run_and_seed_and_are_all_in_use() -> None:
    runs = [recorded(stdin=f"{n}\n") for n in range(60)]

    def prompts(seed: int) -> list[str]:
        telling = Telling(PROMPTS, plan=RenderPlan(phrasings=4, seed=seed))
        rows = [telling(run)[0] for run in runs]
        return [row.prompt[0]["content"].split("```")[0] for row in rows if isinstance(row, Row)]

    assert len(Counter(prompts(0))) == 4 and min(Counter(prompts(0)).values()) > 5
    assert prompts(0) == prompts(0) != prompts(1)


def test_the_budget_counts_as_it_is_told_to() -> None:
    source = "s = 0\nfor i in range(40):\n    s += i\nprint(s)"
    for count in (words_and_symbols, len):
        whole = Telling(PROMPTS, count=count)(recorded(source))[0]
        cut = Telling(PROMPTS, max_tokens=300, count=count)(recorded(source))[0]
        assert isinstance(whole, Row) and isinstance(cut, Row)
        assert count(cut.completion[0]["content"]) <= 300 < count(whole.completion[0]["content"])
    none = Telling(PROMPTS, max_tokens=5, count=len)(recorded(source))[0]
    assert isinstance(none, Rejected) and none.reason is Reason.too_long and "tokens, expected at most 5" in none.detail
