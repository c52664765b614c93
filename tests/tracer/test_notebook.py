"""%%desk in a real IPython shell."""

import pytest
from IPython.core.displaypub import CapturingDisplayPublisher
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output


@pytest.fixture(scope="module")
def shell() -> InteractiveShell:
    made = InteractiveShell()
    made.run_cell("%load_ext deskcheck_tracer")
    return made


def test_a_cell_is_run_in_the_notebook_and_listed(shell: InteractiveShell) -> None:
    shell.run_cell("def twice(n):\n    result = n * 2\n    return result\n", store_history=True)
    with capture_output() as shown:
        shell.run_cell("%%desk\nx = twice(4)\nprint('x is', x)\nx + 1\n")
    assert shell.user_ns["x"] == 8 and shell.user_ns["_"] == 9
    rows = [row.split() for row in shown.stdout.splitlines()]
    assert "x is 8" in shown.stdout and ["->", "twice(n", "=", "4)"] in rows
    assert ["1", "x", "=", "twice(4)", "x", "=", "8"] in rows and rows[-1] == ["finished"]


def test_an_error_is_shown_and_the_trace_kept(shell: InteractiveShell) -> None:
    with capture_output() as shown:
        shell.run_cell("%%desk words\ny = 1\n1 / 0\n")
    assert "ZeroDivisionError" in shown.stdout + shown.stderr and "The program ends: raised" in shown.stdout
    assert shell.user_ns["_desk"].end.detail == "ZeroDivisionError: division by zero"


def test_a_page_is_a_frame_without_holes(shell: InteractiveShell) -> None:
    shell.display_pub = CapturingDisplayPublisher()
    shell.run_cell("%%desk page\ns = '<\"quoted\">'\n")
    text = shell.display_pub.outputs[0]["data"]["text/html"]
    assert text.startswith("<iframe srcdoc=") and text.count('"') == 4


@pytest.mark.parametrize(("cell", "message"), [
    ("%%desk picture\nx = 1\n", "%%desk got 'picture', expected one of: page, text, words"),
    ("%%desk\nx = = 1\n", "SyntaxError"),
])  # fmt: skip
def test_mistakes_are_told(shell: InteractiveShell, cell: str, message: str) -> None:
    with capture_output() as shown:
        shell.run_cell(cell)
    assert message in shown.stdout + shown.stderr
