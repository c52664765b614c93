"""The truth is what two runs under two hash seeds agree on; it is found once, whoever asks, and kept through kills."""

import threading

import pytest
from deskcheck_evals.rows import read_rows
from deskcheck_evals.truth import DIFFERS, LineCounts, StoredTruths, Truth, find_truths, true_outputs, two_seeds
from deskcheck_tracer import Limits, Program

ORDER = Program("print(set('abcdefgh'))")
CALLED = Program("def f(x):\n    return {x: [x]}", call="f('a')")
ORDER_CALLED = Program("def f():\n    return set('abcdefgh')", call="f()")
PLAIN = Program("print(int(input()) + 1)", "4\n")


@pytest.fixture(scope="module")
def sandboxes():
    with two_seeds() as pair:
        yield pair


def test_one_seed_alone_does_not_find_what_depends_on_it(sandboxes):
    programs = [ORDER, ORDER_CALLED, PLAIN, CALLED]
    assert [output is None for output in true_outputs(programs, sandboxes)] == [True, True, False, False]
    assert None not in true_outputs(programs, [sandboxes[0], sandboxes[0]])
    assert true_outputs([PLAIN, CALLED], sandboxes) == ["5\n", "{'a': ['a']}"]


def test_why_there_is_nothing_to_predict(sandboxes):
    programs = [ORDER, Program("1 / 0"), Program("while True: pass"), Program("def f(): 1 / 0", call="f()")]
    limits = [Limits(cpu_s=0.2)] * 4
    assert [truth.fault for truth in find_truths(programs, sandboxes, limits)] == [
        DIFFERS, "fails", "over its time limit", "fails"
    ]  # fmt: skip


def test_a_long_run_has_a_truth_though_it_is_too_long_to_trace(sandboxes):
    assert true_outputs([Program("n = 0\nfor i in range(30000):\n    n += 1\nprint(n)")], sandboxes) == ["30000\n"]


def test_stored_truths_are_found_once_for_everybody(tmp_path, capsys):
    first = StoredTruths(tmp_path)([PLAIN, ORDER, PLAIN], [Limits()] * 3)
    assert first == [Truth("5\n"), Truth(None, DIFFERS), Truth("5\n")]
    path = tmp_path / "truth.jsonl"
    whole = path.read_bytes()
    assert len(whole.splitlines()) == 3, "a header and two programs"
    capsys.readouterr()
    assert StoredTruths(tmp_path, isolation="nowhere")([], []) == []
    assert StoredTruths(tmp_path)([ORDER], [Limits()]) == [first[1]] and "true outputs" not in capsys.readouterr().err
    path.write_bytes(whole[:-5])  # killed in the middle of a line
    assert StoredTruths(tmp_path)([PLAIN, ORDER], [Limits()] * 2) == first[:2]
    assert len(path.read_bytes().splitlines()) == 3


def test_another_limit_is_another_question(tmp_path):
    slow = Program("t = 0\nfor i in range(3 * 10**6):\n    t += i\nprint(t)")
    short, long = StoredTruths(tmp_path)([slow, slow], [Limits(cpu_s=0.05), Limits(cpu_s=20, wall_s=60)])
    assert short.fault == "over its time limit" and long.output == "4499998500000\n"


def test_two_that_ask_at_once_wait_for_each_other(tmp_path):
    found = []
    threads = [threading.Thread(target=lambda: found.append(StoredTruths(tmp_path)([PLAIN], [Limits()]))) for _ in "ab"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [[Truth("5\n")]] * 2
    assert len(read_rows(tmp_path / "truth.jsonl")[1]) == 1


async def test_lines_of_one_program_are_counted_once(sandboxes):
    counts = LineCounts(sandboxes[0])
    assert await counts.of(PLAIN) == await counts.of(PLAIN) == 1
    assert await counts.of(Program("1 / 0")) is None
