"""The progress line where stderr is no terminal, and its arithmetic."""

import os
import subprocess
import sys

import pytest
from deskcheck_conf.progress import progress, rate_and_eta


@pytest.mark.parametrize(
    ("fresh", "elapsed_s", "left", "text"),
    [
        (0, 5.0, 10, ""),
        (50, 10.0, 100, "5/s ETA 0:00:20"),
        (1, 20.0, 180, "20 s each ETA 1:00:00"),
        (50, 10.0, 0, "5/s"),
        (50, 10.0, None, "5/s"),
    ],
)
def test_rate_and_time_left(fresh: int, elapsed_s: float, left: int | None, text: str) -> None:
    assert rate_and_eta(fresh, elapsed_s, left) == text


def test_plain_lines_go_to_stderr_with_first_and_last_count(capsys: pytest.CaptureFixture[str]) -> None:
    with progress("collect", 10, done=4) as advance:
        advance()
        advance(5)
    captured = capsys.readouterr()
    first, last = captured.err.splitlines()
    assert first == "collect: 4/10" and last.startswith("collect: 10/10 ")
    assert captured.out == ""


def test_an_error_passes_through_with_the_count_reached(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(KeyError), progress("collect", None) as advance:
        advance(3)
        raise KeyError
    assert capsys.readouterr().err.splitlines()[-1].startswith("collect: 3 ")


def test_bars_on_a_terminal_nest(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    monkeypatch.setenv("FORCE_COLOR", "1")
    with progress("outer", 2) as outer:
        with progress("inner", 3) as inner:
            inner(3)
        outer(2)
    shown = capsys.readouterr().err
    assert "outer" in shown and "inner" in shown and "3/3" in shown and "2/2" in shown


def test_a_log_gets_no_bars_of_other_libraries():
    """In a fresh process, since both libraries read their setting once."""
    code = """
from deskcheck_conf.progress import quiet_libraries
quiet_libraries()
from datasets import are_progress_bars_disabled
from transformers.utils.logging import is_progress_bar_enabled
print(are_progress_bars_disabled(), is_progress_bar_enabled())
"""
    clean = {name: value for name, value in os.environ.items() if not name.endswith("DISABLE_PROGRESS_BARS")}
    ran = subprocess.run([sys.executable, "-c", code], env=clean, capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "True False"
