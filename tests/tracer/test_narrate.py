"""Narrations: golden texts, every claim of every narration holds, every corrupted value is caught, the budget is kept."""

import os
import random
import re
import sys
from pathlib import Path

import pytest
from deskcheck_tracer import InputError, Narrator, Program, Trace, check, claims, narrate, stated_output
from deskcheck_tracer.engine import record_here
from deskcheck_tracer.facts import ClaimKind
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tools.narration import prove
from tools.oracle.programs import programs

GOLDEN = Path(__file__).parent.parent / "golden"
PROGRAMS = sorted((GOLDEN / "programs").glob("*.py"))
STYLES = ("step", "block", "summary", "compact")


def trace_of(path: Path) -> Trace:
    given_input = path.with_suffix(".in")
    return record_here(path.read_text(), given_input.read_text() if given_input.exists() else "")


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("path", PROGRAMS, ids=lambda path: path.stem)
def test_narration_is_as_it_was(path: Path, style: str) -> None:
    """Rewrite with DESKCHECK_UPDATE_GOLDEN=1 and read the difference."""
    text = narrate(trace_of(path), style=style) + "\n"
    common = GOLDEN / "narrations" / f"{path.stem}.{style}.txt"
    special = common.with_suffix(
        f".{sys.version_info[0]}.{sys.version_info[1]}.txt"
    )  # where the language itself differs
    if os.environ.get("DESKCHECK_UPDATE_GOLDEN"):
        common.parent.mkdir(exist_ok=True)
        (common if sys.version_info[:2] == (3, 12) or not common.exists() else special).write_text(text)
        if special.exists() and special.read_text() == common.read_text():
            special.unlink()
    expected = special if special.exists() else common
    assert text == expected.read_text()


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("path", PROGRAMS, ids=lambda path: path.stem)
def test_every_claim_holds_and_all_changes_are_claimed(path: Path, style: str) -> None:
    trace = trace_of(path)
    found = claims(narrate(trace, style=style))
    assert [result for result in check(found, trace) if not result.holds] == []
    told = sum(claim.kind in (ClaimKind.variable, ClaimKind.length, ClaimKind.unbound) for claim in found)
    if style == "step":
        told, total = Narrator(trace).changes_told(found)
        assert told == total
    elif style == "compact":
        assert told >= sum(len(step.changes) for step in trace.steps()) - source_definitions(trace)
    else:
        assert sum(claim.kind is ClaimKind.coverage for claim in found) == 1


def source_definitions(trace: Trace) -> int:
    """`def f` and `class A` tell their change in words of their own; a return line's last changes belong to the frame that ended."""
    return len(re.findall(r"\b(?:def|class) ", trace.program.source))


@pytest.mark.parametrize("style", STYLES)
def test_every_changed_digit_is_caught(style: str) -> None:
    rng = random.Random(7)
    tried = 0
    for path in PROGRAMS:
        trace = trace_of(path)
        text = narrate(trace, style=style)
        places = [match.start() for match in re.finditer(r"\d", text)]
        for place in rng.sample(places, min(6, len(places))):
            digit = str((int(text[place]) + rng.randint(1, 9)) % 10)
            wrong = text[:place] + digit + text[place + 1 :]
            results = check(claims(wrong), trace)
            assert any(not result.holds for result in results), (path.stem, text[max(0, place - 60) : place + 20])
            tried += 1
    assert tried > 130


@pytest.mark.parametrize(("style", "right", "wrong"), [
    ("compact", "if 3 > 2: yes", "if 3 > 2: no"),
    ("compact", "s = 0 + 3 = 3", "s = 0 + 3 = 4"),
    ("compact", "s = 0 + 3 = 3", "s = 1 + 2 = 3"),
    ("compact", "x = 3, left [1]", "x = 3, left [1, 1]"),
    ("compact", "loop ends", "x = 1, left []"),
    ("compact", "print 3", "print 3!"),
    ("compact", "<output>\n3\n", "<output>\n3 \n"),
    ("step", "Line 4, `s += x`", "Line 3, `s += x`"),
    ("step", "yes, 3 > 2", "no, 3 > 2"),
    ("step", "the loop ends", "the loop goes on"),
])  # fmt: skip
def test_a_wrong_word_is_caught(style: str, right: str, wrong: str) -> None:
    trace = record_here("s = 0\nfor x in [3, 1]:\n    if x > 2:\n        s += x\nprint(s)\n")
    text = narrate(trace, style=style)
    assert right in text
    corrupted = text.replace(right, wrong, 1)
    before, after = claims(text), claims(corrupted)
    assert len(after) < len(before) or any(not result.holds for result in check(after, trace))


