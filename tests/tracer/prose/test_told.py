"""How much of a run a text tells."""

import pytest
from deskcheck_tracer import Demands, narrate, verify
from deskcheck_tracer.engine import record_here
from deskcheck_tracer.prose import Reason

SOURCE = """def f(xs):
    total = 0
    for x in xs:
        if x % 2 == 0:
            total += x
        else:
            total -= 1
    return total
"""
TRACE = record_here(SOURCE, call="f([4, 7, 10, 3])")
BLOCK = "\n<output>\n12\n</output>"


@pytest.mark.parametrize(
    ("text", "least", "most"),
    [
        ("The function is called with xs. The function is called with xs.", 0.0, 0.0),
        ("total starts at 0.", 0.1, 0.3),
        ("total starts at 0. x is 4, which is even, so total becomes 4. Then 7 is odd and total drops to 3. 12 is returned.",
         0.7, 1.0),
    ],
)  # fmt: skip
def test_the_share_of_lines_that_a_text_speaks_of(text: str, least: float, most: float) -> None:
    assert least <= verify(text + BLOCK, TRACE).told <= most


def test_too_little_told_is_rejected_on_demand() -> None:
    text = "total starts at 0. total starts at 0." + BLOCK
    assert verify(text, TRACE).accepted
    assert verify(text, TRACE, Demands(min_told=0.5)).reason is Reason.little_told
    assert verify(narrate(TRACE), TRACE, Demands(min_told=1.0)).accepted
