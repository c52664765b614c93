"""Free texts about small runs: true ones are accepted, the same with one thing wrong are not, and say where and why."""

import random

import pytest
from deskcheck_tracer import Trace, narrate, verify
from deskcheck_tracer.engine import record_here
from deskcheck_tracer.prose import Demands, Reason
from deskcheck_tracer.prose.statement import Matter
from deskcheck_tracer.prose.vocabulary import in_order
from deskcheck_tracer.styles import STYLES
from hypothesis import given, settings
from hypothesis import strategies as st

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
RIGHT = """The function is called with xs = [4, 7, 10, 3] and total starts at 0.

In the first iteration x is 4. Since 4 is even, total becomes 0 + 4 = 4. In the second iteration x is 7, which is odd, so the
else branch runs and total drops to 3. In the third one `x % 2 == 0` is true again: 10 goes in, and `total` goes from 3 to 13.
Last comes 3. It is odd, and total ends at 12. The loop ran four times, and 12 is returned."""
WRONG = [
    ("total becomes 0 + 4 = 4", "total becomes 0 + 4 = 5"),
    ("`total` goes from 3 to 13", "`total` goes from 3 to 14"),
    ("`total` goes from 3 to 13", "`total` goes from 4 to 13"),
    ("xs = [4, 7, 10, 3]", "xs = [4, 7, 10, 4]"),
    ("In the first iteration x is 4", "In the second iteration x is 4"),
    ("In the second iteration x is 7", "In the third iteration x is 7"),
    ("The loop ran four times", "The loop ran five times"),
    ("Since 4 is even", "Since 4 is odd"),
    ("7, which is odd", "7, which is even"),
    ("total starts at 0", "`tally` starts at 0"),
    ("total starts at 0", "total starts at 0 and run_total too"),
    ("total drops to 3", "total drops to 2"),
    ("The loop ran four times", "It adds 4 and 10 and gets 15. The loop ran four times"),
    ("In the second iteration x is 7", "In the third round it goes to 3. x is 7"),
]
BLOCK = "\n<output>\n12\n</output>\n"


def test_a_true_text_is_accepted() -> None:
    found = verify(RIGHT + BLOCK, TRACE)
    assert found.false == []
    assert found.accepted
    assert found.reason is Reason.accepted
    assert found.coverage > 0.8


@pytest.mark.parametrize(("right", "wrong"), WRONG, ids=[wrong for _, wrong in WRONG])
def test_one_thing_wrong_is_found_where_it_is(right: str, wrong: str) -> None:
    assert right in RIGHT
    text = RIGHT.replace(right, wrong) + BLOCK
    found = verify(text, TRACE)
    assert found.reason is Reason.claim_false
    place = text.index(wrong)
    assert any(check.start < place + len(wrong) + 60 and check.end > place - 60 for check in found.false)
    assert all(check.words == text[check.start : check.end] for check in found.false)
    assert all(check.why for check in found.false)


def test_the_output_must_be_stated_and_match() -> None:
    assert verify(RIGHT, TRACE).reason is Reason.no_output
    assert verify(RIGHT + "\n<output>\n13\n</output>", TRACE).reason is Reason.wrong_output
    assert verify(RIGHT + "\n<output>\n\n</output>", TRACE).reason is Reason.wrong_output  # what it printed: nothing
    assert verify(RIGHT + "\nOutput: 12", TRACE).accepted
    assert verify(RIGHT + "\nOutput: 13", TRACE).reason is Reason.wrong_output


@pytest.mark.parametrize(
    "talk",
    [
        "",
        "Let us think step by step about what happens here.",
        "The function does what its name says. It is a fine one.",
    ],
)
def test_empty_talk_is_rejected(talk: str) -> None:
    assert verify(talk + BLOCK, TRACE).reason is Reason.no_claims


def test_little_told_in_many_words_is_low_coverage() -> None:
    talk = "Then `xs` is looked at. " * 12 + "x is 4."
    assert verify(talk + BLOCK, TRACE).reason is Reason.low_coverage
    assert verify(talk + BLOCK, TRACE, Demands(min_coverage=0.01)).accepted


def test_a_program_that_prints_is_judged_by_what_it_printed() -> None:
    trace = record_here("n = int(input())\nprint(n * 2)\nprint('end')\n", "21\n")
    text = "n is 21. It prints 42 and then 'end'.\n<output>\n42\nend\n</output>"
    assert verify(text, trace).accepted
    assert verify(text.replace("prints 42", "prints 43"), trace).reason is Reason.claim_false
    assert verify(text.replace("\n42", "\n43"), trace).reason is Reason.wrong_output


def test_recursion_is_read_by_its_calls() -> None:
    trace = record_here("def fact(n):\n    if n <= 1:\n        return 1\n    return n * fact(n - 1)\n", call="fact(3)")
    text = "fact(3) needs fact(2), which needs fact(1). fact(1) returns 1, fact(2) is 2 and fact(3) returns 6."
    block = "\n<output>\n6\n</output>"
    assert verify(text + block, trace).accepted
    assert not verify(text.replace("fact(2) is 2", "fact(2) is 3") + block, trace).accepted
    assert not verify(text.replace("needs fact(1)", "needs fact(0)") + block, trace).accepted


def test_a_table_is_read_row_by_row() -> None:
    rows = "| round | x | total |\n|---|---|---|\n| 1 | 4 | 4 |\n| 2 | 7 | 3 |\n| 3 | 10 | 13 |\n| 4 | 3 | 12 |\n"
    assert verify(rows + BLOCK, TRACE).accepted
    for right, wrong in (("| 7 | 3 |", "| 7 | 4 |"), ("| 3 | 10 |", "| 2 | 10 |"), ("| 10 | 13 |", "| 7 | 13 |")):
        assert verify(rows.replace(right, wrong) + BLOCK, TRACE).reason is Reason.claim_false


