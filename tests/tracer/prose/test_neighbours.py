"""Verdicts on conditions, handlers and rounds: held to the moment that their neighbours tell of."""

import pytest
from deskcheck_tracer import Demands, Trace, verify
from deskcheck_tracer.engine import record_here

PAIR = record_here(
    """def pair(nums, goal):
    left, right = 0, len(nums) - 1
    while left < right:
        total = nums[left] + nums[right]
        if total == goal:
            return left, right
        if total < goal:
            left += 1
        else:
            right -= 1
""",
    call="pair([1, 3, 4, 6, 9, 11], 13)",
)
PAIR_TEXT = """The pair at the ends is 1 and 11, making 12, so `left` moves to 1. Now 3 and 11 make 14. This time
`if total < goal:` fails, and `right` moves to 4. 3 plus 9 gives 12, so `left` becomes 2, and 4 plus 9 is 13.
<output>
(2, 4)
</output>"""

PARSE = record_here(
    """def parse(fields):
    total = 0
    bad = []
    for i, field in enumerate(fields):
        try:
            total += 60 // int(field)
        except ValueError:
            bad.append(field)
        except ZeroDivisionError:
            bad.append(i)
    return total, bad
""",
    call="parse(['7', 'x', '0', '25'])",
)
PARSE_TEXT = """`'7'` is read without raising anything, and `total` is 8. For `'x'` the `except ValueError` arm runs and `bad`
becomes `['x']`. `'0'` lands in the `except ZeroDivisionError` arm, and `bad` is `['x', 2]`. `'25'` brings `total` to 10.
<output>
(10, ['x', 2])
</output>"""


@pytest.mark.parametrize(
    ("trace", "text", "right", "wrong"),
    [
        (PAIR, PAIR_TEXT, "`if total < goal:` fails", "`if total < goal:` holds"),
        (PAIR, PAIR_TEXT, "`if total < goal:` fails", "the check `total < goal` comes out true"),
        (PARSE, PARSE_TEXT, "lands in the `except ZeroDivisionError`", "lands in the `except ValueError`"),
    ],
)
def test_a_verdict_that_is_right_elsewhere_is_wrong_here(trace: Trace, text: str, right: str, wrong: str) -> None:
    assert verify(text, trace).false == []
    assert right in text
    found = verify(text.replace(right, wrong), trace)
    assert found.false and all(check.matter in ("comparison", "branch", "exception") for check in found.false)


def test_this_happens_in_the_round_before_it() -> None:
    text = "3 and 11 make 14. This happens in the second round. Then 3 and 9 make 12.\n<output>\n(2, 4)\n</output>"
    assert verify(text, PAIR).accepted
    assert not verify(text.replace("second", "third"), PAIR).accepted


@pytest.mark.parametrize(
    ("verdict", "accepted"),
    [
        ("is not met", True), ("turns out not to be the case", True), ("did not hold", True), ("is fulfilled", False),
        ("comes out clearly true", False), ("holds", False),
    ],
)  # fmt: skip
def test_verdicts_behind_other_words(verdict: str, accepted: bool) -> None:
    text = f"3 and 11 make 14. The check `total < goal` {verdict}, so `right` moves to 4.\n<output>\n(2, 4)\n</output>"
    assert verify(text, PAIR).accepted is accepted


@pytest.mark.parametrize(("verb", "accepted"), [("fails", True), ("does not pass", True), ("passes", False)])
def test_verdicts_before_their_condition(verb: str, accepted: bool) -> None:
    text = f"3 and 11 make 14. That {verb} the test `total < goal`, so `right` moves to 4.\n<output>\n(2, 4)\n</output>"
    assert verify(text, PAIR).accepted is accepted


def test_strictness_bends_a_text_less() -> None:
    """It goes back from round 2 to round 1 in a text that says nothing of that."""
    text = (
        "At the end `left` is 2. Before that `right` fell to 4; earlier `left` rose to 1.\n<output>\n(2, 4)\n</output>"
    )
    assert verify(text, PAIR).accepted
    assert not verify(text, PAIR, Demands(strictness=1.0)).accepted


def test_demands_are_shares() -> None:
    with pytest.raises(ValueError, match=r"Demands\.strictness is 2, expected a share in \[0, 1\]"):
        Demands(strictness=2)
