"""Verdicts: one a test, one for all; what enters the sandbox and what must not."""

import json
import secrets
import time
from collections.abc import Iterator

import pytest
from deskcheck_tracer import InputError, Limits, Sandbox, TestCase, Verdict, ajudge, judge, judge_many
from deskcheck_tracer.judge import Judgement, TestResult

DOUBLE = "print(int(input()) * 2)"


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(workers=2) as sandbox:
        yield sandbox


def test_one_result_a_test_and_the_first_fault_for_all(sandbox: Sandbox) -> None:
    tests = [TestCase("1", "2"), TestCase("2", "5"), TestCase("x", "0"), TestCase("3", "6")]
    judgement = judge(DOUBLE, tests, sandbox=sandbox)
    assert [result.verdict for result in judgement.results] == [Verdict.AC, Verdict.WA, Verdict.RE, Verdict.AC]
    assert judgement.verdict is Verdict.WA
    assert str(judgement.results[1].difference) == "line 1, token 1: expected '5', got '4'"
    assert "ValueError" in judgement.results[2].stderr


def test_stop_early_ends_at_the_first_fault(sandbox: Sandbox) -> None:
    tests = [TestCase("1", "2"), TestCase("2", "5"), TestCase("3", "6")]
    assert len(judge(DOUBLE, tests, sandbox=sandbox, stop_early=True).results) == 2


def test_every_verdict(sandbox: Sandbox) -> None:
    limits = Limits(cpu_s=0.5, wall_s=2.0, memory_mb=64, output_bytes=1000)
    programs = {
        Verdict.AC: "print(6)",
        Verdict.WA: "print(7)",
        Verdict.RE: "print(6)\nraise SystemExit(1)",
        Verdict.TLE: "while True: pass",
        Verdict.MLE: "x = bytearray(b'x') * 10**9",
        Verdict.OLE: "print('6' * 5000)",
        Verdict.CE: "print(6",
    }
    judgements = judge_many(
        [(source, [TestCase("", "6")]) for source in programs.values()], limits=limits, sandbox=sandbox
    )
    assert [judgement.verdict for judgement in judgements] == list(programs)


def test_ce_for_nul_and_oversize_sources(sandbox: Sandbox) -> None:
    test = [TestCase("", "6")]
    assert judge("print(6)\0", test, sandbox=sandbox).verdict is Verdict.CE
    big = judge("print(6)" + "#" * 1_000_000, test, sandbox=sandbox)
    assert big.verdict is Verdict.CE and "1000008 bytes" in big.results[0].detail
    assert judge("", test, sandbox=sandbox).verdict is Verdict.WA


def test_our_faults_are_se_and_never_ac(sandbox: Sandbox) -> None:
    assert judge(DOUBLE, [], sandbox=sandbox).verdict is Verdict.SE
    undecodable = judge(DOUBLE, [TestCase("1", "2"), TestCase("\ud800", "2")], sandbox=sandbox)
    assert [result.verdict for result in undecodable.results] == [Verdict.AC, Verdict.SE]
    assert undecodable.verdict is Verdict.SE and "UTF-8" in undecodable.results[1].detail
    mixed = Judgement((TestResult(Verdict.SE, ""), TestResult(Verdict.WA, "")))
    assert mixed.verdict is Verdict.WA and not Verdict.SE.is_score


def test_limits_of_a_test_come_first(sandbox: Sandbox) -> None:
    patient = Limits(wall_s=5.0)
    tests = [TestCase("", "6"), TestCase("", "6", limits=patient)]
    judgement = judge("import time\ntime.sleep(0.6)\nprint(6)", tests, limits=Limits(wall_s=0.2), sandbox=sandbox)
    assert [result.verdict for result in judgement.results] == [Verdict.TLE, Verdict.AC]


def test_call_problems_compare_value_and_type(sandbox: Sandbox) -> None:
    source = "def f(kind):\n    return {'set': {'b', 'a'}, 'float': 6.0, 'bool': True, 'int': 6, 'text': '6'}[kind]"
    cases = [("'set'", "{'a', 'b'}", "AC"), ("'float'", "6", "WA"), ("'bool'", "1", "WA"), ("'int'", "6", "AC")]
    cases += [("'text'", '"6"', "AC"), ("'text'", "6", "WA"), ("'none'", "6", "RE")]
    tests = [TestCase(arguments, result) for arguments, result, _ in cases]
    judgement = judge(source, tests, entry_point="f", sandbox=sandbox)
    assert [result.verdict for result in judgement.results] == [verdict for _, _, verdict in cases]


def test_bad_arguments_are_named(sandbox: Sandbox) -> None:
    with pytest.raises(InputError, match="checker is 'x'"):
        judge(DOUBLE, [TestCase("1", "2")], checker="x", sandbox=sandbox)
    with pytest.raises(InputError, match="entry_point is 'f\\(1\\)'"):
        judge(DOUBLE, [TestCase("1", "2")], entry_point="f(1)", sandbox=sandbox)


def test_expected_output_never_enters_the_sandbox(sandbox: Sandbox) -> None:
    secret = secrets.token_hex(8)
    source = (
        "import gc, os, sys\nwanted = input()\nhits = 0\n"
        "for value in gc.get_objects():\n    if isinstance(value, dict):\n        hits += any(v == wanted[::-1] for v in value.values())\n"
        "with open('/proc/self/maps') as maps, open('/proc/self/mem', 'rb') as memory:\n"
        "    for line in maps:\n        area = line.split()\n        if 'rw' in area[1] and 'vv' not in line:\n"
        "            start, end = (int(part, 16) for part in area[0].split('-'))\n            memory.seek(start)\n"
        "            text = memory.read(end - start)\n            hits += text.count(wanted[::-1][:8].encode() + wanted[::-1][8:].encode())\n"
        "print(hits)\n"
    )
    # The program is told the answer backwards; it can only meet the answer itself in memory where it builds it.
    judgement = judge(source, [TestCase(secret[::-1], secret)], limits=Limits(memory_mb=512), sandbox=sandbox)
    baseline = judge(source, [TestCase(secret[::-1], "nothing")], limits=Limits(memory_mb=512), sandbox=sandbox)
    assert judgement.results[0].stdout == baseline.results[0].stdout and judgement.verdict is Verdict.WA


async def test_ajudge_is_judge(sandbox: Sandbox) -> None:
    tests = [TestCase("1", "2"), TestCase("2", "5")]
    assert (await ajudge(DOUBLE, tests, sandbox=sandbox)).verdict is judge(DOUBLE, tests, sandbox=sandbox).verdict


def test_many_in_one_batch_keep_their_order(sandbox: Sandbox) -> None:
    pairs = [(f"print({n})", [TestCase("", str(n % 3))]) for n in range(9)]
    verdicts = [judgement.verdict for judgement in judge_many(pairs, sandbox=sandbox)]
    assert verdicts == [Verdict.AC if n < 3 else Verdict.WA for n in range(9)]


def test_load_turns_no_ac_into_tle(sandbox: Sandbox) -> None:
    work = "s = 0\nfor i in range(3_000_000):\n    s += i\nprint(s)"
    tests = [TestCase("", "4499998500000")]
    with Sandbox(workers=8) as crowd:
        begun = time.monotonic()
        judgements = judge_many([(work, tests)] * 8, limits=Limits(cpu_s=2.0, wall_s=1.0), sandbox=crowd)
        took = time.monotonic() - begun
    assert [judgement.verdict for judgement in judgements] == [Verdict.AC] * 8, json.dumps(took)
