"""`deskcheck-trace` from the outside: results on stdout, messages on stderr, exit codes, no traceback."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

SOURCE = "n = int(input())\ns = 0\nfor i in range(n):\n    s += i\nprint(s)\n"


def trace(*arguments: str, stdin: str = "", folder: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "deskcheck_tracer.cli", *arguments]
    return subprocess.run(command, input=stdin, capture_output=True, text=True, check=False, cwd=folder, timeout=120)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "sum.py").write_text(SOURCE)
    (tmp_path / "tests.jsonl").write_text('{"input": "4", "output": "6"}\n{"input": "3", "output": "3"}\n')
    return tmp_path


def test_record_narrate_check(folder: Path) -> None:
    recorded = trace("record", "sum.py", "--stdin", "4", folder=folder)
    assert recorded.returncode == 0 and "finished" in recorded.stderr
    (folder / "sum.jsonl").write_text(recorded.stdout)
    for style in ("step", "compact"):
        told = trace("narrate", "sum.jsonl", "--style", style, folder=folder)
        assert told.returncode == 0 and told.stdout.endswith("<output>\n6\n</output>\n")
        checked = trace("check", "-", "sum.jsonl", stdin=told.stdout, folder=folder)
        assert checked.returncode == 0 and "0 false" in checked.stderr
        lied = trace("check", "-", "sum.jsonl", stdin=told.stdout.replace("6", "7"), folder=folder)
        assert lied.returncode == 1 and "FALSE" in lied.stdout
    assert trace("check", "-", "sum.jsonl", stdin="I like it.", folder=folder).returncode == 1


def test_record_in_the_jail_gives_the_same_trace(folder: Path) -> None:
    jailed = trace("record", "sum.py", "--stdin", "4", "--isolation", "nsjail", folder=folder)
    assert jailed.stdout == trace("record", "sum.py", "--stdin", "4", folder=folder).stdout


def test_view_is_one_page_without_holes(folder: Path) -> None:
    (folder / "odd.py").write_text("x = '</script><b>'\nprint(x)\n")
    shown = trace("view", "odd.py", "-o", "odd.html", folder=folder)
    page = (folder / "odd.html").read_text()
    assert shown.stdout == "odd.html\n" and page.count("</script>") == 2
    data = json.loads(page.split('type="application/json">')[1].split("</script>")[0])
    assert [scene[1] for scene in data["scenes"]] == [1, 2] and data["scenes"][0][3] == {"x": "'</script><b>'"}


def test_export_steps(folder: Path) -> None:
    rows = trace("export", "sum.py", "--stdin", "2", folder=folder).stdout.splitlines()
    assert json.loads(rows[-1])["stdout"] == "1\n" and json.loads(rows[0])["locals"] == {"n": "2"}


def test_judge_says_no_with_exit_code_1(folder: Path) -> None:
    good = trace("judge", "sum.py", "tests.jsonl", folder=folder)
    assert (good.returncode, good.stdout.split()[-1]) == (0, "AC")
    (folder / "wrong.json").write_text('[{"input": "4", "output": "7"}]')
    bad = trace("judge", "sum.py", "wrong.json", folder=folder)
    assert bad.returncode == 1 and "test 1: WA" in bad.stdout and "expected '7', got '6'" in bad.stdout


def test_selftest_row(folder: Path) -> None:
    done = trace("selftest", "--row", "2", "--row", "16", folder=folder)
    assert (done.returncode, done.stdout.splitlines()[-1]) == (0, "2 of 2 rows hold")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("record", "none.py"), "cannot read none.py: No such file"),
        (("judge", "sum.py", "bad.jsonl"), "bad.jsonl, line 2: not JSON"),
        (("judge", "sum.py", "half.jsonl"), "half.jsonl, line 1: got {'input': '1'}, expected {\"input\""),
        (("judge", "sum.py", "tests.jsonl", "--checker", "x"), "checker is 'x', expected one of exact"),
        (("narrate", "bad.jsonl"), "bad.jsonl, line 1"),
        (("record", "sum.py", "--cpu", "-1"), "--cpu is -1.0, expected a positive number"),
        (("selftest", "--row", "9999"), "no hostile row has the number [9999]"),
        (("record", "sum.py", "--stdin", "1", "-o", "no/where.jsonl"), "cannot write no/where.jsonl"),
    ],
)
def test_bad_input_is_one_message(folder: Path, arguments: tuple[str, ...], message: str) -> None:
    (folder / "bad.jsonl").write_text('{"input": "1", "output": "1"}\n{"input": \n')
    (folder / "half.jsonl").write_text('{"input": "1"}\n')
    done = trace(*arguments, folder=folder)
    assert done.returncode == 2 and message in done.stderr
    assert done.stderr.startswith("deskcheck-trace: ") and "Traceback" not in done.stderr and done.stdout == ""
