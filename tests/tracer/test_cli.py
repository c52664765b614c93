"""`deskcheck-trace` from the outside: results on stdout, messages on stderr, exit codes, no traceback."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from deskcheck_tracer import Trace
from deskcheck_tracer.cli import main
from deskcheck_tracer.engine import record_here
from deskcheck_tracer.export import trace_lines

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


def test_a_program_comes_from_a_file_an_option_or_standard_input(folder: Path) -> None:
    (folder / "latin.py").write_bytes("# coding: latin-1\ns = 'é'\n".encode("latin-1"))
    assert json.loads(trace("export", "latin.py", folder=folder).stdout)["locals"] == {"s": "'é'"}
    assert json.loads(trace("export", "-c", "x = 3", folder=folder).stdout)["locals"] == {"x": "3"}
    assert json.loads(trace("export", "-", stdin="y = 4", folder=folder).stdout)["locals"] == {"y": "4"}
    (folder / "in.txt").write_text("3\n")
    recorded = trace("record", "sum.py", "--stdin-file", "in.txt", folder=folder).stdout
    assert trace("export", "-", "--format", "jsonl", stdin=recorded, folder=folder).stdout == recorded


def test_export_forms(folder: Path) -> None:
    (folder / "f.py").write_text("def f(n):\n    return n + 1\n")
    (folder / "f.jsonl").write_text(trace("record", "f.py", "--call", "f(2)", folder=folder).stdout)

    def form(*options: str) -> str:
        return trace("export", "f.jsonl", "--format", *options, folder=folder).stdout

    assert Trace.from_json(json.loads(form("json"))).returned == "3"
    assert form("text").splitlines()[-2:] == [f"{'|      2  return n + 1':<56}returns 3", "finished"]
    assert '<|call_sep|>{"n": "2"}<|action_sep|>def f(n):\n<|frame_sep|>' in form("cwm")
    assert form("cwm", "--step-over", "f").count("<|line_sep|>") == 1
    assert json.loads(form("cwm-json"))[:2] == [128000, 128107]
    capped = json.loads(form("cwm-json", "--max-tokens", "50", "--entry", "f"))
    assert capped[-1] == 128100 and len(capped) < len(json.loads(form("cwm-json", "--entry", "f")))


def test_a_limit_is_told_with_its_option(folder: Path) -> None:
    done = trace("narrate", "-c", "n = 0\nwhile True:\n    n += 1", "--max-events", "50", folder=folder)
    assert done.returncode == 0 and done.stderr == "stopped by a limit (events: 50 events); --max-events sets it\n"
    assert "The program ends: events: 50 events" in done.stdout


def test_export_steps(folder: Path) -> None:
    rows = trace("export", "sum.py", "--stdin", "2", folder=folder).stdout.splitlines()
    assert json.loads(rows[-1])["stdout"] == "1\n" and json.loads(rows[0])["locals"] == {"n": "2"}


def test_judge_takes_test_code_and_a_checker_of_your_own(folder: Path) -> None:
    (folder / "f.py").write_text("def f(x):\n    return x * 2\nprint(1, 2)\n")
    (folder / "asserts.json").write_text('[{"input": "assert f(2) == 4", "output": ""}]')
    (folder / "order.json").write_text('[{"input": "", "output": "2 1"}]')
    (folder / "order.py").write_text(
        "def check(input, output, answer):\n    return sorted(output.split()) == sorted(answer.split())\n"
    )
    told = trace("judge", "f.py", "asserts.json", "--checker", "asserts", "--entry-point", "f", folder=folder)
    assert (told.returncode, told.stdout.split()[-1]) == (0, "AC"), told
    assert trace("judge", "f.py", "order.json", folder=folder).stdout.split()[-1] == "WA"
    told = trace("judge", "f.py", "order.json", "--checker", "order.py", folder=folder)
    assert (told.returncode, told.stdout.split()[-1]) == (0, "AC"), told


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
        (("record", "."), "cannot read .: Is a directory"),
        (("record", "broken.py"), "broken.py does not compile: SyntaxError: '(' was never closed (line 2)"),
        (("view", "-c", "x = = 1"), "-c does not compile: SyntaxError: invalid syntax (line 1)"),
        (("record", "-c", "a\0b"), "-c does not compile: SyntaxError: source code string cannot contain null bytes"),
        (("record", "sum.py", "--stdin", "1", "--call", "f("), "--call does not compile: SyntaxError"),
        (("record", "odd.py"), "odd.py is no Python source in the encoding it names"),
        (("record",), "no program: give a file, - for standard input, or -c CODE"),
        (("record", "sum.py", "-c", "x = 1"), "got both sum.py and -c, expected one program"),
        (("record", "sum.py", "--stdin", "1", "--stdin-file", "x"), "got both --stdin and --stdin-file"),
        (("check", "-", "-"), "cannot both be standard input"),
        (("narrate", "good.jsonl", "--call", "f(1)"), "good.jsonl is a recorded trace: --call comes too late"),
        (("narrate", "cut.jsonl"), "cut.jsonl: the end line is missing, the file was cut off"),
        (("view", "half_line.jsonl"), "half_line.jsonl: the end line is missing, the file was cut off"),
        (("export", "two.jsonl"), "two.jsonl, line 7: more text after the end line, expected one trace a file"),
        (("export", "future.jsonl"), "future.jsonl has schema 9, expected 1: record it again"),
        (("check", "sum.py", "binary.jsonl"), "binary.jsonl is not a trace file: byte 0 is not UTF-8"),
        (("narrate", "empty.jsonl"), "empty.jsonl, line 1: not the header of a trace file"),
        (("narrate", "bad.jsonl"), "bad.jsonl, line 1: not the header of a trace file"),
        (("narrate", "lies.jsonl"), "lies.jsonl, line 3: not an event row"),
        (("narrate", "good.jsonl", "--style", "ode"), "style is 'ode', expected one of step"),
        (("export", "good.jsonl", "--format", "cwm"), "the program defines no function 'main' (functions: none)"),
        (("judge", "sum.py", "bad.jsonl"), "bad.jsonl, line 2: not JSON"),
        (("judge", "sum.py", "half.jsonl"), "half.jsonl, line 1: got {'input': '1'}, expected {\"input\""),
        (("judge", "sum.py", "tests.jsonl", "--checker", "x"), "checker is 'x', expected one of exact"),
        (("record", "sum.py", "--cpu", "-1"), "--cpu is -1.0, expected a positive number"),
        (
            ("record", "sum.py", "--max-events", "-1"),
            "--max-events is -1, expected a positive number, or 0 for no limit",
        ),
        (("selftest", "--row", "9999"), "no hostile row has the number [9999]"),
        (("record", "-c", "x = 1", "-o", "no/where.jsonl"), "cannot write no/where.jsonl"),
    ],
)
def test_bad_input_is_one_message(
    bad_files: Path, arguments: tuple[str, ...], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    before = sorted(path.name for path in bad_files.iterdir())
    code = main(arguments)
    out, err = capsys.readouterr()
    assert code == 2 and message in err and out == ""
    assert err.startswith("deskcheck-trace: ") and err.count("\n") == 1
    assert sorted(path.name for path in bad_files.iterdir()) == before


@pytest.fixture
def bad_files(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(folder)
    good = "".join(line + "\n" for line in trace_lines(record_here("x = 1\ny = 2\n")))
    lines = good.splitlines(keepends=True)
    texts = {
        "good": good, "cut": "".join(lines[:-1]), "half_line": good[:-30], "two": good + good, "empty": "",
        "future": good.replace('"schema":1', '"schema":9'), "half": '{"input": "1"}\n',
        "bad": '{"input": "1", "output": "1"}\n{"input": \n',
        "lies": "".join([*lines[:2], '["line",0,"one"]\n', *lines[3:]]),
    }  # fmt: skip
    for name, text in texts.items():
        (folder / f"{name}.jsonl").write_text(text)
    (folder / "broken.py").write_text("x = 1\ny = (\n")
    (folder / "odd.py").write_bytes(b"# coding: klingon\nx = 1\n")
    (folder / "binary.jsonl").write_bytes(b"\xff\xfe\x00")
    return folder


def test_a_traceback_is_never_a_users(folder: Path) -> None:
    done = trace("record", "none.py", folder=folder)
    assert done.returncode == 2 and done.stderr == "deskcheck-trace: cannot read none.py: No such file or directory\n"
