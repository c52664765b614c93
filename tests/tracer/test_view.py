"""The page as text: one file, nothing from outside, no hole for values. test_view_browser.py walks through it."""

import json
import re
from typing import Any

from deskcheck_tracer import Program, Trace
from deskcheck_tracer.engine import record_here
from deskcheck_tracer.highlight import highlight
from deskcheck_tracer.statements import source_lines
from deskcheck_tracer.view import page


def data_of(text: str) -> dict[str, Any]:
    return json.loads(text.split('type="application/json">')[1].split("</script>")[0])


def test_the_page_asks_for_nothing_from_outside() -> None:
    text = page(record_here("x = 1\n"))
    assert "default-src 'none'" in text
    assert not re.findall(r"(?:src|href)=|url\(|@import|https?:", text)


def test_no_text_of_a_program_ends_an_element() -> None:
    nasty = "</script><script>alert(1)</script><!--"
    text = page(record_here(f"x = {nasty!r}\nprint(x)\n# {nasty}\n"), title="<b>&\ud800")
    assert nasty not in text and text.count("</script>") == 2 and "<title>&lt;b&gt;&amp;&#55296;" in text
    text.encode("utf-8")
    assert data_of(text)["scenes"][0][3] == {"x": repr(nasty)}
    assert data_of(text)["title"] == "<b>&\ud800"


def test_sources_of_all_files_are_there() -> None:
    trace = record_here("x = 1\n")
    trace.files["lib/tool.py"] = "def f():\n    pass\n"
    assert list(data_of(page(trace))["files"]) == ["", "lib/tool.py"]


def test_a_program_that_never_ran_has_a_page() -> None:
    trace = record_here("def f(:\n")
    data = data_of(page(trace))
    assert (
        data["scenes"] == []
        and data["end"][0] == "raised"
        and data["files"][""][0] == [["k", "def"], ["", " "], ["d", "f"], ["", "(:"]]
    )


def test_colours_lose_no_text() -> None:
    source = (
        '@d\nclass A(B):\n    """doc\n  string"""\n    def f(self, x=0x1F):  # why\n        return f"{x!r:>{x}} {{}}" + r\'\\d\'\n'
        "match = lambda: None\r\nasync def g(): await x\n\x0cs = 'é' * 2\n"
    )
    shown = highlight(source)
    assert ["".join(text for _, text in line) for line in shown] == source_lines(source)
    assert ("d", "A") in shown[1] and ("k", "class") in shown[1] and ("c", "# why") in shown[4]
    assert highlight("x = (\n'''\n")[0] == [("", "x = (")]


def test_a_trace_from_a_file_gives_the_same_page() -> None:
    trace = record_here("n = int(input())\nprint(n)\n", "4")
    assert page(Trace.from_json(trace.to_json())) == page(trace)
    assert data_of(page(trace))["call"] is Program("").call
