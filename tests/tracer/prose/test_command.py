"""`deskcheck-trace check --prose`, and the figures of its proof."""

from pathlib import Path

import pytest
from deskcheck_tracer.cli import main

from tools.prose import share, wilson


def test_check_prose_says_what_is_false(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    program, text = tmp_path / "sum.py", tmp_path / "told.txt"
    program.write_text("total = 0\nfor i in range(3):\n    total += i\nprint(total)\n")
    text.write_text("total starts at 0. In the third round i is 2 and total becomes 3.\n<output>\n3\n</output>\n")
    assert main(["check", "--prose", str(text), str(program)]) == 0
    assert "FALSE" not in capsys.readouterr().out
    text.write_text(text.read_text().replace("becomes 3", "becomes 4"))
    assert main(["check", "--prose", str(text), str(program)]) == 1
    captured = capsys.readouterr()
    assert "FALSE  total becomes 4" in captured.out
    assert captured.err.startswith("claim_false: ")


def test_wilson_interval() -> None:
    low, high = wilson(0, 50)
    assert low == 0 and 0.07 < high < 0.072  # 0 of 50: at most 7.1 %
    assert share(95, 100) == "95.0 [88.8, 97.8]"
    assert share(0, 0) == "-"
