"""Contest problems with solutions as a source: programs to explain, problems to solve, wrong programs to fix.

A row is a `Problem` (deskcheck_agent) with `solutions`, and perhaps `wrong` ones, beside it. Every problem gives, in
this order: its correct solutions on its tests, public ones first; its wrong solutions on one test each; a solve row for
each correct solution; and fix rows for the first correct solution itself and for each wrong one. What solve and fix
rows show is judged first, so a label that lies costs a rejection and no more. Of a private test an explain row shows
the input; its expected output enters no prompt.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields

from deskcheck_agent.problem import Problem
from deskcheck_tracer.asserts import ASSERTS
from deskcheck_tracer.errors import InputError

from deskcheck_trainer.nlex.row import Rejected
from deskcheck_trainer.nlex.sources.items import Explain, Fix, Item, Solve, short, unreadable
from deskcheck_trainer.nlex.sources.row_files import Found, RowFiles

PROBLEM = tuple(f.name for f in fields(Problem))
OTHERS = ("solutions", "wrong", "code", "correct", "licence")


@dataclass(frozen=True)
class ProblemsSource:
    """Rows from problems with solutions.

    `fields` names the row's key for each of ours: those of a `Problem`, `licence`, `solutions` and `wrong`, which are
    lists of programs. Where they are lists of objects, `code` names the key of the program in an object, and `correct`
    the key that says whether it solves the problem.
    """

    files: RowFiles
    fields: Mapping[str, str] = field(default_factory=dict)
    licence: str | None = None
    explain: int = 3
    """Tests a correct solution is explained on."""
    explain_wrong: bool = True
    solutions: int = 4
    """Correct solutions a problem, at most, and as many wrong ones."""
    solve: bool = True
    fix: bool = True

    def __post_init__(self) -> None:
        known = (*PROBLEM, *OTHERS)
        if unknown := sorted(set(self.fields) - set(known)):
            raise InputError(f"source.fields has unknown names {unknown}, expected some of {list(known)}.")

    def count(self) -> int | None:
        return None  # items a row depend on its solutions

    def items(self) -> Iterator[Item | Rejected]:
        """Raises InputError for what is missing or empty, and for malformed rows where `malformed` is `stop`."""
        seen: set[str] = set()
        for row in self.files.rows():
            if isinstance(row, Rejected):
                yield row
                continue
            try:
                problem, right, wrong = self._read(row, seen)
            except InputError as e:
                yield unreadable(self.files.malformed, row.where, str(e), f"{row.file}:{row.number}")
                continue
            licence = row.values.get(self._key("licence"))
            origin = f"{row.file}#{problem.id}"
            yield from self._of(problem, right, wrong, origin, licence if isinstance(licence, str) else self.licence)

    def _read(self, row: Found, seen: set[str]) -> tuple[Problem, list[str], list[str]]:
        values = {name: row.values[key] for name in PROBLEM if row.values.get(key := self._key(name)) is not None}
        if isinstance(values.get("id"), int):
            values["id"] = str(values["id"])
        problem = Problem.from_json(values)
        if problem.id in seen:
            raise InputError(f"problem id {problem.id!r} is taken by an earlier row; ids must be unique")
        seen.add(problem.id)
        labelled = [*self._programs(row, "solutions", True), *self._programs(row, "wrong", False)]
        right = dict.fromkeys(code for code, is_right in labelled if is_right)
        wrong = dict.fromkeys(code for code, is_right in labelled if not is_right and code not in right)
        return problem, list(right)[: self.solutions], list(wrong)[: self.solutions]

    def _programs(self, row: Found, name: str, is_right: bool) -> Iterator[tuple[str, bool]]:
        listed = row.values.get(self._key(name)) or []
        for one in listed if isinstance(listed, list) else [listed]:
            code, label = one, is_right
            if isinstance(one, dict):
                code, label = one.get(self._key("code")), is_right and bool(one.get(self._key("correct"), True))
            if not isinstance(code, str):
                wanted = f"a program, or an object with one under {self._key('code')!r} (source.fields.code)"
                raise InputError(f"{self._key(name)!r} holds {short(repr(one))}, expected {wanted}")
            yield code, label

    def _of(
        self, problem: Problem, right: Sequence[str], wrong: Sequence[str], origin: str, licence: str | None
    ) -> Iterator[Item]:
        tests = [*problem.public_tests, *problem.private_tests] if problem.checker != ASSERTS else []
        for i, source in enumerate(right):
            for j, test in enumerate(tests[: self.explain]):
                program = problem.program(source, test)
                yield Explain(program=program, origin=f"{origin}/explain-{i}-{j}", licence=licence)
        for i, source in enumerate(wrong if tests and self.explain_wrong else []):
            program = problem.program(source, tests[i % len(tests)])
            yield Explain(program=program, origin=f"{origin}/explain-wrong-{i}", licence=licence)
        for i, reference in enumerate(right if self.solve else []):
            yield Solve(problem=problem, reference=reference, origin=f"{origin}/solve-{i}", licence=licence)
        for i, candidate in enumerate([right[0], *wrong] if self.fix and right else []):
            yield Fix(
                problem=problem, reference=right[0], candidate=candidate, origin=f"{origin}/fix-{i}", licence=licence
            )

    def _key(self, name: str) -> str:
        return self.fields.get(name, name)
