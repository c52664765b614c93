"""pytest --deskcheck: in a pytest of its own, on a folder of its own."""

import subprocess
import sys
from pathlib import Path

from deskcheck_tracer import EndReason
from deskcheck_tracer.export import read_trace

TESTS = """
import pytest
from shop import price

def test_good():
    assert price([1, 2]) == 3

@pytest.mark.parametrize("n", [4, 5])
def test_bad(n):
    total = price([1, n])
    print("got", total)
    assert total == 5

def test_skipped():
    pytest.skip("not today")
"""
SHOP = "def price(items):\n    total = 0\n    for item in items:\n        total += item\n    return total\n"


def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, timeout=120)


def test_failing_tests_leave_their_traces(tmp_path: Path) -> None:
    (tmp_path / "test_shop.py").write_text(TESTS)
    (tmp_path / "shop.py").write_text(SHOP)
    done = run(tmp_path, "--deskcheck")
    assert "1 failed, 2 passed, 1 skipped" in done.stdout, done.stdout + done.stderr
    folder = tmp_path / "deskcheck-traces"
    assert sorted(path.name for path in folder.iterdir()) == [
        "test_shop.py-test_bad-5.html",
        "test_shop.py-test_bad-5.jsonl",
    ]
    assert f"trace of this test: {folder}/test_shop.py-test_bad-5.html" in done.stdout
    with (folder / "test_shop.py-test_bad-5.jsonl").open() as lines:
        trace = read_trace(lines)
    assert trace.end.reason is EndReason.raised and trace.end.detail.startswith("AssertionError")
    assert trace.files == {"shop.py": SHOP} and trace.program.source == TESTS and trace.stdout == "got 6\n"
    totals = [step.locals.get("total") for step in trace.steps() if step.function == "price"]
    assert totals[-1] == "6"


def test_without_the_flag_nothing_is_recorded(tmp_path: Path) -> None:
    (tmp_path / "test_one.py").write_text("def test():\n    assert False\n")
    assert run(tmp_path).returncode == 1 and [path.name for path in tmp_path.iterdir() if path.suffix != ""] == [
        "test_one.py"
    ]


def test_the_plugin_alone_brings_no_recorder(tmp_path: Path) -> None:
    (tmp_path / "test_two.py").write_text(
        "import sys\ndef test():\n    assert 'deskcheck_tracer.pytest_plugin' in sys.modules\n    assert 'deskcheck_tracer.monitor' not in sys.modules\n"
    )
    assert run(tmp_path).returncode == 0
