"""A decorator that records every call of a function; the newest trace hangs on the function.

    @traced
    def area(width, height): ...

    area(2, 3)
    print(narrate(area.trace))

Calls made while one is being recorded (recursion, other threads) belong to that one. A call that raises is recorded,
too, and the exception goes on.
"""

import inspect
from collections.abc import Callable, Sequence
from functools import wraps
from pathlib import Path
from typing import Any, Protocol, overload

from .errors import InputError
from .program import NO_TRACE_LIMITS, Limits
from .recorder import Recorder
from .trace import Trace


class Traced[**P, R](Protocol):
    """A function that is recorded."""

    trace: Trace | None
    """Of the last call that has ended; None before the first."""

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R: ...


@overload
def traced[**P, R](function: Callable[P, R], /) -> Traced[P, R]: ...
@overload
def traced[**P, R](
    *,
    limits: Limits = NO_TRACE_LIMITS,
    include: Sequence[str | Path] | None = None,
    exclude: Sequence[str | Path] = (),
    on_trace: Callable[[Trace], object] | None = None,
) -> Callable[[Callable[P, R]], Traced[P, R]]: ...
def traced(
    function: Callable[..., Any] | None = None,
    /,
    *,
    limits: Limits = NO_TRACE_LIMITS,
    include: Sequence[str | Path] | None = None,
    exclude: Sequence[str | Path] = (),
    on_trace: Callable[[Trace], object] | None = None,
) -> Any:
    """Record every call of a function or coroutine function; options as `Recorder`'s.

    on_trace is called with each trace, to keep more than the newest. Raises InputError for anything else, generator
    functions among it: between two of its items a generator's caller runs.
    """

    def recorder() -> Recorder:
        return Recorder(limits=limits, include=include, exclude=exclude, main=file)

    def keep(done: Recorder) -> None:
        wrapper.trace = done.trace
        if on_trace is not None:
            on_trace(done.trace)

    if function is None:
        return lambda given: traced(given, limits=limits, include=include, exclude=exclude, on_trace=on_trace)  # type: ignore[call-overload]
    if (
        not inspect.isfunction(function)
        or inspect.isgeneratorfunction(function)
        or inspect.isasyncgenfunction(function)
    ):
        raise InputError(f"traced got {function!r}, expected a function or a coroutine function")
    file, wrapper = function.__code__.co_filename, _wrapper(function, recorder, keep)
    wrapper.trace = None
    return wrapper


def _wrapper(function: Callable[..., Any], recorder: Callable[[], Recorder], keep: Callable[[Recorder], None]) -> Any:
    recording: list[Recorder] = []

    if inspect.iscoroutinefunction(function):

        @wraps(function)
        async def call_later(*args: Any, **kwargs: Any) -> Any:
            if recording:
                return await function(*args, **kwargs)
            recording.append(recorder())
            try:
                with recording[0]:
                    return await function(*args, **kwargs)
            finally:
                keep(recording.pop())

        return call_later

    @wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        if recording:
            return function(*args, **kwargs)
        recording.append(recorder())
        try:
            with recording[0]:
                return function(*args, **kwargs)
        finally:
            keep(recording.pop())

    return call
