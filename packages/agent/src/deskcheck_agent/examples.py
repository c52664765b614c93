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
`translations.toml` each example has a `record` as well, and its answer tells that record in prose. In its `inputs.toml`
each has the `output` that an input is asked for, and its answer ends with an `<input>` block.
"""

import tomllib
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from deskcheck_tracer.claims import OUTPUT_CLOSE, OUTPUT_OPEN, stated_between
from deskcheck_tracer.program import Program

from deskcheck_agent.errors import PromptError

EXPECTED = "expected text in source, answer, and call or stdin"


@dataclass(frozen=True)
class Example:
    """A program and the answer to a prompt about it; the answer ends with its output or input block."""

    program: Program
    answer: str
    record: str = ""
    """What the program did, for a prompt that shows it."""
    output: str = ""
    """What the program put out, for a prompt that asks for an input."""

    def block_alone(self, opening: str) -> "Example":
        """The same example, answered without working it out."""
        return replace(self, answer=self.answer[self.answer.rindex(opening) :])


def load_examples(path: Path, opening: str = OUTPUT_OPEN, closing: str = OUTPUT_CLOSE) -> list[Example]:
    """The examples of a file, in its order, each answer with a block between `opening` and `closing`; none where there
    is no file. Raises PromptError naming file and example."""
    try:
        told = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return []
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise PromptError(f"{path}: {error}") from None
    rows = told.get("example")
    if set(told) != {"example"} or not isinstance(rows, list):
        raise PromptError(f"{path} holds {', '.join(told) or 'nothing'}, expected tables [[example]]; {EXPECTED}")
    examples = [_example(row, f"{path}: example {number}") for number, row in enumerate(rows, 1)]
    for number, example in enumerate(examples, 1):
        if stated_between(opening, closing, example.answer) is None:
            hint = "; `deskcheck-trace narrate` writes one" if opening == OUTPUT_OPEN else ""
            raise PromptError(f"{path}: example {number}: the answer holds no {opening} block{hint}")
    return examples


def _example(row: dict[str, Any], where: str) -> Example:
    if unknown := sorted(set(row) - {"source", "stdin", "call", "answer", "record", "output"}):
        raise PromptError(f"{where} has {', '.join(unknown)}; {EXPECTED}")
    if missing := sorted({"source", "answer"} - set(row)):
        raise PromptError(f"{where} has no {' and no '.join(missing)}; {EXPECTED}")
    if wrong := [key for key, value in row.items() if not isinstance(value, str)]:
        raise PromptError(f"{where}: {wrong[0]} is {row[wrong[0]]!r}; {EXPECTED}")
    program = Program(row["source"], row.get("stdin", ""), row.get("call"))
    return Example(program, row["answer"].strip("\n"), row.get("record", "").strip("\n"), row.get("output", ""))
