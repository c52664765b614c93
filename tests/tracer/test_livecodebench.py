"""Every program of docs/livecodebench.md gets the verdict that the page says."""

import re
from pathlib import Path

import pytest
from deskcheck_tracer import Limits, TestCase, judge

PAGE = Path(__file__).parents[2] / "docs" / "livecodebench.md"
PROGRAMS = re.findall(r"^(.+) Here (AC|WA|RE|TLE)\.\n```python\n((?:.*\n)*?)```", PAGE.read_text(), re.MULTILINE)
TASK = TestCase("3\n1 2 3\n", "6\n")


def test_no_program_of_the_page_is_overlooked() -> None:
    assert len(PROGRAMS) == PAGE.read_text().count("```python") == 18


@pytest.mark.parametrize(("title", "verdict", "source"), PROGRAMS, ids=[title[:40] for title, _, _ in PROGRAMS])
def test_our_verdict(title: str, verdict: str, source: str) -> None:
    assert judge(source, [TASK], limits=Limits(cpu_s=2.0, wall_s=10.0)).verdict == verdict, title


def test_numbers_are_compared_as_there_on_request() -> None:
    for text in ("0_6", "6e0"):
        assert judge(f"print('{text}')", [TASK], checker="lcb_compat").verdict == "AC"
        assert judge(f"print('{text}')", [TASK]).verdict == "WA"


def test_no_tests_are_no_success() -> None:
    assert judge("print(6)", []).verdict == "SE"