@pytest.mark.parametrize("style", STYLES)
def test_narrations_are_left_to_their_own_grammar(style: str) -> None:
    text = narrate(TRACE, style)
    found = verify(text, TRACE)
    assert found.accepted
    assert not any(isinstance(check.matter, Matter) for check in found.checks)
    assert not verify(text.replace("12", "15", 1), TRACE).accepted


@given(st.lists(st.integers(2, 40), min_size=1, max_size=6), st.integers(0, 10_000))
@settings(max_examples=25, deadline=None)
def test_true_sentences_hold_and_one_other_number_does_not(xs: list[int], seed: int) -> None:
    trace = record_here(SOURCE, call=f"f({xs})")
    rng = random.Random(seed)
    text, totals = told(trace, xs, rng)
    block = f"\n<output>\n{totals[-1]}\n</output>"
    assert verify(text + block, trace).false == []
    number = rng.randrange(len(xs))
    wrong = text.replace(f"total{BINDS[number]}{totals[number]}.", f"total{BINDS[number]}{totals[number] + 1000}.")
    assert wrong != text
    assert verify(wrong + block, trace).reason is Reason.claim_false


BINDS = [" becomes ", " is now ", " = ", " reaches ", " stands at ", " goes to "]


def told(trace: Trace, xs: list[int], rng: random.Random) -> tuple[str, list[int]]:
    """Sentences about every round, and the totals after each."""
    totals, total, sentences = [], 0, []
    for number, x in enumerate(xs):
        total = total + x if x % 2 == 0 else total - 1
        totals.append(total)
        parity = "even" if x % 2 == 0 else "odd"
        opening = rng.choice(
            [f"In iteration {number + 1} x is {x}.", f"Round {number + 1}: x = {x}.", f"x is {x}, which is {parity}."]
        )
        sentences.append(f"{opening} total{BINDS[number]}{total}.")
    return "\n".join(sentences), totals


@pytest.mark.parametrize(
    "words",
    [
        "There is no fifth round.",
        "With total = 50 it would divide by zero.",
        "4 + 7 + 10 + 3 would make 24.",
        "The numbers 4, 7, 10 and 3 add up to 24.",
        "Below the total are 4, 7 and 3.",
        "It takes 17 comparisons or so.",
        "A `defaultdict` is not needed.",
        "Line 4 is false for the 7 and line 7 runs.",
        "7 divided by 2 is 3, remainder 1.",
        "Six hundred and four would be too many.",
        'A "counter" of sorts.',
        "4.1 The loop: four rounds.",
        "Section 3: x is 10, even, hence added.",
        "Is total 0 at first? It is checked if x is 5.",
        "After two rounds total is 3.",
        "If x were 5, then total would become 17.",
    ],
)
def test_words_about_something_else_are_no_claims(words: str) -> None:
    assert verify(f"{RIGHT}\n\n{words}{BLOCK}", TRACE).false == []


PIECES = [*in_order(
    "total x 4 7 10 3 12 0 - , . : ; ? ( ) [ ] `total` `x % 2 == 0` `if` `else` `except KeyError` 'a' \"b\" 4.1 is not no "
    "yes never true false holds fails passes becomes goes to from after before in the third round rounds first last "
    "two hundred and four times check condition raising without an error it this that would if while | - 1. #"
), "\n", "\n\n"]  # fmt: skip


@given(st.lists(st.sampled_from(PIECES), max_size=40), st.sampled_from([0.0, 1.0]))
@settings(max_examples=80, deadline=None)
def test_no_text_breaks_it(pieces: list[str], strictness: float) -> None:
    for text in (" ".join(pieces), "".join(pieces)):
        found = verify(text + BLOCK, TRACE, Demands(strictness=strictness))
        assert 0 <= found.coverage <= 1 and 0 <= found.told <= 1
        assert found.accepted or found.reason is not Reason.accepted


STOCK = """class Shelf:
    def __init__(self, nuts):
        self.nuts = nuts

    def take(self, count):
        self.nuts -= count


shelf = Shelf(7)
for count in [2, 4]:
    shelf.take(count)
print(shelf.nuts)
"""


def test_attributes_are_told_by_their_names() -> None:
    trace = record_here(STOCK)
    text = "`shelf.nuts` starts at 7. In the first round `nuts` drops to 5, in the second round it drops to 1."
    block = "\n<output>\n1\n</output>"
    assert verify(text + block, trace).false == []
    for right, wrong in (("drops to 5", "drops to 4"), ("drops to 1", "drops to 2"), ("at 7", "at 8")):
        assert not verify(text.replace(right, wrong) + block, trace).accepted
    assert not verify(text + " `self.bolts = 5` stays." + block, trace).accepted


def test_a_heading_places_what_stands_below_it() -> None:
    text = "### Round 3\n\n- x is 10\n- total becomes 13\n\n### When the loop is over\n\ntotal = 12.\n"
    assert verify(text + BLOCK, TRACE).false == []
    assert not verify(text.replace("Round 3", "Round 2") + BLOCK, TRACE).accepted
    assert not verify(text.replace("total = 12", "total = 13") + BLOCK, TRACE).accepted


def test_names_side_by_side_are_not_half_done() -> None:
    trace = record_here("a, b = 1, 1\nfor i in range(3):\n    c = a + b\n    a = b\n    b = c\nprint(b)\n")
    text = "Round 1: a = 1, b = 2. Round 2: a = 2, b = 3. Round 3: a = 3, b = 5."
    block = "\n<output>\n5\n</output>"
    assert verify(text + block, trace).false == []
    assert not verify(text.replace("a = 3, b = 5", "a = 3, b = 3") + block, trace).accepted
