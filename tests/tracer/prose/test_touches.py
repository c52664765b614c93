"""What a moment of a run has in hand, and what that says of a text."""

import pytest
from deskcheck_tracer import verify
from deskcheck_tracer.engine import record_here
from deskcheck_tracer.prose.course import Course
from deskcheck_tracer.prose.touches import Touches, added

SOURCE = """def pair(nums, goal):
    left, right = 0, len(nums) - 1
    while left < right:
        total = nums[left] + nums[right]
        if total == goal:
            return nums[left], nums[right]
        if total < goal:
            left += 1
        else:
            right -= 1
"""
TRACE = record_here(SOURCE, call="pair([1, 3, 4, 7, 11, 15], 14)")
COURSE = Course(TRACE)


def rounds(ticks: frozenset[int]) -> set[int]:
    return {COURSE.ticks[tick].rounds[-1].number for tick in ticks if COURSE.ticks[tick].rounds}


def test_elements_and_sums_are_touched_in_their_rounds() -> None:
    touches = Touches(COURSE)
    assert rounds(touches.where(15)) == {1}
    assert rounds(touches.where(11)) == {2, 3}
    assert touches.where(7) == frozenset()  # in the list all the time, and never taken out


def test_fresh_values_are_those_given_to_names() -> None:
    touches = Touches(COURSE)
    assert rounds(touches.fresh(12)) == {2}
    assert touches.fresh(15) == frozenset()


def test_comparisons_are_found_by_both_sides() -> None:
    touches = Touches(COURSE)
    assert rounds(touches.comparing(16, 14)) == rounds(touches.comparing(14, 16)) == {1}
    assert touches.comparing(16, 12) == frozenset()


@pytest.mark.parametrize(
    ("old", "new", "keys"),
    [("[1]", "[1, 2]", {2}), ("[1, 2]", "[1]", {1, 2}), ("{'a': 1}", "{'a': 2}", {"a", 2}), ("{1}", "{1, 3}", {3})],
)
def test_what_a_container_got(old: str, new: str, keys: set[object]) -> None:
    assert added(old, new) == keys


def test_what_stands_beside_a_round_must_be_touched_in_it() -> None:
    block = "\n<output>\n(3, 11)\n</output>"
    text = "The first round adds 1 and 15. The second round drops the 15 for the 11. The third finds 3 and 11."
    text = text.replace("drops the 15 for the 11", "takes the 11")
    assert verify(text + block, TRACE).false == []
    found = verify(text.replace("takes the 11", "takes the 15") + block, TRACE)
    assert [check.why for check in found.false] == ["15 is not touched in that round"]
