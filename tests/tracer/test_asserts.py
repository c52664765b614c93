"""Test code that calls a program by proxy, and custom checkers: verdicts, what they say, and what nobody gets to see."""

import secrets
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from deskcheck_tracer import Checker, InputError, Limits, Sandbox, TestCase, Verdict, ajudge, judge, judge_many
from deskcheck_tracer.judge import TestResult
from deskcheck_tracer.selftest import leftovers

LIMITS = Limits(cpu_s=1.0, wall_s=2.0, memory_mb=128, output_bytes=900_000)
SUM = "def add(a, b=1):\n    return a + b\n"


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(workers=2) as sandbox:
        yield sandbox


@pytest.fixture(scope="module")
def own() -> Iterator[Sandbox]:
    with Sandbox(workers=1, isolation="process") as sandbox:
        yield sandbox


def result_of(source: str, code: str, sandbox: Sandbox, names: str = "f", limits: Limits = LIMITS) -> TestResult:
    judgement = judge(
        source, [TestCase(code, "")], checker="asserts", entry_point=names, limits=limits, sandbox=sandbox
    )
    return judgement.results[0]


CASES = [
    ("def f(x): return x + 1", "assert f(3) == 4\nassert f(x=3) == 4", "AC"),
    ("def f(x): return x", "def check(candidate):\n    assert candidate(3) == 4\ncheck(f)", "WA"),
    ("def f(x): return None", "assert abs(f(3) - 3) < 1", "WA"),
    ("def f(x): raise ValueError('no')", "assert f(3) == 4", "RE"),
    ("def f(x): raise SystemExit(0)", "assert f(3) == 4", "RE"),
    ("class Mine(KeyError): pass\ndef f(x): raise Mine(x)", "try: f(3)\nexcept KeyError as e: assert e.args == (3,)", "AC"),
    ("def f(x): raise ValueError", "try: f(3)\nexcept KeyError: pass", "RE"),
    ("def f(x): raise AssertionError", "assert f(3)", "RE"),
    ("def g(x): return x", "assert f(3) == 3", "RE"),
    ("def f(x): return f(x)", "assert f(3) == 3", "RE"),
    ("def f(x):\n    while True: pass", "assert f(3) == 3", "TLE"),
    ("import time\ndef f(x): time.sleep(60)", "assert f(3) == 3", "TLE"),
    ("def f(x): return len(bytearray(b'x') * 10**9)", "assert f(3) == 3", "MLE"),
    ("def f(x): return 'x' * 10**6", "assert f(3) == 3", "OLE"),
    ("def f(x):\n    while True: print('x' * 1000)", "assert f(3) == 3", "OLE"),
    ("import os\ndef f(x): os._exit(0)", "assert f(3) == 3", "RE"),
    ("import os\ndef f(x): os._exit(3)", "assert f(3) == 3", "RE"),
    ("raise SystemExit(0)", "assert f(3) == 3", "RE"),
    ("def f(x: return 3", "assert f(3) == 3", "CE"),
    ("def f(x):\n    print('passed', 3)\n    return x", "assert f(3) == 3", "AC"),
    ("class E:\n    def __eq__(self, o): return True\ndef f(x): return E()", "assert f(3) == 3", "WA"),
    ("class E(int):\n    def __eq__(self, o): return True\ndef f(x): return [E(1)]", "assert f(3) == [3]", "WA"),
    ("def f(x):\n    x.append(3)\n    return x", "a = [1]\nassert f(a) == [1, 3]\nassert a == [1, 3]", "AC"),
    ("n = 0\ndef f():\n    global n\n    n += 1\n    return n", "assert [f(), f(), f()] == [1, 2, 3]", "AC"),
    ("def f(n): return n if n < 2 else f(n - 1) + f(n - 2)", "assert f(12) == 144", "AC"),
    ("def f(n): yield from range(n)", "assert list(f(3)) == [0, 1, 2]\nassert f(3) != [0, 1, 2]", "AC"),
    ("def f(n):\n    while True: yield n", "import itertools\nassert list(itertools.islice(f(3), 2)) == [3, 3]", "AC"),
    ("def f(x): return x", "assert f(float('inf')) == float('inf') and f(2**9999) == 2**9999 and f({1, 'é'}) == {1, 'é'}", "AC"),
    ("def f(x): return x", "import threading\nt = [threading.Thread(target=f, args=(i,)) for i in range(9)]\n"
     "[i.start() for i in t], [i.join() for i in t]\nassert f(1) == 1", "AC"),
    ("import os\nif os.fork() == 0:\n    import time\n    time.sleep(60)\ndef f(x): return x", "assert f(3) == 3", "AC"),
    ("def f(x): return x", "assert f(lambda: 0)", "SE"),
    ("def f(x): return print", "f(f(3))", "WA"),
    ("def f(x): return x", "assert f(3", "SE"),
    ("def f(x): return x", "import sys\nsys.exit(0)\nassert f(3) == 4", "SE"),
    ("def f(x): return x", "import os\nos._exit(0)", "SE"),
    ("def f(x): return x", "import os\nos.abort()", "SE"),
    ("def f(x): return x", "import sys\nsys.exit('failed')", "WA"),
    ("def f(x): return x", "import no_such_module", "SE"),
    ("def f(x): return x", "assert math.sqrt(f(4)) == 2", "SE"),
    ("import no_such_module", "assert f(3) == 3", "RE"),
    ("def f(x): return [0] * 50_000", "x = [f(1) for _ in range(100000)]", "TLE"),
    # what an answer can do to the test code is never its fault
    ("import sys\nsys.set_int_max_str_digits(0)\ndef f(x): raise ValueError(1 << 20000)", "f(3)", "RE"),
    ("def f(x): return 1 << 20000", "assert f(3) == 4, f(3)", "WA"),
    ("def f(x): return 1 << 20000", "{}[f(3)]", "WA"),
    ("def f(x): raise ValueError", "def check(c):\n  try: r = c(3)\n  except Exception: pass\n  assert r == 4\ncheck(f)", "WA"),
    ("def f(x): raise NameError('no')", "try: f(3)\nexcept Exception as e: raise type(e)(str(e))", "WA"),
    ("def f(x): return '\U0001F600' * 9000", "assert f(3) == 4, f(3)", "WA"),
    ("def f(x): raise StopIteration", "assert all(map(lambda x: f(x) == x, [1, 2]))", "RE"),
    # values that must survive
    ("def f(x): return x * 2\ndef g(xs): return sum(xs)", "assert g(f(x) for x in [1, 2]) == 6", "AC"),
    ("import heapq\ndef f(xs): return list(heapq.merge(*xs))", "assert f([iter([1, 3]), iter([2])]) == [1, 2, 3]", "AC"),
    ("def f(c):\n    c.pop('a')\n    return c['z'], c.most_common(1)",
     "from collections import Counter\nc = Counter('abb')\nassert f(c) == (0, [('b', 2)]) and c == {'b': 2}", "AC"),
    ("def f(d):\n    d['z'].append(1)\n    return d",
     "from collections import defaultdict\nd = defaultdict(list)\nassert f(d)['z'] == [1] and d == {'z': [1]}", "AC"),
    ("from collections import OrderedDict as O\ndef f(): return O(b=1, a=2)",
     "from collections import OrderedDict as O\nassert f() == O(a=2, b=1)", "WA"),
    ("from collections import namedtuple\nP = namedtuple('P', 'x y')\ndef f(x): return P(x, 2)", "assert f(1) == (1, 2)", "AC"),
    ("import enum\nclass E(enum.StrEnum):\n    a = 'a'\ndef f(): return E.a, [True]", "assert f() == ('a', [True])", "AC"),
    ("def f():\n    n = 2\n    while True:\n        yield n\n        n += 1", "assert next(f()) == 2", "AC"),
    ("def f(x):\n    x.append(1)\n    raise KeyError", "a = []\ntry: f(a)\nexcept KeyError: pass\nassert a == [1]", "AC"),
    ("def f(t):\n    t[0].append(9)", "a = ([1],)\nf(a)\nassert a == ([1, 9],)", "AC"),
    ("from collections import deque\ndef f(q): q.popleft()", "from collections import deque\nq = deque([1, 2])\nf(q)\nassert q == deque([2])", "AC"),
    ("def f(x): return x\nif __name__ == '__main__':\n    print(f(int(input())))", "assert f(3) == 3", "AC"),
    ("from dataclasses import dataclass\n@dataclass\nclass P:\n    x: 'int'\ndef f(x): return P(x).x", "assert f(3) == 3", "AC"),
]  # fmt: skip