def test_compact_reads_like_a_scratchpad() -> None:
    source = """\
a = [3, 1]
s = 0
r = []
for x in a:
    if x > 2:
        s = (s + x) % 10
        r.append(x)
print(s)
"""
    assert (
        narrate(record_here(source), style="compact")
        == """\
a = [3, 1]
s = 0
r = []
x = 3, left [1]
if 3 > 2: yes
s = (0 + 3) % 10 = 3
r.append(3): r = [3]
x = 1, left []
if 1 > 2: no
loop ends
print 3
<output>
3
</output>"""
    )


def test_step_says_what_stays_and_what_was_read() -> None:
    text = narrate(record_here("n = int(input())\nn *= 1\ndel n\n", "7\n"))
    assert text.splitlines()[:3] == [
        "Line 1, `n = int(input())`: reads '7\\n'; n becomes 7.",
        "Line 2, `n *= 1`: n stays 7 * 1 = 7.",
        "Line 3, `del n`: n is no longer bound.",
    ]


def test_a_cut_value_is_never_quoted() -> None:
    trace = record_here("a = list(range(500))\nb = 'x' * 900\na.append(1)\nc = {1: a}\n")
    for style in STYLES:
        text = narrate(trace, style=style)
        assert "..." not in text and "501" in text
        assert "500" in text or style in ("block", "summary")


def test_a_loop_over_a_cut_value_is_told() -> None:
    trace = record_here("rows = [[i] * 40 for i in range(9)]\nfor i in range(len(rows)):\n    break\n")
    assert "i is 0." in narrate(trace)


def test_call_programs_state_the_returned_value() -> None:
    trace = record_here("def f(x):\n    print('noise')\n    return x + [1]\n", call="f([2])")
    assert trace.returned == "[2, 1]"
    for style in STYLES:
        text = narrate(trace, style=style)
        assert stated_output(text) == "[2, 1]"
        assert all(result.holds for result in check(claims(text), trace))


def words(text: str) -> int:
    return len(re.findall(r"\w+|[^\w\s]", text))


def test_budget_keeps_both_ends_and_says_how_much_is_missing() -> None:
    trace = record_here("s = 0\nfor i in range(200):\n    s += i\nprint(s)\n")
    whole = narrate(trace, style="compact")
    text = narrate(trace, style="compact", max_tokens=300)
    assert words(text) <= 300 < words(whole)
    assert text.splitlines()[0] == whole.splitlines()[0] and text.endswith("<output>\n19900\n</output>")
    missing = int(re.search(r"\.\.\. (\d+) lines left out", text)[1])  # type: ignore[index]
    assert len(text.splitlines()) - 1 + missing == len(whole.splitlines())
    assert all(result.holds for result in check(claims(text), trace))
    for style in ("step", "block", "compact"):
        assert narrate(trace, style=style, max_tokens=10**6) == narrate(trace, style=style)
        assert narrate(trace, style=style, max_tokens=5, count_tokens=len).count("left out") == 1


LONG_LOOP = """\
s = 0
odd = []
for i in range(40):
    if i % 13 == 12:
        odd.append(i)
    s += i
print(s, odd)
"""


def test_a_loop_under_a_budget_is_told_by_its_first_last_and_changing_rounds() -> None:
    trace = record_here(LONG_LOOP)
    text = narrate(trace, style="block", max_tokens=600)
    assert words(text) <= 600 < words(narrate(trace, style="block"))
    told = [line.partition(":")[0] for line in text.splitlines() if line.startswith(("Lines 3", "Iterations"))]
    assert told == [
        "Lines 3-6, iteration 1", "Lines 3-6, iteration 2", "Lines 3-6, iteration 3",
        "Iterations 4 to 12 of line 3, `for i in range(40)`, are left out (9 lines)",
        "Lines 3-6, iteration 13", "Lines 3-6, iteration 14",
        "Iterations 15 to 25 of line 3, `for i in range(40)`, are left out (11 lines)",
        "Lines 3-6, iteration 26", "Lines 3-6, iteration 27",
        "Iterations 28 to 38 of line 3, `for i in range(40)`, are left out (11 lines)",
        "Lines 3-6, iteration 39", "Lines 3-6, iteration 40", "Lines 3-7",
    ]  # fmt: skip
    assert "i goes from 2 to 11; s goes from 3 to 66." in text
    assert all(result.holds for result in check(claims(text), trace))


@pytest.mark.parametrize("style", STYLES)
def test_every_changed_digit_under_a_budget_is_caught(style: str) -> None:
    trace = record_here(LONG_LOOP)
    text = narrate(trace, style=style, max_tokens=300)
    assert "left out" in text or style == "summary"
    for match in re.finditer(r"\d", text):
        wrong = text[: match.start()] + str((int(match[0]) + 1) % 10) + text[match.end() :]
        assert not all(result.holds for result in check(claims(wrong), trace)), text[match.start() - 40 : match.end()]


