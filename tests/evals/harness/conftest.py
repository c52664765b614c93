"""Questions of our own in the columns of HumanEval and MBPP, and answers to them."""

import json
from pathlib import Path

import pytest

HUMANEVAL = [
    {
        "task_id": "own/double",
        "prompt": 'def double(x):\n    """ Twice x.\n    >>> double(2)\n    4\n    """\n',
        "entry_point": "double",
        "canonical_solution": "    return 2 * x\n",
        "test": "def check(candidate):\n    assert candidate(2) == 4\n    assert candidate('ab') == 'abab'\n",
    },
    {
        "task_id": "own/largest",
        "prompt": 'import math\n\n\ndef largest(xs):\n    """ The largest of xs, minus infinity of none. """\n',
        "entry_point": "largest",
        "canonical_solution": "    return max(xs, default=-math.inf)\n",
        "test": "def check(candidate):\n    assert candidate([1, 3, 2]) == 3\n    assert candidate([]) == -math.inf\n",
    },
    {
        "task_id": "own/sum",
        "prompt": 'def sum(n):\n    """ 1 + 2 + ... + n """\n',
        "entry_point": "sum ",
        "canonical_solution": "    return n * (n + 1) // 2\n",
        "test": "def check(candidate):\n    assert sum(3) == 6\n    assert math.isclose(sum(4), 10.0)\n",
    },
]
WRONG = ["    import sys\n    sys.exit(0)\n", "    return xs[0]\n", "    return -n\n"]
MBPP = [
    {
        "task_id": 7,
        "text": "Write a function to reverse a list.",
        "code": "def turned(xs):\n    return xs[::-1]",
        "test_setup_code": "",
        "test_list": [f"assert turned({x}) == {x[::-1]}" for x in ([1, 2], [3], [])],
        "challenge_test_list": [],
    }
]


def write_rows(path: Path, rows: list) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


@pytest.fixture
def humaneval(tmp_path: Path) -> Path:
    return write_rows(tmp_path / "questions.jsonl", HUMANEVAL)