# What goes to the line without being asked. The program finds it as its highest descriptor.
FIND = "import os\nfd = max(int(n) for n in os.listdir('/proc/self/fd') if int(n) < 200 and os.path.exists(f'/proc/self/fd/{n}'))\n"
ATTACKS = [
    (FIND + "def f(x):\n    os.write(fd, b'garbage\\n')\n    return 3", "assert f(3) == 3", "RE"),
    (FIND + "def f(x):\n    os.write(fd, b'\\x80\\n')\n    return 3", "assert f(3) == 3", "RE"),
    (FIND + "def f(x):\n    os.write(fd, b\"('returned', {}, '4')\\n\" * 2)\n    return 3", "assert f(3) == 3", "WA"),
    (FIND + "os.write(fd, b\"('returned', {}, '1')\\n\")\ndef f(x): return 3", "assert f(3) == 3", "WA"),
    (FIND + "def f(x):\n    os.close(fd)\n    return 3", "assert f(3) == 3", "RE"),
    (FIND + "while True: os.write(fd, b'x' * 10000)", "assert f('y' * 10**6) == 3", "OLE RE TLE"),
    (FIND + "while True: os.write(fd, b\"('returned', {}, '1')\\n\")", "for i in range(9): f('y' * 10**6)", "RE TLE"),
    (FIND + "def f(x):\n    os.write(fd, b'x')\n    while True: pass", "assert f(3) == 3", "TLE"),
    (FIND + "def f(x):\n    os.write(fd, b'[' * 800000 + b'\\n')\n    return 3", "assert f(3) == 3", "RE"),
    (FIND + "def f(x):\n    if os.fork() == 0:\n        while True: pass\n    os._exit(0)", "assert f(3) == 3", "RE"),
    (FIND + "os.set_blocking(fd, False)\ndef f(x): return 'x' * 150000", "assert f(3) == 3", "WA RE"),
]  # fmt: skip


