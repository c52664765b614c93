"""All calls of a program in one process: verdicts a call, what ends the process, limits, checkers, early ends."""

import time
from collections.abc import Iterator

import pytest
from deskcheck_tracer import Calls, InputError, Limits, Sandbox, TestCase, Verdict, judge_many, judge_together
from deskcheck_tracer.checker import Checker

SHORT = Limits(cpu_s=0.3, wall_s=2.0, memory_mb=64, output_bytes=10_000)
NEAR = Checker("def check(input, output, answer):\n    return abs(float(output) - float(answer)) < 0.1", pure=True)


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(workers=2) as sandbox:
        yield sandbox


def cases(*pairs: tuple[str, str]) -> tuple[TestCase, ...]:
    return tuple(TestCase(given, output) for given, output in pairs)


def verdicts(sandbox: Sandbox, source: str, tests: tuple[TestCase, ...], **settings: object) -> list[str]:
    [judgement] = judge_together([Calls(source, "f", tests, **settings)], sandbox=sandbox)  # type: ignore[arg-type]
    return [str(result.verdict) for result in judgement.results]


def test_a_verdict_a_call_and_a_call_that_raises_ends_alone(sandbox: Sandbox) -> None:
    tests = cases(("4", "2"), ("0", "0"), ("2", "5"), ("(\n1)", "8.0"))
    [judgement] = judge_together(
        [Calls("def f(x):\n    return 8 // x if x > 1 else 8 / x", "f", tests)], sandbox=sandbox
    )
    assert [result.verdict for result in judgement.results] == ["AC", "RE", "WA", "AC"]
    assert judgement.results[1].detail == "ZeroDivisionError: division by zero"
    assert str(judgement.results[2].difference) == "line 1: expected '5', got '4'"
    assert judgement.results[3].stdout == "8.0" and judgement.verdict is Verdict.RE


def test_as_judge_decides_where_calls_leave_nothing_behind(sandbox: Sandbox) -> None:
    """The same verdicts as one process a test, over values of every kind and every way to be wrong."""
    sources = [
        "def f(x): return x",
        "def f(x): return list(x) if isinstance(x, tuple) else x",
        "class Int(int): pass\ndef f(x): return Int(x) if isinstance(x, int) else x",
        "class Yes:\n    def __eq__(self, other): return True\ndef f(x): return Yes()",
        "def f(x): raise ValueError(x)",
        "def f(x): return undefined",
        "f = None",
        "def f(x) return x",
        "raise SystemExit(0)",
        "1 / 0",
    ]
    tests = cases(("{'b', 'a'}", "{'a', 'b'}"), ("(1, 2)", "(1, 2)"), ("True", "1"), ("'a\\nb'", "'a\\nb'"), ("6", "6"))
    together = judge_together([Calls(source, "f", tests) for source in sources], sandbox=sandbox)
    apart = judge_many([(source, tests) for source in sources], entry_point="f", sandbox=sandbox)
    for source, one, other in zip(sources, together, apart, strict=True):
        assert [each.verdict for each in one.results] == [each.verdict for each in other.results], source
        assert [each.stdout for each in one.results] == [each.stdout for each in other.results], source


@pytest.mark.parametrize(
    ("body", "end"),
    [
        ("while True: pass", "TLE"),
        ("x = bytearray(b'x') * 10**9", "MLE"),
        ("import os; os._exit(0)", "WA"),
        ("import os; os._exit(1)", "RE"),
        ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", "RE"),
        ("return 'x' * 20_000", "OLE"),
    ],
)
def test_what_ends_the_process_is_the_verdict_of_the_rest(sandbox: Sandbox, body: str, end: str) -> None:
    source = f"def f(x):\n    if x == 2:\n        {body}\n    return x"
    tests = cases(("1", "1"), ("2", "2"), ("3", "3"))
    assert verdicts(sandbox, source, tests, limits=SHORT) == ["AC", end, end]


def test_an_end_after_all_answers_is_the_last_calls(sandbox: Sandbox) -> None:
    source = (
        "import os\ncalls = []\ndef f(x):\n    calls.append(x)\n    if x == 2:\n        os.write(3, b'')\n    return x"
    )
    assert verdicts(sandbox, source, cases(("1", "1"), ("2", "2")))[0] == "AC"
    flood = "import sys\ndef f(x):\n    sys.stdout.write('x' * 50_000 * (x == 2))\n    sys.stdout.flush()\n    return x"
    assert verdicts(sandbox, flood, cases(("1", "1"), ("2", "2")), limits=SHORT) == ["AC", "OLE"]


