"""Answers that are programs, scored in the sandbox: what lm-eval would execute in its own process is judged here.

A row brings test code, as a function `check` (HumanEval and what is written like it) or as a list of asserts (MBPP).
Program and test code run in two jails (deskcheck_tracer.asserts): the names that the test code does not bind itself
are the program's functions. A row that the sandbox fails on has no score.
"""

import ast
import builtins
import functools
import sys
from collections.abc import Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from deskcheck_tracer import Limits, Sandbox, TestCase, Verdict, judge
from deskcheck_tracer.asserts import ASSERTS

from deskcheck_evals.errors import EvalError

LIMITS = Limits(cpu_s=10.0, wall_s=30.0, memory_mb=1024)
METRIC = "pass@1"
HUMANEVAL_COLUMNS = {"prompt", "test", "entry_point"}
MBPP_COLUMNS = {"text", "code", "test_list"}
Row = Mapping[str, Any]


@dataclass(frozen=True)
class Scored:
    """A program and what became of it; stands in lm-eval's samples as the filtered answer."""

    source: str
    verdict: Verdict
    detail: str = ""


@dataclass(frozen=True)
class Scorer:
    """lm-eval's filter and metric over one sandbox, which is started when there is something to score."""

    imports: tuple[str, ...] = ()
    limits: Limits = LIMITS
    isolation: str = "nsjail"
    degraded: bool = False

    def judged(self, answers: Sequence[Sequence[str]], rows: Sequence[Row]) -> list[list[Scored]]:
        """A filter: programs in, verdicts out."""
        work = [(source, row) for sources, row in zip(answers, rows, strict=True) for source in sources]
        sandbox = Sandbox(imports=self.imports, isolation=self.isolation, degraded=self.degraded)
        with sandbox, ThreadPoolExecutor(sandbox.workers) as threads:
            scored = iter(list(threads.map(functools.partial(self._scored, sandbox), work)))
        return [[next(scored) for _ in sources] for sources in answers]

    def _scored(self, sandbox: Sandbox, work: tuple[str, Row]) -> Scored:
        source, row = work
        code = test_code(row)
        names = ", ".join(asked_names(code, _defined(row)))
        if not names:
            return Scored(source, Verdict.SE, "the test code calls no function of the program")
        tests = [TestCase(code, "")]
        judgement = judge(source, tests, limits=self.limits, checker=ASSERTS, entry_point=names, sandbox=sandbox)
        [result] = judgement.results
        detail = result.detail or str(result.difference or "") or result.stderr.strip().rpartition("\n")[2]
        return Scored(source, result.verdict, detail[:300])


def passed(_row: Row, results: Sequence[Sequence[Scored]]) -> dict[str, float]:
    """A metric: 1 for AC, 0 for what the program did wrong, nothing where the fault is the sandbox's."""
    [[scored]] = results
    return {METRIC: float(scored.verdict is Verdict.AC)} if scored.verdict is not Verdict.SE else {}


def test_code(row: Row) -> str:
    """The test code of a row, as a module. EvalError if its columns are neither HumanEval's nor MBPP's.

    In lm-eval it stands below the program and has the imports of the prompt, so it gets those; and standard modules
    that it uses all the same (in CodeT's MBPP `math`, whose import was lost on the way).
    """
    if row.keys() >= HUMANEVAL_COLUMNS:
        code = "\n".join([*_imports(row["prompt"]), row["test"], f"check({row['entry_point'].strip()})", ""])
        return _modules(code) + code
    if row.keys() >= MBPP_COLUMNS:
        return "\n".join([*row.get("test_imports", ()), row.get("test_setup_code") or "", *row["test_list"], ""])
    wanted = f"{', '.join(sorted(HUMANEVAL_COLUMNS))} or {', '.join(sorted(MBPP_COLUMNS))}"
    raise EvalError(f"the rows have the columns {', '.join(row)}, expected {wanted}")


def asked_names(code: str, defined: Collection[str] = ()) -> list[str]:
    """The names that test code uses and binds nowhere, or that are `defined` by the program: those it answers to."""
    nodes = [node for statement in _statements(code) for node in ast.walk(statement)]
    bound = {node.arg for node in nodes if isinstance(node, ast.arg)} | set(dir(builtins)).difference(defined)
    bound |= {node.id for node in nodes if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load)}
    bound |= {node.name for node in nodes if isinstance(node, ast.FunctionDef | ast.ClassDef)}
    for node in nodes:
        if isinstance(node, ast.Import | ast.ImportFrom):
            bound |= {(name.asname or name.name).partition(".")[0] for name in node.names}
    used = [node.id for node in nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)]
    return list(dict.fromkeys(name for name in used if name not in bound))


def _defined(row: Row) -> set[str]:
    """Functions that a right program has, where that is known: a name such as `sum` would else be Python's own."""
    if "entry_point" in row:
        return {row["entry_point"].strip()}
    return {node.name for node in _statements(row["code"]) if isinstance(node, ast.FunctionDef)}


def _imports(prompt: str) -> list[str]:
    return [ast.unparse(node) for node in _statements(prompt) if isinstance(node, ast.Import | ast.ImportFrom)]


def _modules(code: str) -> str:
    nodes = [node for statement in _statements(code) for node in ast.walk(statement)]
    owners = {node.value.id for node in nodes if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name)}
    lost = owners.intersection(asked_names(code)) & sys.stdlib_module_names
    return "".join(f"import {name}\n" for name in sorted(lost))


def _statements(code: str) -> list[ast.stmt]:
    """The statements of a module; none of what is no Python."""
    try:
        return ast.parse(code).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return []