@pytest.mark.parametrize(("source", "code", "verdict"), CASES)
def test_verdicts(source: str, code: str, verdict: str, sandbox: Sandbox) -> None:
    result = result_of(source, code, sandbox, names="f, g")
    assert result.verdict == verdict, result
    assert (result.difference is not None) == (verdict == "WA") and bool(result.detail) >= (verdict == "SE")


@pytest.mark.parametrize(("source", "code", "verdicts"), ATTACKS)
def test_a_program_that_writes_on_the_line_gains_nothing(
    source: str, code: str, verdicts: str, sandbox: Sandbox
) -> None:
    begun = time.monotonic()
    result = result_of(source, code, sandbox)
    assert result.verdict in verdicts.split(), result
    assert time.monotonic() - begun < 60  # nobody waits for ever; a busy machine stretches the 2 s to 20


@pytest.mark.parametrize("number", [0, 1, 3, 5, 10, 15, 22, 33])
def test_the_other_isolation(number: int, own: Sandbox) -> None:
    source, code, verdict = CASES[number]
    assert result_of(source, code, own).verdict == verdict


def test_what_failed_is_told(sandbox: Sandbox) -> None:
    wrong = result_of(SUM, "assert add(1) == 2\nassert add(1, b=2) == 4, 'hm'", sandbox, "add")
    assert str(wrong.difference) == (
        "line 2: expected \"assert add(1, b=2) == 4, 'hm'\", got 'add(1, b=2) returned 3' (AssertionError: hm)"
    )
    raised = result_of("def f(x): return x[9]", "f('abc')", sandbox)
    assert raised.detail == "f('abc') raised IndexError: string index out of range"
    two = result_of("def f(x): return x + 1\ndef g(x): return x - 1", "assert g(f(3)) == 3", sandbox, "f, g")
    assert two.verdict is Verdict.AC


def test_neither_the_test_code_nor_what_it_expects_reaches_the_program(sandbox: Sandbox) -> None:
    secret = secrets.token_hex(8)
    source = (
        "import gc, os, sys\ndef f(back):\n    hits, word = 0, back[::-1]\n"
        "    for folder in ('/proc/self', '/box', '/tmp', '/dev/shm'):\n        for top, _, names in os.walk(folder):\n"
        "            for name in names:\n                path = os.path.join(top, name)\n"
        "                if '/fd' in path or path.endswith('mem') or '/task/' in path: continue\n                try:\n"
        "                    hits += word.encode() in open(path, 'rb').read(10**6)\n                except OSError: pass\n"
        "    hits += sum(type(o) is dict and any(type(v) is str and len(v) > 16 and word in v for v in o.values()) for o in gc.get_objects())\n"
        "    return f'{hits} {len(os.listdir(\"/proc/self/fd\"))}'\n"
    )
    code = f"SECRET = '{secret}'\ngot = f('{secret[::-1]}')\nassert got == '{secret}', got\n"
    result = result_of(source, code, sandbox)
    assert result.verdict is Verdict.WA and result.difference is not None
    assert result.difference.actual.endswith("returned '0 5'")  # 0, 1, 2, the line and the folder that is listed


