"""Test cases that a person keeps beside a problem: a folder of files, or one JSON or JSONL file.

A folder holds an input file for each test and its output beside it, by the names that contests use:

    1.in      1.out   (or .ans, .expected)
    input1    output1 (also in01.txt, out01.txt)
"""

import json
import re
from pathlib import Path

from deskcheck_tracer.errors import InputError
from deskcheck_tracer.program import TestCase

from deskcheck_agent.problem import test_from_json

OUTPUTS = (".out", ".ans", ".expected")
EXPECTED = "expected pairs such as 1.in and 1.out (or .ans, .expected), or input1 and output1"


def read_tests(path: str | Path) -> tuple[TestCase, ...]:
    """The tests of a folder in the order of their names (2 before 10), or of a .json or .jsonl file.

    Raises InputError naming the file that is missing or cannot be read.
    """
    place = Path(path)
    if place.is_dir():
        return _of_folder(place)
    try:
        text = place.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise InputError(
            f"cannot read tests from {path}: {reason}; expected a folder, a .json or a .jsonl file"
        ) from None
    try:
        rows = (
            json.loads(text)
            if place.suffix == ".json"
            else [json.loads(line) for line in text.split("\n") if line.strip()]
        )
    except ValueError as error:
        raise InputError(f"{path}: not JSON ({error}); expected objects with strings input and output") from None
    if not isinstance(rows, list) or not rows:
        raise InputError(f"{path} holds no test; expected objects with strings input and output")
    return tuple(test_from_json(row, f"{path}: test {number}") for number, row in enumerate(rows, 1))


def _of_folder(folder: Path) -> tuple[TestCase, ...]:
    names = {each.name for each in folder.iterdir() if each.is_file()}
    tests: list[TestCase] = []
    for name in sorted(names, key=_in_order):
        wanted = _outputs_of(name)
        if not wanted:
            continue
        found = [each for each in wanted if each in names]
        if not found:
            raise InputError(f"{folder / name} has no output beside it ({' or '.join(wanted)}); {EXPECTED}")
        tests.append(TestCase(_text(folder / name), _text(folder / found[0])))
    if not tests:
        raise InputError(f"{folder} holds no test; {EXPECTED}")
    return tuple(tests)


def _outputs_of(name: str) -> list[str]:
    """The names that the output of this input may have; none if it is not an input."""
    if name.endswith(".in"):
        return [name.removesuffix(".in") + ending for ending in OUTPUTS]
    match = re.fullmatch(r"(in|input)((?:[._-]?\d\w*|[._-]\w+)?(?:\.txt)?)", name)
    return [{"in": "out", "input": "output"}[match[1]] + match[2]] if match else []


def _in_order(name: str) -> list[tuple[int, int, str]]:
    return [(0, int(part), "") if part.isdigit() else (1, 0, part) for part in re.findall(r"\d+|\D+", name)]


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"cannot read {path}: {error}; expected UTF-8 text") from None
