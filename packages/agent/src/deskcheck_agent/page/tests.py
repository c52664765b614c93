"""How one program does on each public test, as the page shows it: what was expected, what was predicted or printed and
where the two first differ, how each prediction votes, and what really happens where programs may run.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from deskcheck_tracer.checker import Checker
from deskcheck_tracer.compare import Difference, compare
from deskcheck_tracer.errors import InputError
from deskcheck_tracer.verdict import Verdict

from deskcheck_agent.feedback import TestFeedback, prediction_passes
from deskcheck_agent.page.annotate import Annotated, annotate
from deskcheck_agent.page.real import Real, Runs
from deskcheck_agent.page.texts import Line, cut, lines, one_line
from deskcheck_agent.problem import Problem
from deskcheck_agent.simulate import Prediction

_BY_LINES = ("exact", "lines", "lcb_compat")


@dataclass(frozen=True)
class Vote:
    """One prediction: what it says comes out, whether that passes (None: not compared here), and how it got there."""

    says: str
    passes: bool | None
    status: str
    tokens: int
    narration: str
    annotated: Annotated | None


@dataclass(frozen=True)
class RealView:
    """A real run: verdict, output with the first difference marked, and the run in words."""

    verdict: str
    passed: bool | None
    """None where the sandbox failed."""
    output: list[Line]
    difference: str
    narration: str


@dataclass(frozen=True)
class TestView:
    """One public test of one program."""

    __test__ = False  # pytest would take the name for a test class

    number: int
    passed: bool | None
    score: float | None
    """None where nothing was looked at but the real run."""
    verdict: str
    input: list[Line]
    expected: list[Line]
    observed: list[Line] | None
    expected_short: str
    observed_short: str
    difference: str
    votes: list[Vote]
    real: RealView | None = None
    disagrees: bool = False
    """Predicted one way, and really the other."""
    excerpt: str = ""
    """What the solver was told besides: the narration around the first difference."""
    is_proposed: bool = False
    """The input is a model's, and what is expected is what most candidates say."""


def views(feedback: Sequence[TestFeedback], source: str | None, problem: Problem, runs: Runs) -> list[TestView]:
    """One view a public test. Without feedback, of the real runs alone; nothing where there are none either."""
    reals = runs.of(source)
    if not feedback:
        return [_ran(number, real, problem) for number, real in enumerate(reals, 1)]
    return [
        _told(number, told, reals[number - 1] if number <= len(reals) else None, problem)
        for number, told in enumerate(feedback, 1)
    ]


def _told(number: int, told: TestFeedback, real: Real | None, problem: Problem) -> TestView:
    ours, theirs, words = None, None, ""
    if told.observed is not None and not told.passed:
        ours, theirs, words = first_difference(told.expected, told.observed, problem.checker)
    really = None if real is None else _real(real, told.expected, problem)
    disagrees = really is not None and told.verdict is None and {told.passed, really.passed} == {True, False}
    return TestView(
        number,
        told.passed,
        told.score,
        told.verdict or "",
        lines(told.input),
        lines(told.expected, ours),
        None if told.observed is None else lines(told.observed, theirs),
        one_line(told.expected),
        one_line(told.observed),
        words,
        [_vote(each, told.expected, problem, real) for each in told.predictions],
        really,
        disagrees,
        cut(told.narration or ""),
        told.generated,
    )


def _ran(number: int, real: Real, problem: Problem) -> TestView:
    """A test that only the page looked at."""
    test = problem.public_tests[number - 1]
    really = _real(real, test.output, problem)
    expected, passed = lines(test.output), really.passed
    shorts = one_line(test.output), one_line(real.result.stdout)
    return TestView(
        number, passed, None, really.verdict, lines(test.input), expected, really.output, *shorts, "", [], really
    )


def _vote(prediction: Prediction, expected: str, problem: Problem, real: Real | None) -> Vote:
    try:
        passes = prediction_passes(expected, prediction, problem.checker)
    except InputError:  # a checker of the problem's own, or one that predictions cannot be compared by
        passes = None
    narrator = None if real is None else real.narrator
    wrote = bool(prediction.narration.strip())
    annotated = annotate(prediction.narration, narrator) if narrator is not None and wrote else None
    status, narration = prediction.status.value, cut(prediction.narration)
    return Vote(one_line(prediction.output), passes, status, prediction.tokens, narration, annotated)


def _real(real: Real, expected: str, problem: Problem) -> RealView:
    theirs, words = None, ""
    if real.verdict is Verdict.WA:
        _, theirs, words = first_difference(expected, real.result.stdout, problem.checker)
    narrator = real.narrator
    narration = "" if narrator is None else cut(narrator.narrate("step", max_tokens=1_500))
    passed = None if real.verdict is Verdict.SE else real.verdict is Verdict.AC
    return RealView(real.verdict.value, passed, lines(real.result.stdout, theirs), words, narration)


def first_difference(expected: str, observed: str, checker: str | Checker) -> tuple[int | None, int | None, str]:
    """The lines, in each of the two texts, of their first difference under the checker, and it in words."""
    if isinstance(checker, Checker):
        return None, None, ""
    try:
        found = compare(expected, observed, checker)
    except InputError:  # test code: there are no two texts to compare
        return None, None, ""
    if found is None:
        return None, None, ""
    if checker in _BY_LINES:
        return found.line, found.line, _words(found, expected, observed)
    if checker == "tokens_ci":
        expected, observed = expected.lower(), observed.lower()
    token = _first_other(expected.split(), observed.split(), found)
    return _line_of(expected, token), _line_of(observed, token), _words(found, expected, observed)


def _first_other(wanted: list[str], got: list[str], found: Difference) -> int:
    """Which token differs, counted from 0: those before it are as many in both texts."""
    if found.token is None:
        return min(len(wanted), len(got))
    pairs = list(zip(wanted, got, strict=False))
    differing = (found.expected, found.actual)
    return pairs.index(differing) if differing in pairs else 0


def _line_of(text: str, token: int) -> int:
    """The line, from 1, of the token with this index; the line after the last where there is none."""
    for number, line in enumerate(text.removesuffix("\n").split("\n"), 1):
        token -= len(line.split())
        if token < 0:
            return number
    return text.removesuffix("\n").count("\n") + 2


def _words(found: Difference, expected: str, observed: str) -> str:
    """The difference in words; of two short lines it says nothing that is not seen."""
    if not found.reason and all("\n" not in text.strip() and len(text) < 80 for text in (expected, observed)):
        return ""
    want, have = one_line(found.expected), one_line(found.actual)
    place = f"line {found.line}" + (f", value {found.token}" if found.token is not None and found.token > 1 else "")
    counts = f" ({found.reason})" if found.reason else ""
    return f"{place}: expected {want or 'nothing'}, got {have or 'nothing'}{counts}"
