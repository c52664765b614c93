"""CWM's token format: grammar, states rebuilt by walking back, both resets, caps, reserved text."""

import json
import re
from typing import Any

import pytest
from deskcheck_tracer import InputError, Program, Trace
from deskcheck_tracer.cwm import MARKER, Piece, Reset, Special, cwm_ids, cwm_pieces, cwm_text
from deskcheck_tracer.engine import record_here

SOURCE = """\
def twice(xs):
    out = []
    for x in xs:
        out.append(x + x)
    return out

def risky(n):
    try:
        return 1 // n
    except ZeroDivisionError as error:
        del n
    return -1

def main(k):
    a = twice([k, 'é'])
    b = risky(0)
    return a, b
"""
Frame = tuple[str, dict[str, str] | None, str, str | None]


def recorded(source: str = SOURCE, call: str | None = "main('q')") -> Trace:
    return record_here(source, "", call)


def frames(pieces: list[Piece]) -> list[Frame]:
    """(kind, locals, source line, value) of every frame; fails where the grammar is not kept."""
    assert pieces[:2] == [Special.BEGIN, Special.CONTEXT_START] and pieces[3] is Special.SEP
    found: list[Frame] = []
    rest = [piece for piece in pieces[4:] if piece is not Special.END]
    while rest:
        frame, rest = rest[: rest.index(Special.SEP)], rest[rest.index(Special.SEP) + 1 :]
        kind = frame[0]
        if kind in (Special.CALL, Special.LINE):
            _, state, action, line = frame
            found.append((kind.name, json.loads(str(state)), str(line), None))
        else:
            assert kind in (Special.RETURN, Special.EXCEPTION)
            _, action, line, mark, value = frame
            assert mark is Special.ARG
            found.append((kind.name, None, str(line), json.loads(str(value))))
        assert action is Special.ACTION and found[-1][2].endswith("\n")
    return found


def unrolled(told: list[Frame], reset: Reset) -> list[dict[str, str]]:
    """The full state of each call and line frame, `..` replaced."""
    stack: list[dict[str, str]] = []
    states = []
    for kind, state, _, _ in told:
        if kind == "CALL":
            stack.append({})
        if state is not None:
            known = stack[-1]
            stack[-1] = {name: known[name] if value == ".." else value for name, value in state.items()}
            states.append(stack[-1])
        if kind == "RETURN":
            stack.pop()
            if stack and reset is Reset.switch:
                stack[-1] = {}  # nothing may be needed from before
    return states


@pytest.mark.parametrize("reset", list(Reset))
def test_every_state_can_be_rebuilt(reset: Reset) -> None:
    trace = recorded()
    rebuilt = unrolled(frames(list(cwm_pieces(trace, reset=reset))), reset)
    now: dict[int, dict[str, str]] = {}
    known: list[dict[str, str]] = [{}]  # the call's own line
    started = False
    for event in trace.events:
        state = now.setdefault(event.frame, {})
        for name, value in event.changes.items():
            state.pop(name, None) if value is None else state.update({name: value})
        started = started or event.function == "<call>"
        if started and event.kind.value in ("call", "line"):
            known.append(dict(state))
    assert rebuilt == known and {"out": "[]", "xs": "['q', 'é']"} in rebuilt


def test_resets_differ_after_a_call_alone() -> None:
    after = {
        reset: next(
            state for kind, state, line, _ in frames(list(cwm_pieces(recorded(), reset=reset))) if "return a, b" in line
        )
        for reset in Reset
    }
    assert after[Reset.switch] == {"k": "'q'", "a": "['qq', 'éé']", "b": "-1"}
    assert after[Reset.activation] == {"k": "..", "a": "..", "b": "-1"}


def test_exceptions_returns_and_deletions() -> None:
    told = frames(list(cwm_pieces(recorded())))
    assert [(line.strip(), value) for kind, _, line, value in told if kind == "EXCEPTION"] == [
        ("return 1 // n", "ZeroDivisionError('integer division or modulo by zero')")
    ]
    assert told[-1] == ("RETURN", None, "    return main('q')\n", "(['qq', 'éé'], -1)")
    assert [list(state or {}) for _, state, line, _ in told if line == "    return -1\n" and state is not None] == [[]]