def test_a_summary_tells_loops_and_calls_in_a_sentence_each() -> None:
    source = (
        "def fact(n):\n    if n <= 1:\n        return 1\n    return n * fact(n - 1)\n"
        "s = 0\nfor k in [2, 3]:\n    if k > 2:\n        s += fact(k)\nx = fact(2)\nprint(s, x)\n"
    )
    assert (
        narrate(record_here(source), style="summary")
        == """\
Lines 1-5: function fact is defined; s becomes 0.
The loop on line 6, `for k in [2, 3]`, runs 2 times: k is now 3; s goes from 0 to 6; line 7 holds 1 time of 2; fact is called 3 times.
Line 6, `for k in [2, 3]`: no items left, the loop ends.
Line 9, `x = fact(2)` begins.
fact runs 4 lines with n = 2 and returns 2.
Back on line 9, `x = fact(2)`: x becomes 2.
Line 10, `print(s, x)`: prints 6 2.
Told in summary: 6 of 11 changes of state.
<output>
6 2
</output>"""
    )


@pytest.mark.parametrize(("style", "right", "wrong"), [
    ("block", "Lines 3-6, iteration 2:", "Lines 3-6, iteration 3:"),
    ("block", "line 4: no, 1 % 13 == 12", "line 4: yes, 1 % 13 == 12"),
    ("block", "of 84 changes", "of 83 changes"),
    ("block", "the loop ends", "the loop goes on"),
    ("summary", "runs 40 times", "runs 41 times"),
    ("summary", "holds 3 times of 40", "holds 4 times of 40"),
    ("summary", "s goes from 0 to 780", "s goes from 1 to 780"),
])  # fmt: skip
def test_a_wrong_word_in_a_shorter_telling_is_caught(style: str, right: str, wrong: str) -> None:
    trace = record_here(LONG_LOOP)
    text = narrate(trace, style=style)
    assert right in text, text[-300:]
    assert not all(result.holds for result in check(claims(text.replace(right, wrong, 1)), trace))


@pytest.mark.parametrize("style", ["block", "step"])
def test_an_expression_of_another_name_in_the_same_block_is_caught(style: str) -> None:
    source = "for b in [2]:\n    L = (b + 1) % 5\n    R = 4\n    k = (R + 1) % 5\n"
    trace = record_here(source)
    text = narrate(trace, style)
    wrong = text.replace("(2 + 1) % 5", "(4 + 1) % 5")
    assert wrong != text and all(result.holds for result in check(claims(text), trace))
    assert not all(result.holds for result in check(claims(wrong), trace))


@pytest.mark.parametrize("path", PROGRAMS, ids=lambda path: path.stem)
def test_one_narrator_tells_and_checks_what_the_functions_do(path: Path) -> None:
    trace = trace_of(path)
    narrator = Narrator(trace)
    for style in (*STYLES, *STYLES):
        for budget in (None, 120):
            text = narrator.narrate(style, max_tokens=budget)
            assert text == narrate(trace, style=style, max_tokens=budget)
            wrong = text[::-1].replace("3", "4", 1)[::-1]
            for told in (text, wrong):
                assert narrator.claims(told) == claims(told)
                checks = check(claims(told), trace)
                assert narrator.check(claims(told)) == checks
                assert narrator.first_false(narrator.read(told)) == next((c for c in checks if not c.holds), None)


def test_a_narration_of_another_program_is_no_error() -> None:
    trace = record_here("x = 1\n")
    texts = [
        narrate(record_here(LONG_LOOP), style=style, max_tokens=budget) for style in STYLES for budget in (None, 99)
    ]
    huge = "9" * 5000
    texts += [
        f"... {huge} lines left out ...",
        f"Iterations 1 to 2 of line 1, `x`, are left out ({huge} lines).",
        "Lines",
    ]
    for text in texts:
        assert not all(result.holds for result in check(claims(text), trace)) or not claims(text)


def test_unknown_style_and_empty_text() -> None:
    trace = record_here("x = 1\n")
    with pytest.raises(InputError, match="expected one of step, block, summary, compact"):
        narrate(trace, style="poem")
    assert check(claims(""), trace) == []
    assert stated_output("no block") is None
    assert stated_output("<output>\nold\n</output> then <output>\nnew\n\n</output>") == "new\n"


def test_a_partial_trace_says_how_it_ended() -> None:
    for source, word in [
        ("x = 1\nx / 0\n", "raised: ZeroDivisionError: division by zero"),
        ("raise SystemExit(3)", "exited: 3"),
    ]:
        trace = record_here(source)
        for style in STYLES:
            text = narrate(trace, style=style)
            assert word in text
            assert all(result.holds for result in check(claims(text), trace))
            assert not all(result.holds for result in check(claims(text.replace(word, "cpu")), trace))


