"""Predictions of what candidates print: compared with what they printed, whatever was expected, and worked out by hand."""

import pytest
from deskcheck_evals.measures import Statistics
from deskcheck_evals.results import Result, read_result
from deskcheck_evals.self_execution import execution_measures, simulated

STATISTICS = Statistics(resamples=50)


def candidate(
    code: str | None, printed: list[str | None], verdicts: list[str], outputs: list[list[str | None]]
) -> dict:
    return {"code": code, "printed": printed, "public_verdicts": verdicts, "outputs": outputs}


@pytest.fixture
def result(make_run) -> Result:
    made = read_result(make_run("self_verify", rows=2))
    right_and_wrong = candidate("a", ["1\n", "2\n"], ["AC", "WA"], [["1", "1", "9"], ["2", None, "9"]])
    made.rows[0]["candidates"] = [
        right_and_wrong,
        candidate("b", ["0.5\n", None], ["WA", "WA"], [["0.500001", "0.6", "0.5"], ["2", "2", "2"]]),
        candidate("c", ["", "1\n"], ["RE", "TLE"], [["", "", ""], ["1", "1", "1"]]),
        {"code": None},
    ]
    made.rows[1] |= {"entry_point": "f", "candidates": [right_and_wrong]}
    return made


def test_what_is_printed_decides_and_not_what_was_expected(result):
    assert [each.right for each in simulated(result)] == [
        (True, True, False),
        (True, False, False),
        (True, False, True),
    ], "a wrong program's true output is right; what has no output to compare with is left out"
    made = execution_measures(result, STATISTICS)
    assert list(made) == ["pass@1"], "3 predictions are no pass@5"
    assert made["pass@1"].interval.mean == pytest.approx((2 / 3 + 1 / 3 + 2 / 3) / 3)


def test_rows_of_an_older_version_have_none(make_run):
    old = read_result(make_run("self_verify", rows=2))
    for row in old.rows:
        for each in row["candidates"]:
            each.pop("printed", None)
    assert execution_measures(old, STATISTICS) == {}
