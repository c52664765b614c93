"""Faults of a benchmark that make its numbers wrong, found before a model is asked.

`lint` looks at problems alone and runs nothing; given a sandbox and reference solutions it also runs those, twice, on
all tests. An error is a fault that changes a verdict or hides a problem: no tests, contradicting or undecodable ones, a
repeated id, a reference that fails. A warning is for a person to judge: a public test that is also private, a statement
met twice, an answer that may not be the only one.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from deskcheck_agent.problem import Problem
from deskcheck_tracer import Sandbox, TestCase, Verdict
from deskcheck_tracer.asserts import ASSERTS

from deskcheck_evals.benchmarks.collection import normalised
from deskcheck_evals.tasks.judging import judge_alike

HUGE_BYTES = 1_000_000
"""A test larger than this is slow to feed, and never fits a prompt."""
MULTI_ANSWER = re.compile(
    r"any of (them|these)|(multiple|several|more than one) (possible )?(answers|solutions|ways)"
    r"|any (valid|correct|one) (answer|solution)|answers? in any order|print any",
    re.IGNORECASE,
)
INTERACTIVE = re.compile(r"\binteractive (problem|task)\b|flush (the )?(standard )?output|\bfflush\b", re.IGNORECASE)


class Severity(StrEnum):
    error = "error"
    warning = "warning"


@dataclass(frozen=True)
class Finding:
    """One fault of one problem."""

    problem: str
    """Its id."""
    rule: str
    severity: Severity
    detail: str


Rule = Callable[[Problem], Iterator[tuple[str, Severity, str]]]


def lint(
    problems: Sequence[Problem],
    sandbox: Sandbox | None = None,
    references: Mapping[str, Sequence[str]] | None = None,
) -> list[Finding]:
    """All findings, in the order of the problems. With `sandbox`, `references` (programs by problem id) are run."""
    findings = [Finding(problem.id, *found) for problem in problems for rule in RULES for found in rule(problem)]
    findings += _repeated_ids(problems)
    findings += _repeated_statements(problems)
    if sandbox is not None:
        for problem in problems:
            findings += run_references(problem, (references or {}).get(problem.id, ()), sandbox)
    order = {problem.id: place for place, problem in reversed(list(enumerate(problems)))}
    return sorted(findings, key=lambda finding: order[finding.problem])


def _tests(problem: Problem) -> Iterator[tuple[str, TestCase]]:
    """All tests under the names that a finding gives them."""
    for kind in ("public", "private"):
        for place, test in enumerate(getattr(problem, f"{kind}_tests")):
            yield f"{kind}[{place}]", test


def missing_tests(problem: Problem) -> Iterator[tuple[str, Severity, str]]:
    if not problem.private_tests:
        yield "no_tests", Severity.error, "no private tests: every program passes"
    if not problem.public_tests:
        yield "no_public_tests", Severity.warning, "no public tests: self-verification has nothing to go by"


def empty_outputs(problem: Problem) -> Iterator[tuple[str, Severity, str]]:
    """A program that prints nothing passes such a test."""
    empty = [name for name, test in _tests(problem) if not test.output.strip()] if problem.checker != ASSERTS else []
    if empty:
        severity = Severity.error if len(empty) == len(list(_tests(problem))) else Severity.warning
        yield "empty_output", severity, f"nothing is expected by {_list(empty)}"


def repeated_tests(problem: Problem) -> Iterator[tuple[str, Severity, str]]:
    for kind, tests in (("public", problem.public_tests), ("private", problem.private_tests)):
        extra = len(tests) - len({(test.input, test.output) for test in tests})
        if extra:
            yield "duplicate_tests", Severity.warning, f"{extra} of {len(tests)} {kind} tests repeat another"


def leaked_tests(problem: Problem) -> Iterator[tuple[str, Severity, str]]:
    shown = {test.input.strip(): name for name, test in _tests(problem) if name.startswith("public")}
    leaked = [f"private[{i}]" for i, test in enumerate(problem.private_tests) if test.input.strip() in shown]
    if leaked:
        is_all = len(leaked) == len(problem.private_tests)
        said = "every private test is a public one" if is_all else f"also public: {_list(leaked)}"
        yield "public_is_private", Severity.warning, said


def contradicting_tests(problem: Problem) -> Iterator[tuple[str, Severity, str]]:
    """One input with two outputs: no program passes both, unless a checker accepts both."""
    outputs: dict[str, dict[tuple[str, ...], str]] = defaultdict(dict)
    for name, test in _tests(problem) if isinstance(problem.checker, str) and problem.checker != ASSERTS else ():
        outputs[test.input.strip()].setdefault(tuple(test.output.lower().split()), name)
    for names in outputs.values():
        if len(names) > 1:
            yield "contradiction", Severity.error, f"one input, different outputs: {_list(list(names.values()))}"


def undecodable_text(problem: Problem) -> Iterator[tuple[str, Severity, str]]:
    """Lone surrogates cannot be encoded; U+FFFD stands where bytes were lost; NUL ends many programs' input."""
    texts = [("statement", problem.statement)]
    for name, test in _tests(problem):
        texts += [(f"{name}.input", test.input), (f"{name}.output", test.output)]
    for name, text in texts:
        if odd := re.search("[\ud800-\udfff]", text):
            yield "undecodable", Severity.error, f"{name} holds the lone surrogate {odd[0]!r}: its test is never AC"
        if odd := re.search("[\ufffd\0]", text):
            yield "lost_bytes", Severity.warning, f"{name} holds {odd[0]!r} at character {odd.start()}"


