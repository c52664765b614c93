"""Every hostile row holds on this machine, 8 at once and again on used workers, and nothing is left behind."""

from collections.abc import Sequence
from dataclasses import replace

import pytest
from deskcheck_tracer import Verdict
from deskcheck_tracer.selftest import Row, RowResult, all_rows, hostile_rows, leftovers, selftest
from deskcheck_tracer.selftest_harness import HarnessRow

QUICK = [row for row in hostile_rows() if not {Verdict.TLE, Verdict.MLE, Verdict.OLE} & set(row.verdicts)]


def failed(rows: Sequence[Row | HarnessRow], *, workers: int, programs_before: int = 0) -> list[str]:
    """The lines of the rows that do not hold; nothing may be left after them."""
    before, results = leftovers(), []
    selftest(rows=rows, workers=workers, programs_before=programs_before, told=results.append)
    assert leftovers() == before
    return [str(result) for result in results if not result.holds]


def test_the_table_is_whole_and_read_whole() -> None:
    rows = all_rows()
    assert {row.number for row in rows} == {*range(1, 81), *range(101, 121)}
    assert len({(row.number, row.title) for row in rows}) == len(rows)
    assert not any(row.source.startswith("# row") or "# verdict" in row.source for row in hostile_rows())


def test_all_rows_hold_eight_at_once() -> None:
    assert failed(all_rows(), workers=8) == []


def test_quick_rows_hold_after_two_hundred_programs() -> None:
    assert failed(QUICK, workers=1, programs_before=200) == []


@pytest.mark.slow
def test_all_rows_hold_on_fresh_workers() -> None:
    assert [line for row in all_rows() for line in failed([row], workers=1)] == []


@pytest.mark.slow
def test_all_rows_hold_eight_at_once_after_two_hundred_programs() -> None:
    assert failed(all_rows(), workers=8, programs_before=200) == []


@pytest.mark.slow
def test_each_row_holds_eight_times_at_once() -> None:
    assert [line for row in hostile_rows() for line in failed([row] * 8, workers=8)] == []


@pytest.mark.parametrize("verdict", [Verdict.AC, Verdict.RE])
def test_a_row_that_does_not_hold_is_seen(verdict: Verdict) -> None:
    row = next(row for row in hostile_rows() if row.number == 5)
    results: list[RowResult] = []
    selftest(rows=[replace(row, verdicts=(verdict,))], workers=1, told=results.append)
    assert not results[0].holds and str(results[0]).startswith("FAIL   5 WA")


def test_a_harness_row_that_does_not_hold_is_seen() -> None:
    row = HarnessRow(79, "is scored", (Verdict.SE, Verdict.SE), lambda degraded: (Verdict.SE, Verdict.AC))
    assert failed([row], workers=1) == ["FAIL  79 SE AC  (expected SE SE) is scored"]
