"""Every shape an answer comes in has a status."""

import pytest
from deskcheck_agent.parse import ParseStatus, input_block, parse_input, parse_output, parse_solution


@pytest.mark.parametrize(
    ("text", "code", "submit", "status"),
    [
        ("```python\nprint(1)\n```", "print(1)\n", False, ParseStatus.ok),
        ("first\n```\nold\n```\nthen\n```py\nnew\n```\nbye", "new\n", False, ParseStatus.ok),
        ("```python\r\nprint(1)\r\n```\r\n", "print(1)\n", False, ParseStatus.ok),
        ("~~~\nx = '```'\n~~~", "x = '```'\n", False, ParseStatus.ok),
        ("````\n```\ninner\n```\n````", "```\ninner\n```\n", False, ParseStatus.ok),
        ("```python\n#SUBMIT\n```", None, True, ParseStatus.ok),
        ("```python\nold\n```\nit is right\n```\n  #SUBMIT\n```", None, True, ParseStatus.ok),
        ("```python\n#SUBMIT\n```\nor rather\n```python\nnew\n```", "new\n", False, ParseStatus.ok),
        ("I would #SUBMIT this", None, False, ParseStatus.missing),
        ("print(1)", None, False, ParseStatus.missing),
        ("```python\nprint(1)", None, False, ParseStatus.unclosed),
        ("```python\nold\n```\nbetter:\n```python\nfor x in", None, False, ParseStatus.unclosed),
        ("```python\n\n```", None, False, ParseStatus.blank),
        (" \n", None, False, ParseStatus.empty),
    ],
)
def test_solutions(text, code, submit, status):
    reply = parse_solution(text)
    assert (reply.code, reply.submit, reply.status) == (code, submit, status)


@pytest.mark.parametrize(
    ("text", "output", "status"),
    [
        ("a = 1\n<output>\n1 2\n3\n</output>", "1 2\n3", ParseStatus.ok),
        ("<output>\nwrong\n</output> no:\n<output>\nright\n</output>\n", "right", ParseStatus.ok),
        ("<output>\n</output>", "", ParseStatus.ok),
        ("<output>\n1 2", None, ParseStatus.unclosed),
        ("it prints 3", None, ParseStatus.missing),
        ("", None, ParseStatus.empty),
    ],
)
def test_outputs_and_inputs(text, output, status):
    assert parse_output(text) == (output, status)
    assert parse_input(text.replace("output>", "input>")) == (output, status)


@pytest.mark.parametrize("text", ["f([1], '\\n')", "3 4\n5", ""])
def test_an_input_block_is_read_as_it_was_written(text):
    assert parse_input(f"so\n{input_block(text)}") == (text, ParseStatus.ok)
    assert parse_output(input_block(text)) == (None, ParseStatus.missing)
