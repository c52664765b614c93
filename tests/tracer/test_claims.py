"""What a narration is taken to say, line by line: the statements, the unit each is about, and the output block.

That the statements of every narration are true, and those of a corrupted one are not, is in test_narrate.py.
"""

import pytest
from deskcheck_tracer import Program, Trace, claims
from deskcheck_tracer.claims import (
    Claim,
    ReadLine,
    left_out,
    output_block,
    read_lines,
    stated_between,
    stated_output,
    true_output,
)
from deskcheck_tracer.facts import ClaimKind, Said
from deskcheck_tracer.styles import STYLES
from deskcheck_tracer.trace import End, EndReason


def told(text: str) -> list[tuple[str, int, str, str]]:
    """The statements of a text without the lines they stand on."""
    return [(claim.kind.value, claim.moment, claim.name, claim.value) for claim in claims(text)]


def lines_of(text: str) -> list[ReadLine]:
    return read_lines(text, lambda style: STYLES[style].read)


def test_a_line_makes_its_claims_about_its_unit() -> None:
    text = "s = 0\nif 3 > 2: yes\n\ns = 0 + 3 = 3\n<output>\n3\n</output>"
    assert claims(text) == [
        Claim(ClaimKind.variable, 0, "s", "0", "s = 0", "compact", 1),
        Claim(ClaimKind.expression, 1, "", "3 > 2", "if 3 > 2: yes", "compact", 1),
        Claim(ClaimKind.branch, 1, "", "yes", "if 3 > 2: yes", "compact", 1),
        Claim(ClaimKind.expression, 2, "", "0 + 3", "s = 0 + 3 = 3", "compact", 1),
        Claim(ClaimKind.variable, 2, "s", "3", "s = 0 + 3 = 3", "compact", 1),
        Claim(ClaimKind.output, -1, "", "3", "<output>", "compact", 1),
    ]


def test_a_statement_is_one_of_a_compact_line_unless_it_says_otherwise() -> None:
    assert Claim(ClaimKind.variable, 0, "x", "1", "x = 1")[5:] == ("compact", 1)
    assert ReadLine("x = 1", "compact", [])[3:] == (-1, 1)


def test_a_line_that_states_nothing_counts_as_a_unit() -> None:
    found = read_lines("a\nb\nc", lambda style: lambda line: [] if line == "b" else [Said(ClaimKind.note, "", line)])
    assert [(len(line.said), line.moment, line.span) for line in found] == [(1, 0, 1), (0, 1, 1), (1, 2, 1)]


@pytest.mark.parametrize("word", ["lines", "steps"])
def test_what_was_left_out_is_counted(word: str) -> None:
    text = f"x = 1\n... 40 {word} left out ...\ny = 2\n... 2 {word} left out ...\nz = 3"
    assert [claim.moment for claim in claims(text)] == [0, 41, 44]


@pytest.mark.parametrize(
    "line", ["... many lines left out ...", "... 4 lines left out ... or so", "... 4 loops left out ..."]
)
def test_other_dots_count_as_a_line(line: str) -> None:
    assert told(f"x = 1\n{line}\ny = 2")[-1] == ("variable", 2, "y", "2")


def test_the_line_that_is_written_for_what_was_left_out_is_read_back() -> None:
    assert left_out(7) == "... 7 lines left out ..."
    assert told(f"{left_out(7)}\nx = 1") == [("variable", 7, "x", "1")]


def test_rounds_that_were_left_out_stand_for_their_lines() -> None:
    folded = "Iterations 2 to 4 of line 2, `for x in a`, are left out (6 lines): s becomes 9."
    text = f"Line 1, `s = 0`: s becomes 0.\n{folded}\nLine 5, `t = s`: t becomes 9."
    first, rounds, last = lines_of(text)
    assert (first.moment, first.span) == (0, 1)
    assert (rounds.moment, rounds.span, rounds.text) == (1, 6, folded)
    assert (last.moment, last.span) == (7, 1)
    assert {(claim.moment, claim.span) for claim in rounds.claims()} == {(1, 6)}


