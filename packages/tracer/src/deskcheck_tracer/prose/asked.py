"""The conditions of a run: which lines ask them, what they read, and how they came out each time."""

import ast
from functools import cached_property

from .course import Course, normal


class Asked:
    """Asks one course about its conditions."""

    def __init__(self, course: Course) -> None:
        self.course = course

    def outcome(self, held: bool, *, names: frozenset[str] = frozenset(), lines: frozenset[int] = frozenset(),
                with_else: bool = False, kinds: frozenset[str] = frozenset()) -> frozenset[int]:  # fmt: skip
        """Where a condition came out so; of those on `lines`, that read one of `names`, that have an else."""
        found = set[int]()
        for index, taken in self.course.outcomes:
            moment = self.course.ticks[index].moment
            if taken is not held or (lines and moment.line not in lines):
                continue
            if kinds and moment.target not in kinds:
                continue
            if with_else and moment.line not in self._with_else:
                continue
            if names and not names & self._read_on(moment.line):
                continue
            found.add(index)
        return frozenset(found)

    def conditions(self, kinds: frozenset[str], told: set[str]) -> frozenset[int]:
        """The lines of conditions of these kinds (`if` and `elif` for none) that have all these names and constants."""
        found = set[int]()
        for index, _ in self.course.outcomes:
            moment = self.course.ticks[index].moment
            if moment.target in (kinds or ("if", "elif")) and told <= self._parts_of.get(moment.line, set()):
                found.add(moment.line)
        return frozenset(found)

    def reading(self, lines: frozenset[int], names: set[str]) -> frozenset[int]:
        """Those of the lines whose conditions read one of these names."""
        return frozenset(line for line in lines if names & self._read_on(line))

    def asking(self, source: str) -> list[int]:
        """The lines of the one condition of the program that is a call written so: `islower()` of `c.islower()`."""
        found = [
            node.lineno for node in ast.walk(self.course.tree)
            if isinstance(node, ast.If | ast.While) and isinstance(node.test, ast.Call)
            and normal(ast.unparse(node.test)).endswith(normal(source).removeprefix("."))
        ]  # fmt: skip
        return found if len(found) == 1 else []

    def asks(self, line: int) -> bool:
        """Whether a line asks a condition."""
        return line in self._reads

    @cached_property
    def other_else(self) -> bool:
        """Whether the program has a loop or a `try` with an else."""
        return any(
            isinstance(node, ast.For | ast.While | ast.Try) and node.orelse for node in ast.walk(self.course.tree)
        )

    @cached_property
    def one_condition(self) -> bool:
        """Whether the program has one `if` and no more."""
        return sum(isinstance(node, ast.If) for node in ast.walk(self.course.tree)) == 1

    @cached_property
    def jumps(self) -> dict[str, frozenset[int]]:
        """Where `break` and `continue` ran."""
        lines = {
            kind: [node.lineno for node in ast.walk(self.course.tree) if isinstance(node, node_kind)]
            for kind, node_kind in (("break", ast.Break), ("continue", ast.Continue))
        }
        return {
            kind: frozenset(t.index for t in self.course.ticks if t.moment.line in numbers)
            for kind, numbers in lines.items()
        }

    @cached_property
    def _with_else(self) -> frozenset[int]:
        return frozenset(node.lineno for node in ast.walk(self.course.tree) if isinstance(node, ast.If) and node.orelse)

    def _read_on(self, line: int) -> set[str]:
        return self._reads.get(line, set())

    @cached_property
    def _reads(self) -> dict[int, set[str]]:
        return {
            node.lineno: {part.id for part in ast.walk(node.test) if isinstance(part, ast.Name)}
            for node in ast.walk(self.course.tree)
            if isinstance(node, ast.If | ast.While)
        }

    @cached_property
    def _parts_of(self) -> dict[int, set[str]]:
        """Names and constants in the condition of each line, as text."""
        return {
            node.lineno: {
                part.id if isinstance(part, ast.Name) else str(part.value)
                for part in ast.walk(node.test)
                if isinstance(part, ast.Name | ast.Constant)
            }
            for node in ast.walk(self.course.tree)
            if isinstance(node, ast.If | ast.While)
        }
