"""All mutants of a module: its text with one small fault each.

The faults are mutmut's (another number, text or operator, an argument dropped or None, a condition forced, a case left
out), put in everywhere: mutmut itself leaves out what stands outside functions and in decorated ones, and what it puts
in does not follow a program into the sandbox. Here a mutant is the whole text of a file. Only annotations and
docstrings stay as they are, for they do nothing when the program runs.
"""

import difflib
import hashlib
from collections.abc import Sequence
from typing import NamedTuple, cast

import libcst as cst
from libcst.metadata import CodeRange, MetadataWrapper, WhitespaceInclusivePositionProvider
from mutmut.mutation.mutators import mutation_operators


class Mutant(NamedTuple):
    key: str
    """Stands for the text of the whole file."""
    line: int
    was: str
    now: str
    text: str


def mutants_of(text: str) -> list[Mutant]:
    """Every mutant that compiles, in the order of the lines; no two with the same text."""
    wrapper = MetadataWrapper(cst.parse_module(text))
    finder = _Finder()
    wrapper.visit(finder)
    lines = text.splitlines(keepends=True)
    found: dict[str, Mutant] = {}
    for place, old, new in finder.found:
        mutated = _replaced(wrapper.module, lines, place, old, new)
        if mutated != text and mutated not in found and _compiles(mutated):
            found[mutated] = _described(lines, mutated)
    return sorted(found.values(), key=lambda mutant: mutant.line)


class _Finder(cst.CSTVisitor):
    METADATA_DEPENDENCIES = (WhitespaceInclusivePositionProvider,)

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[CodeRange, cst.CSTNode, cst.CSTNode]] = []

    def on_visit(self, node: cst.CSTNode) -> bool:
        if isinstance(node, cst.Annotation):
            return False
        place = cast(CodeRange, self.get_metadata(WhitespaceInclusivePositionProvider, node, None))
        for kind, operator in mutation_operators:
            if isinstance(node, kind):
                self.found += [(place, node, new) for new in operator(node)]
        return True


def _replaced(module: cst.Module, lines: Sequence[str], place: CodeRange, old: cst.CSTNode, new: cst.CSTNode) -> str:
    """The text with `new` in the place of `old`."""
    start, end = place.start, place.end
    if start.line != end.line:  # the tree knows how its lines are indented; slow
        return cast(cst.Module, module.deep_replace(old, new)).code
    line = lines[start.line - 1]
    line = line[: start.column] + module.code_for_node(new) + line[end.column :]
    return "".join([*lines[: start.line - 1], line, *lines[start.line :]])


def _compiles(text: str) -> bool:
    try:
        compile(text, "<mutant>", "exec", dont_inherit=True)
    except SyntaxError:
        return False
    return True


def _described(lines: list[str], mutated: str) -> Mutant:
    others = mutated.splitlines(keepends=True)
    changes = [code for code in difflib.SequenceMatcher(None, lines, others, False).get_opcodes() if code[0] != "equal"]
    first, last = changes[0], changes[-1]
    was, now = lines[first[1] : last[2]], others[first[3] : last[4]]
    key = hashlib.sha256(mutated.encode()).hexdigest()[:16]
    return Mutant(key, first[1] + 1, _on_one_line(was), _on_one_line(now), mutated)


def _on_one_line(lines: Sequence[str]) -> str:
    return " ".join(line.strip() for line in lines)