def test_a_variable_called_end_is_no_end() -> None:
    trace = record_here("end = 1\nend += 2\nend = 'x' * 300\ndel end\n")
    for style in STYLES:
        found = claims(narrate(trace, style=style))
        assert all(result.holds for result in check(found, trace))
        assert not any(claim.kind is ClaimKind.end for claim in found)


# ---- real programs ----

if "DESKCHECK_DATA" in os.environ:  # the real data is no part of the repository

    def test_a_sample_of_real_programs() -> None:
        """As `make proof PROOF=narration`, which takes all."""
        counts = prove(programs(40))
        assert counts.faults == [] and counts.traces >= 35
        assert counts.claims > 10_000 and min(counts.wrong.values()) > 20


# ---- generated programs ----

NAMES = ["a", "b", "left", "print_", "xs"]
INTS = st.integers(-9, 99).map(str)
ATOMS = st.one_of(INTS, st.sampled_from(["True", "None", "'s'", "'a = b, c'", "'; x: 1'", "1.5", '"it\'s"']))
NUMBER = st.one_of(INTS, st.sampled_from(["a", "b", "len(xs)", "(a + b) % 7", "-a", "max(a, 2)", "a if a > b else b"]))
CONDITION = st.sampled_from(["a > b", "a % 2 == 0 and b", "not xs", "len(xs) < 3", "a in xs", "(t := a) > 1"])
SIMPLE = st.one_of(
    st.builds("a = {}".format, NUMBER),
    st.builds("b = {}".format, NUMBER),
    st.builds("a {} {}".format, st.sampled_from(["+=", "-=", "*="]), NUMBER),
    st.builds("b = b % 50 + {}".format, NUMBER),
    st.builds("left = {}".format, ATOMS),
    st.builds("xs.append({})".format, NUMBER),
    st.builds("xs[0:1] = [{}]".format, NUMBER),
    st.builds("print({}, {})".format, ATOMS, NUMBER),
    st.just("a, b = b, a"),
    st.just("d = {'k': xs, 'l': left}"),
    st.just("ys = [a * v for v in xs]"),
    st.just("a = twice(a) % 100"),
    st.just("try: xs[99]\nexcept IndexError as e: b = 1"),
    st.just("pass; a = 1"),
)


@st.composite
def blocks(draw: st.DrawFn, depth: int = 0) -> list[str]:
    lines: list[str] = []
    for _ in range(draw(st.integers(1, 4))):
        kind = draw(st.sampled_from(["simple"] * 3 + (["if", "for", "while"] if depth < 2 else [])))
        if kind == "simple":
            lines += draw(SIMPLE).split("\n")
            continue
        if kind == "if":
            head = [f"if {draw(CONDITION)}:"]
        elif kind == "for":
            head = [
                f"for i{depth} in {draw(st.sampled_from(['range(3)', 'list(xs)', '[1, 2]', repr('ab'), 'range(a % 4)', 'xs[:2]']))}:"
            ]
        else:
            lines.append(f"w{depth} = 2")
            head = [f"while w{depth} > 0:", f"    w{depth} -= 1"]
        lines += head + ["    " + line for line in draw(blocks(depth + 1))]
    return lines


@given(blocks())
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_generated_programs_are_told_truly(lines: list[str]) -> None:
    source = (
        "def twice(n):\n    m = n\n    m += n\n    return m\n\nxs = [4]\na = 1\nb = 2\nleft = 0\n"
        + "\n".join(lines)
        + "\n"
    )
    trace = record_here(source)
    assert Trace.from_json(trace.to_json()) == trace
    for style in STYLES:
        text = narrate(trace, style=style)
        results = check(claims(text), trace)
        assert [result for result in results if not result.holds] == []
        assert stated_output(text) == trace.stdout.removesuffix("\n")
        other = Trace.from_json(trace.to_json())
        other.program = Program(source, "x", None)
        assert narrate(other, style=style) == text


@given(blocks(), st.randoms(use_true_random=False))
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_a_digit_changed_in_a_generated_narration_is_caught(lines: list[str], rng: random.Random) -> None:
    source = "def twice(n):\n    return n * 2\nxs = [4]\na = 1\nb = 2\nleft = 0\n" + "\n".join(lines) + "\n"
    trace = record_here(source)
    for style in STYLES:
        text = narrate(trace, style=style)
        place = rng.choice([match.start() for match in re.finditer(r"\d", text)])
        wrong = text[:place] + str((int(text[place]) + rng.randint(1, 9)) % 10) + text[place + 1 :]
        assert not all(result.holds for result in check(claims(wrong), trace))