def test_calls_share_a_process_and_programs_do_not(sandbox: Sandbox) -> None:
    source = "seen = []\ndef f(x):\n    seen.append(x)\n    open('left', 'a').write('x')\n    return len(seen)"
    tests = cases(("'a'", "1"), ("'b'", "2"))
    for judgement in judge_together([Calls(source, "f", tests)] * 4, sandbox=sandbox):
        assert judgement.verdict is Verdict.AC
    look = "import os\ndef f(x): return os.listdir()"
    assert verdicts(sandbox, look, cases(("0", "['main.py']"))) == ["AC"]


def test_lines_of_its_own_win_a_program_nothing(sandbox: Sandbox) -> None:
    """It may write on the descriptor of its answers, but must know what is right."""
    source = "import os\nfor fd in range(3, 300):\n    try: os.write(fd, b'+1\\n+2\\n+3\\ngarbage\\n')\n    except OSError: pass\n"
    tests = cases(("1", "10"), ("2", "20"), ("3", "30"))
    assert "AC" not in verdicts(sandbox, source + "def f(x): return 0", tests)
    assert "AC" not in verdicts(sandbox, source.replace("+1", "nothing") + "def f(x): return 10 * x", tests)[:1]


def test_no_tests_are_our_fault_whatever_the_program_does(sandbox: Sandbox) -> None:
    for source in ("def f(x): return x", "while True: pass", "1 / 0"):
        [judgement] = judge_together([Calls(source, "f", (), SHORT, wanted=0)], sandbox=sandbox)
        assert judgement.results == () and judgement.verdict is Verdict.SE


def test_tests_that_cannot_be_given_are_our_fault(sandbox: Sandbox) -> None:
    assert verdicts(sandbox, "def f(x): return x", cases(("1", "1"), ("'\ud800'", "1"), ("2", "2"))) == [
        "AC",
        "SE",
        "AC",
    ]


def test_a_pure_checker_decides_distinct_outputs_in_few_processes(sandbox: Sandbox) -> None:
    tests = cases(*((str(x), str(float(x))) for x in range(300)))
    calls = [Calls(f"def f(x): return x + {shift}", "f", tests, checker=NEAR) for shift in (0.0, 0.05, 0.5)]
    before = time.monotonic()
    right, near, wrong = judge_together(calls, sandbox=sandbox)
    assert right.verdict is near.verdict is Verdict.AC and {each.verdict for each in wrong.results} == {Verdict.WA}
    assert time.monotonic() - before < 10.0  # 600 processes took 3 s on an idle machine


def test_what_a_pure_checker_cannot_take_is_asked_about_alone(sandbox: Sandbox) -> None:
    fragile = Checker(
        "import os\ndef check(input, output, answer):\n"
        "    if output == \"'bomb'\": os._exit(1)\n    return float(output) > 1",
        pure=True,
    )
    tests = cases(("1", "2.0"), ("2", "2.0"), ("3", "2.0"), ("4", "2.0"))
    source = "def f(x): return [3.0, 'bomb', 4.0, 0.5][x - 1]"
    assert verdicts(sandbox, source, tests, checker=fragile) == ["AC", "WA", "AC", "WA"]


def test_a_program_that_was_wrong_is_not_waited_for(sandbox: Sandbox) -> None:
    limits = Limits(cpu_s=0.3)
    source = "def f(x):\n    while x == 3: pass\n    return x"
    wrong, right = cases(("1", "1"), ("2", "0"), ("3", "3")), cases(("1", "1"), ("2", "2"), ("3", "3"))
    assert verdicts(sandbox, source, wrong, limits=limits, wanted=1) == ["AC", "WA"]
    [judgement] = judge_together([Calls(source, "f", wrong, limits, wanted=1)], sandbox=sandbox)
    assert judgement.results[0].cpu_s < 0.2
    assert verdicts(sandbox, source, right, limits=limits, wanted=1) == ["AC", "AC", "TLE"]
    assert verdicts(sandbox, source, wrong, limits=limits, wanted=2) == ["AC", "WA", "TLE"], "wanted ones are all there"
    assert verdicts(sandbox, source, wrong, limits=limits) == ["AC", "WA", "TLE"]


def test_a_slow_right_program_has_its_whole_time(sandbox: Sandbox) -> None:
    source = "def f(x):\n    for _ in range(2_000_000): pass\n    return x"
    assert verdicts(sandbox, source, cases(("1", "1"), ("2", "2")), limits=Limits(cpu_s=5.0), wanted=0) == [
        "AC",
        "AC",
    ]


def test_refusals_name_what_is_wrong() -> None:
    with pytest.raises(InputError, match=r"entry_point is 'f g', expected the name of a function"):
        Calls("", "f g", ())
    with pytest.raises(InputError, match=r"asserts.*use judge_many"):
        Calls("", "f", (), checker="asserts")
    with pytest.raises(InputError, match=r"limits of its own.*use judge_many"):
        Calls("", "f", (TestCase("1", "1", SHORT),))