def huge_tests(problem: Problem) -> Iterator[tuple[str, Severity, str]]:
    huge = [name for name, test in _tests(problem) if len(test.input) + len(test.output) > HUGE_BYTES]
    if huge:
        yield "huge_test", Severity.warning, f"over {HUGE_BYTES:,} characters: {_list(huge)}"
    limit = problem.limits.output_bytes
    over = [name for name, test in _tests(problem) if limit is not None and _size(test.output) > limit]
    if over:
        yield "output_over_limit", Severity.error, f"over the limit of {limit:,} bytes, so never AC: {_list(over)}"


def suspicious_statement(problem: Problem) -> Iterator[tuple[str, Severity, str]]:
    if not problem.statement.strip():
        yield "no_statement", Severity.error, "the statement is empty"
    if isinstance(problem.checker, str) and (said := MULTI_ANSWER.search(problem.statement)):
        yield "multi_answer", Severity.warning, f"the statement says {said[0]!r}, and one answer is accepted"
    if said := INTERACTIVE.search(problem.statement):
        yield "interactive", Severity.warning, f"the statement says {said[0]!r}, and tests are not interactive"


RULES: tuple[Rule, ...] = (
    missing_tests,
    empty_outputs,
    repeated_tests,
    leaked_tests,
    contradicting_tests,
    undecodable_text,
    huge_tests,
    suspicious_statement,
)


def _repeated_ids(problems: Sequence[Problem]) -> Iterator[Finding]:
    for name, count in Counter(problem.id for problem in problems).items():
        if count > 1:
            yield Finding(name, "duplicate_id", Severity.error, f"the id of {count} problems")


def _repeated_statements(problems: Sequence[Problem]) -> Iterator[Finding]:
    first: dict[str, Problem] = {}
    for problem in problems:
        earlier = first.setdefault(normalised(problem.statement), problem)
        if earlier is not problem and problem.statement.strip():
            yield Finding(problem.id, "duplicate_statement", Severity.warning, f"the statement of {earlier.id!r}")


def run_references(problem: Problem, references: Sequence[str], sandbox: Sandbox) -> Iterator[Finding]:
    """Judge each reference twice, in the sandbox. One that fails is an error if no other passes: then tests, limits or
    comparison are wrong; otherwise it is a warning, for published solutions are not all right.
    """
    tests = [*problem.public_tests, *problem.private_tests]
    names = [name for name, _ in _tests(problem)]
    if not references or not tests:
        return
    failed = []
    for place, source in enumerate(references):
        once, again = (each.results for each in judge_alike([(problem, source)] * 2, sandbox, every=True))
        wrong = [
            f"{name} {result.verdict}"
            for name, result in zip(names, once, strict=True)
            if result.verdict is not Verdict.AC
        ]
        if wrong:
            failed.append(f"reference {place}: {_list(wrong)}")
        runs = zip(names, once, again, strict=True)
        differing = [name for name, one, other in runs if one.stdout != other.stdout]
        if differing:
            detail = f"reference {place} prints something else on a second run of {_list(differing)}"
            yield Finding(problem.id, "differs_by_run", Severity.warning, detail)
    if failed:
        severity = Severity.error if len(failed) == len(references) else Severity.warning
        yield Finding(problem.id, "reference_fails", severity, f"{len(failed)} of {len(references)} fail; {failed[0]}")


def _size(text: str) -> int:
    return len(text.encode("utf-8", "surrogatepass"))


def _list(names: Sequence[str]) -> str:
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
