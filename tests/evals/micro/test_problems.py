"""Problems are deterministic, their outputs are the reference's, and near misses are mostly wrong."""

import random
import statistics

from deskcheck_evals.micro import micro_problems, mutate, shape
from deskcheck_tracer import Program, judge, record
from deskcheck_tracer.engine import record_here
from deskcheck_tracer.program import Limits
from deskcheck_tracer.verdict import Verdict


def test_the_stream_is_a_function_of_split_and_seed():
    assert micro_problems("test", 20, 7) == micro_problems("test", 20, 7)
    assert micro_problems("test", 20, 7) != micro_problems("test", 20, 8)
    assert micro_problems("test", 10, 7) == micro_problems("test", 20, 7)[:10]


def test_no_two_test_problems_share_a_shape():
    shapes = [shape(p.reference) for p in micro_problems("test", 200)]
    assert len(set(shapes)) == 200


def test_the_judge_accepts_every_reference_on_every_test():
    for item in micro_problems("validation", 15):
        tests = [*item.problem.public_tests, *item.problem.private_tests]
        assert len(tests) == 9
        assert judge(item.reference, tests).verdict is Verdict.AC


def test_tests_have_distinct_inputs_and_tell_programs_apart():
    for item in micro_problems("train", 50):
        tests = [*item.problem.public_tests, *item.problem.private_tests]
        assert len({t.input for t in tests}) == 9
        assert len({t.output for t in tests}) >= 3


def test_the_median_run_executes_at_least_fifteen_lines():
    traces = [
        record_here(p.reference, p.problem.public_tests[0].input, None, Limits()) for p in micro_problems("test", 200)
    ]
    assert statistics.median(sum(1 for _ in trace.steps()) for trace in traces) >= 15


def test_in_process_and_jailed_recordings_agree():
    item = micro_problems("test", 1)[0]
    stdin = item.problem.public_tests[0].input
    jailed = record(Program(item.reference, stdin))
    assert (
        jailed.stdout
        == record_here(item.reference, stdin, None, Limits()).stdout
        == item.problem.public_tests[0].output
    )


def test_most_near_misses_fail_a_test_and_none_changes_the_reading_line():
    rng = random.Random(2)
    wrong = 0
    for item in micro_problems("train", 30):
        variant = mutate(item.reference, rng)
        assert variant.splitlines()[0] == item.reference.splitlines()[0]
        tests = [*item.problem.public_tests, *item.problem.private_tests]
        wrong += judge(variant, tests).verdict is not Verdict.AC
    assert wrong >= 18
