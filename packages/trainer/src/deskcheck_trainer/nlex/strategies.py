"""Inputs drawn by hypothesis for a function whose inputs nobody gave: by annotations, defaults and usage.

The parameters are read off the text of the function (shapes/), never off the function itself, for it is a stranger's. A
composite strategy then draws whole calls, so that arguments fit each other: lists that one loop walks are equally long,
an index lies in its list, a text to look for is now and then one of the texts. Values are small, to be traced in words.

Hypothesis is driven by `fuzz_one_input`, its documented entry for fuzzers, on bytes of our own seeded generator: a test
run under `@given` also draws constants that it finds in whatever modules the process has loaded, so that two processes
may draw different values for one seed, and takes ten times as long.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from functools import cache

from hypothesis import given, settings
from hypothesis import strategies as st

from deskcheck_trainer.nlex.arguments import Arguments, literal_text
from deskcheck_trainer.nlex.shapes import Parameter, Shape, read_parameters

ENTROPY_BYTES = 40_000
"""Enough for twenty calls; where it is not, the calls drawn so far are all there are."""
OVERSAMPLED = 3
"""Calls drawn for one that is asked for, at most: many are equal where a function takes little."""
MAX_CALL_CHARACTERS = 2_000


def drawn_calls(source: str, entry_point: str, count: int, seed: str) -> list[str]:
    """Up to `count` distinct call expressions of `entry_point`, the same for the same seed.

    Empty where it is no module-level function, or has a parameter that no literal can be given for (a function, an
    object of a class from elsewhere).
    """
    parameters = read_parameters(source, entry_point)
    if parameters is None or count < 1:
        return []
    calls = Calls(entry_point, parameters, count)
    _target()(calls, random.Random(f"deskcheck-inputs-{seed}").randbytes(ENTROPY_BYTES))
    return list(calls.found)


class Calls:
    """The calls of one function as they are drawn."""

    def __init__(self, entry_point: str, parameters: list[Parameter], count: int) -> None:
        self.entry_point, self.parameters, self.count = entry_point, parameters, count
        self.found: dict[str, None] = {}

    def draw(self, draw: st.DrawFn) -> None:
        """Draw until there are enough, or no more seem to come."""
        kinds: dict[Shape, dict[str, float]] = {}
        for number in range(OVERSAMPLED * self.count):
            if len(self.found) == self.count:
                return
            text = self._one(Arguments(draw, number, kinds))
            if text is None:
                return
            if len(text) <= MAX_CALL_CHARACTERS:
                self.found[text] = None

    def _one(self, arguments: Arguments) -> str | None:
        values = arguments.of(self.parameters)
        if values is None:
            return None
        texts, left_out = [], False
        for parameter in self.parameters:
            if parameter.name not in values or (left_out and parameter.by_place):
                left_out = True
            elif parameter.rest:
                texts += [] if left_out else [literal_text(value) for value in values[parameter.name]]
            else:
                text = literal_text(values[parameter.name])
                texts.append(f"{parameter.name}={text}" if left_out or parameter.by_name else text)
        return f"{self.entry_point}({', '.join(texts)})"


@cache
def _target() -> Callable[[Calls, bytes], None]:
    """One test of hypothesis for all functions: to make one costs more than to draw twenty calls."""
    now: list[Calls] = []

    @st.composite
    def drawing(draw: st.DrawFn) -> None:
        now[-1].draw(draw)

    @settings(database=None, deadline=None)
    @given(drawing())
    def test(drawn: None) -> None:
        pass

    fuzz = test.hypothesis.fuzz_one_input  # type: ignore[attr-defined] - set by @given

    def run(calls: Calls, entropy: bytes) -> None:
        now.append(calls)
        try:
            fuzz(entropy)
        finally:
            now.clear()

    return run