def test_eight_at_once_keep_their_order_and_leave_nothing() -> None:
    before = leftovers()
    with Sandbox(workers=8) as crowd:
        pairs = [(f"def f(x): return x + {n % 3}", [TestCase("assert f(1) == 2", "")]) for n in range(24)]
        judged = judge_many(pairs, checker="asserts", entry_point="f", sandbox=crowd, limits=Limits(wall_s=10.0))
    assert [each.verdict for each in judged] == ["AC" if n % 3 == 1 else "WA" for n in range(24)]
    assert leftovers() == before


async def test_asynchronous(sandbox: Sandbox) -> None:
    judgement = await ajudge(
        SUM, [TestCase("assert add(1) == 2", "")], checker="asserts", entry_point="add", sandbox=sandbox
    )
    assert judgement.verdict is Verdict.AC


def test_names_are_needed(sandbox: Sandbox) -> None:
    for names in (None, "", "f g", "f.g"):
        with pytest.raises(InputError, match="expected the functions that asserts call"):
            judge(SUM, [TestCase("", "")], checker="asserts", entry_point=names, sandbox=sandbox)


ANY_ORDER = "def check(input, output, answer):\n    return sorted(output.split()) == sorted(answer.split())\n"
FAULTY = {
    "def check(input, output, answer): return 1": "returned 1, expected True or False",
    "def check(input, output, answer): return 1 / 0": "ZeroDivisionError",
    "def check(input, output, answer):\n    while True: pass": "(cpu)",
    "def check(input, output): return True": "TypeError",
    "def check(": "(compile)",
    "import os\ndef check(input, output, answer): os._exit(0)": "returned no value",
}


def test_a_custom_checker_decides(sandbox: Sandbox) -> None:
    tests = [TestCase("1 2", "2 1"), TestCase("1 2", "1 3"), TestCase("", "")]
    judgement = judge("print(input())", tests, checker=Checker(ANY_ORDER), sandbox=sandbox)
    assert [result.verdict for result in judgement.results] == [Verdict.AC, Verdict.WA, Verdict.RE]


@pytest.mark.parametrize("source", FAULTY)
def test_a_checker_that_fails_is_our_fault(source: str, sandbox: Sandbox) -> None:
    checker = Checker(source, Limits(cpu_s=0.5))
    result = judge("print(1)", [TestCase("", "1")], checker=checker, sandbox=sandbox).results[0]
    assert result.verdict is Verdict.SE and FAULTY[source] in result.detail, result


@pytest.mark.parametrize("source", ["print('x')", "pass", "print('9' * 5000)", "print(3, 'x' * 500_000)"])
def test_an_output_that_the_checker_cannot_take_is_wrong(source: str, sandbox: Sandbox) -> None:
    picky = "def check(input, output, answer):\n    number, = output.split()\n    return int(number) == int(answer)\n"
    result = judge(source, [TestCase("", "3")], checker=Checker(picky), sandbox=sandbox).results[0]
    assert result.verdict is Verdict.WA and "cannot take this output" in result.detail


def test_small_limits_cut_no_report_of_the_check(sandbox: Sandbox) -> None:
    small = Limits(output_bytes=2000)
    result = result_of("def f(x): return '\U0001f600' * 200", "assert f(3) == 4", sandbox, limits=small)
    assert result.verdict is Verdict.WA, result


@pytest.mark.parametrize("workers", [1, 4])
def test_checkers_and_asserts_share_a_sandbox(workers: int) -> None:
    """A check that holds its workers never waits behind deciders that wait for one."""
    same = Checker("def check(input, output, answer): return output.strip() == answer")
    with Sandbox(workers=workers) as shared, ThreadPoolExecutor(2) as both:
        tests = [TestCase("", "1")] * 6
        decided = both.submit(judge, "print(1)", tests, checker=same, sandbox=shared)
        asserted = both.submit(
            judge, "def f(x): return x", [TestCase("assert f(3) == 3", "")] * 6, checker="asserts", entry_point="f",
            sandbox=shared, limits=Limits(wall_s=5.0),
        )  # fmt: skip
        assert (decided.result(60).verdict, asserted.result(60).verdict) == (Verdict.AC, Verdict.AC)
