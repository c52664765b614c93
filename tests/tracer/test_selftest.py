"""Every hostile row holds on this machine, in parallel and again on used workers, and nothing is left behind."""

import pytest
from deskcheck_tracer import Sandbox, Verdict
from deskcheck_tracer.selftest import Row, RowResult, hostile_rows, leftovers, run_row, selftest


def test_rows_are_read_whole() -> None:
    rows = hostile_rows()
    assert len(rows) >= 30 and len({row.number for row in rows}) == len(rows)
    assert not any(row.source.startswith("# row") or "# verdict" in row.source for row in rows)


def test_all_rows_hold_and_nothing_is_left() -> None:
    before = leftovers()
    results: list[RowResult] = []
    selftest(told=results.append)
    assert [str(result) for result in results if not result.holds] == []
    assert leftovers() == before


def test_quick_rows_hold_after_two_hundred_programs() -> None:
    from deskcheck_tracer import Program

    quick = [row for row in hostile_rows() if not {Verdict.TLE, Verdict.MLE, Verdict.OLE} & set(row.verdicts)]
    with Sandbox(workers=1) as sandbox:
        assert {result.stdout for result in sandbox.run_many([Program("print(1)")] * 200)} == {"1\n"}
        failed = [str(result) for row in quick if not (result := run_row(row, sandbox)).holds]
    assert failed == []


@pytest.mark.parametrize("verdict", [Verdict.AC, Verdict.RE])
def test_a_row_that_does_not_hold_is_seen(verdict: Verdict) -> None:
    row = next(row for row in hostile_rows() if row.number == 5)
    wrong = Row(row.number, row.title, row.source, (verdict,), row.tests, row.limits, row.entry_point)
    with Sandbox(workers=1) as sandbox:
        result = run_row(wrong, sandbox)
    assert not result.holds and str(result).startswith("FAIL   5 WA")
