"""Worked examples of a prompt set: programs with the answers they should get, put before a model as earlier turns.

A model that was never trained for an answer format seldom keeps to one it is only told of; it copies one it has seen
kept. A set's examples stand in its `examples.toml`, most telling one last:

    [[example]]
    source = '''
    def f(n):
        return n + 1
    '''
    call = "f(3)"            # or stdin
    answer = '''
    Line 2, `return n + 1`: f returns 3 + 1 = 4.
    <output>
    4
    </output>
    '''

`deskcheck-trace narrate` writes such answers, and `deskcheck-trace check` tells whether they are true. In a set's
`translations.toml` each example has a `record` as well, and its answer tells that record in prose.
"""

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from deskcheck_tracer.claims import OUTPUT_OPEN, stated_output
from deskcheck_tracer.program import Program

from deskcheck_agent.errors import PromptError

EXPECTED = "expected text in source, answer, and call or stdin"


@dataclass(frozen=True)
class Example:
    """A program and the answer to a prompt about it; the answer ends with its output block."""

    program: Program
    answer: str
    record: str = ""
    """What the program did, for a prompt that shows it."""

    def output_alone(self) -> "Example":
        """The same example, answered without working it out."""
        return Example(self.program, self.answer[self.answer.rindex(OUTPUT_OPEN) :])


def load_examples(path: Path) -> list[Example]:
    """The examples of a file, in its order; none where there is no file. Raises PromptError naming file and example."""
    try:
        told = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return []
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise PromptError(f"{path}: {error}") from None
    rows = told.get("example")
    if set(told) != {"example"} or not isinstance(rows, list):
        raise PromptError(f"{path} holds {', '.join(told) or 'nothing'}, expected tables [[example]]; {EXPECTED}")
    return [_example(row, f"{path}: example {number}") for number, row in enumerate(rows, 1)]


def _example(row: dict[str, Any], where: str) -> Example:
    if unknown := sorted(set(row) - {"source", "stdin", "call", "answer", "record"}):
        raise PromptError(f"{where} has {', '.join(unknown)}; {EXPECTED}")
    if missing := sorted({"source", "answer"} - set(row)):
        raise PromptError(f"{where} has no {' and no '.join(missing)}; {EXPECTED}")
    if wrong := [key for key, value in row.items() if not isinstance(value, str)]:
        raise PromptError(f"{where}: {wrong[0]} is {row[wrong[0]]!r}; {EXPECTED}")
    if stated_output(row["answer"]) is None:
        raise PromptError(f"{where}: the answer holds no {OUTPUT_OPEN} block; `deskcheck-trace narrate` writes one")
    program = Program(row["source"], row.get("stdin", ""), row.get("call"))
    return Example(program, row["answer"].strip("\n"), row.get("record", "").strip("\n"))
