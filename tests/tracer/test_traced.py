"""The decorator: every call of a function leaves its trace on it."""

import asyncio

import pytest
from deskcheck_tracer import EndReason, EventKind, InputError, Limits, Trace, traced


def helper(n: int) -> int:
    return n * 2


@traced
def double_all(numbers: list[int]) -> list[int]:
    """Doubles."""
    out = []
    for n in numbers:
        out.append(helper(n))
    print(out)
    return out


def functions(trace: Trace | None) -> list[str | None]:
    assert trace is not None
    return [event.function for event in trace.events if event.kind is EventKind.call]


def test_the_newest_call_is_on_the_function(capsys: pytest.CaptureFixture[str]) -> None:
    assert double_all.__name__ == "double_all" and double_all.__doc__ == "Doubles."
    assert double_all([1]) == [2] and double_all([3, 4]) == [6, 8]
    trace = double_all.trace
    assert functions(trace) == ["double_all", "helper", "helper"]
    assert trace is not None and trace.stdout == "[6, 8]\n" and capsys.readouterr().out == "[2]\n[6, 8]\n"
    assert [step.locals["out"] for step in trace.steps() if step.function == "double_all"][-1] == "[6, 8]"
    assert [step.stdout for step in trace.steps() if step.stdout] == ["[6, 8]\n"]


def test_recursion_is_one_trace() -> None:
    @traced
    def fact(n: int) -> int:
        return 1 if n == 0 else n * fact(n - 1)

    assert fact(3) == 6 and functions(fact.trace).count("fact") == 4


def test_a_call_that_raises_is_kept_and_raises() -> None:
    kept: list[Trace] = []

    @traced(on_trace=kept.append, limits=Limits(max_events=100))
    def fails(n: int) -> float:
        return 1 / n

    with pytest.raises(ZeroDivisionError):
        fails(0)
    assert fails(2) == 0.5
    assert [trace.end.reason for trace in kept] == [EndReason.raised, EndReason.finished]
    assert kept[0].end.detail == "ZeroDivisionError: division by zero" and kept[1] is fails.trace


def test_methods_and_coroutines() -> None:
    class Counter:
        total = 0

        @traced
        def add(self, n: int) -> int:
            self.total += n
            return self.total

    @traced
    async def later(n: int) -> int:
        await asyncio.sleep(0)
        return helper(n)

    assert Counter().add(3) == 3 and "total=3" in str([s.locals for s in Counter.add.trace.steps()])  # type: ignore[attr-defined]
    assert asyncio.run(later(4)) == 8 and functions(later.trace) == ["later", "helper"]


def test_other_things_are_refused() -> None:
    def generator() -> object:
        yield 1

    for thing in (generator, 3, len):
        with pytest.raises(InputError, match="expected a function or a coroutine function"):
            traced(thing)  # type: ignore[call-overload]
    with pytest.raises(InputError, match="after the block"):
        from deskcheck_tracer import Recorder

        _ = Recorder().trace