def test_an_exception_that_leaves_reaches_every_frame() -> None:
    told = frames(list(cwm_pieces(recorded("def f():\n    return 1 / 0\ndef g():\n    return f()\n", "g()"))))
    assert [line.strip() for kind, _, line, _ in told if kind == "EXCEPTION"] == [
        "return 1 / 0",
        "return f()",
        "return g()",
    ]
    assert "RETURN" not in [kind for kind, *_ in told]


def test_the_entry_is_marked_and_its_line_has_no_marker() -> None:
    text = cwm_text(recorded(), entry="twice")
    assert f"def twice(xs):{MARKER}\n    out" in text and text.count(MARKER) == 1
    first = frames(list(cwm_pieces(recorded(), entry="twice")))[0]
    assert first == ("CALL", {"xs": "['q', 'é']"}, "def twice(xs):\n", None)
    wrapped = cwm_text(recorded())
    assert (
        wrapped.count(
            f"def main():{MARKER}\n    return main('q')\n<|frame_sep|><|call_sep|>{{}}<|action_sep|>def main():\n"
        )
        == 1
    )
    assert wrapped.endswith("<|frame_sep|><|end_of_text|>") and "\\u00e9" in wrapped


def test_generators_return_what_they_yield_and_are_called_again() -> None:
    source = "def g():\n    x = 1\n    yield x\n    x = 2\ndef main():\n    return list(g())\n"
    told = frames(list(cwm_pieces(recorded(source, None) if False else recorded(source, "main()"), entry="main")))
    kinds = [
        (kind, line.strip(), value)
        for kind, _, line, value in told
        if "g()" in line or "yield" in line or kind == "RETURN"
    ]
    assert ("RETURN", "yield x", "1") in kinds and ("CALL", "yield x", None) in kinds


def test_calls_can_be_stepped_over() -> None:
    told = frames(list(cwm_pieces(recorded(), step_over={"twice"})))
    at = next(i for i, (kind, _, line, _) in enumerate(told) if line.startswith("def twice"))
    assert [told[at][0], told[at + 1][:1], told[at + 1][3]] == ["CALL", ("RETURN",), "['qq', 'éé']"]


def test_a_cap_leaves_whole_frames_out() -> None:
    whole = cwm_ids(recorded(), encode)
    for cap in range(len(encode(SOURCE)) + 60, len(whole) + 2, 7):
        ids = cwm_ids(recorded(), encode, max_tokens=cap)
        assert len(ids) <= cap and ids == whole[: len(ids)]
        assert ids[-1] == (Special.END if len(ids) == len(whole) else Special.SEP)
    with pytest.raises(InputError, match=r"the source takes \d+ tokens, expected at most 20"):
        cwm_ids(recorded(), encode, max_tokens=20)


def encode(text: str) -> list[int]:
    return list(text.encode())


def test_reserved_text_stays_ordinary() -> None:
    source = "def f(s):\n    t = '<|frame_sep|>' + s\n    return t\n"
    trace = recorded(source, "f('<|end_of_text|>')")
    pieces = list(cwm_pieces(trace))
    assert sum(piece is Special.END for piece in pieces) == 1 and any(
        "<|frame_sep|>" in str(p) for p in pieces if isinstance(p, str)
    )
    ids = cwm_ids(trace, encode)
    assert ids.count(Special.END) == 1 and max(number for number in ids if number < 128000) < 256
    with pytest.raises(InputError, match="one text cannot tell from the special token"):
        cwm_text(trace)
    text = cwm_text(
        recorded("def f(s):\n    return s\ndef main():\n    return f('<|' + 'frame_sep|>')\n", "main()"), entry="main"
    )
    assert r"\u003c|frame_sep|>" in text
    assert json.dumps(json.loads(re.findall(r'<\|arg_sep\|>(".*?")<\|frame', text)[0])) == '''"'<|frame_sep|>'"'''


@pytest.mark.parametrize(("options", "message"), [
    ({"entry": "nothing"}, r"defines no function 'nothing' \(functions: twice, risky, main\)"),
    ({"entry": "<call>"}, "the program has no call"),
    ({"reset": "never"}, "reset is 'never', expected activation or switch"),
    ({}, "main was never called"),
])  # fmt: skip
def test_mistakes_are_named(options: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        cwm_text(recorded(call=None), **options)


def test_a_trace_that_was_cut_has_no_end() -> None:
    from deskcheck_tracer import Limits

    trace = record_here(
        "def main():\n    n = 0\n    while True:\n        n += 1\nmain()\n", limits=Limits(max_events=60)
    )
    assert list(cwm_pieces(trace))[-1] is Special.SEP and Program("").call is None