@pytest.mark.parametrize("reason", list(EndReason))
def test_the_end_is_about_the_program_as_a_whole(reason: EndReason) -> None:
    assert told(f"x = 1\nend {reason.value}")[1] == ("end", -1, "", reason.value)
    text = f"Line 1, `x = 1`: x becomes 1.\nThe program ends: {reason.value}: why"
    assert claims(text)[-1] == Claim(
        ClaimKind.end, -1, "", f"{reason.value}: why", f"The program ends: {reason.value}: why", "step", 1
    )


@pytest.mark.parametrize("line", ["end = 3", "end unknown", "end cpu or so"])
def test_other_ends_are_no_end(line: str) -> None:
    assert all(claim.kind is not ClaimKind.end for claim in claims(line))


def test_the_share_that_is_told_is_about_the_program_as_a_whole() -> None:
    share = "Told in summary: 3 of 4 changes of state."
    text = f"Line 1, `s = 0`: s becomes 0.\n{share}\nLine 5, `print(s)`: prints 0."
    found = lines_of(text)
    assert found[1] == ReadLine(share, "summary", [Said(ClaimKind.coverage, "", "3 of 4")], -1, 1)
    assert [(line.style, line.moment) for line in found] == [("summary", 0), ("summary", -1), ("summary", 1)]


def test_a_line_is_read_by_the_reader_of_its_style() -> None:
    asked = []

    def reader(style: str):  # type: ignore[no-untyped-def]
        asked.append(style)
        return lambda line: [Said(ClaimKind.note, style, line)]

    assert read_lines("x = 1\ny = 2", reader) == [
        ReadLine("x = 1", "compact", [Said(ClaimKind.note, "compact", "x = 1")], 0, 1),
        ReadLine("y = 2", "compact", [Said(ClaimKind.note, "compact", "y = 2")], 1, 1),
    ]
    assert asked == ["compact"]


# ---- the output block ----


def test_the_output_is_the_last_statement_and_no_line() -> None:
    assert told("x = 1\n<output>\ny = 2\n</output>") == [("variable", 0, "x", "1"), ("output", -1, "", "y = 2")]
    found = lines_of("<output>\n\n</output>")
    assert found == [ReadLine("<output>", "compact", [Said(ClaimKind.output, "", "")], -1, 1)]


def test_a_block_that_is_not_closed_is_no_output() -> None:
    found = told("x = 1\n<output>\ny = 2")
    assert found[0] == ("variable", 0, "x", "1") and found[-1] == ("variable", 2, "y", "2")
    assert "output" not in {kind for kind, *_ in found}


@pytest.mark.parametrize(
    ("text", "inside"),
    [
        ("", None),
        ("no block", None),
        ("<output>\n3", None),
        ("3\n</output>", None),
        ("</output>\n3\n<output>", None),
        ("<output></output>", ""),
        ("<output>\n3\n</output>", "3"),
        ("<output>3</output>", "3"),
        ("<output>\n\n3\n\n</output>", "\n3\n"),
        ("</output> <output>\n3\n</output>", "3"),
        ("<output>\n3\n</output> and </output>", "3"),
        ("<output>\nold\n</output> then <output>\nnew\n</output>", "new"),
    ],
)
def test_the_output_stands_in_the_last_block(text: str, inside: str | None) -> None:
    assert stated_output(text) == inside


def test_other_blocks_are_read_the_same_way() -> None:
    assert stated_between("<input>", "</input>", "<output>\n1\n</output>\n<input>\n2\n</input>") == "2"
    assert stated_between("<input>", "</input>", "<output>\n1\n</output>") is None


def test_a_block_is_read_as_it_was_written() -> None:
    assert output_block("a\nb") == "<output>\na\nb\n</output>"
    assert stated_output(output_block("\na\n")) == "\na\n"


# ---- what the block must hold ----


def ended(program: Program, stdout: str = "", returned: str | None = None) -> Trace:
    return Trace(program, [], stdout, returned, End(EndReason.finished), "3.12")


def test_the_true_output_is_what_was_printed_without_its_last_newline() -> None:
    assert true_output(ended(Program("print(3)\nprint()"), "3\n\n")) == "3\n"
    assert true_output(ended(Program("print(3, end='')"), "\n3", returned="4")) == "\n3"


def test_the_true_output_of_a_call_is_its_value() -> None:
    call = Program("def f(): return 3", call="f()")
    assert true_output(ended(call, "printed\n", "3")) == "3"
    assert true_output(ended(call, "printed\n", None)) == ""
