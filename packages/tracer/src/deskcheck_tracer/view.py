"""One self-contained HTML page to walk through a trace: source, variables, call stack, output, and each step in words.

`page` puts the walk as JSON into viewer/page.html together with its style and script. No server and no network: the
page forbids itself both. Long traces are cut to MAX_SCENES, and the page says so.
"""

import html
import itertools
import json
import re
from importlib.resources import files
from typing import Any

from .highlight import highlight
from .trace import Trace
from .walk import frame_table, walk

MAX_SCENES = 100_000
"""Scenes of one page; 10,000 load in well under a second, this many in a few."""


def page(trace: Trace, title: str = "trace") -> str:
    """The whole page as text (ASCII apart from the template's own characters)."""
    viewer = files(__package__) / "viewer"
    parts = {
        "TITLE": html.escape(title).encode("ascii", "xmlcharrefreplace").decode(),
        "STYLE": (viewer / "page.css").read_text(encoding="utf-8"),
        "SCRIPT": (viewer / "page.js").read_text(encoding="utf-8"),
        "DATA": embedded(page_data(trace, title)),
    }
    template = (viewer / "page.html").read_text(encoding="utf-8")
    return re.sub(r"@([A-Z]+)@", lambda match: parts[match[1]], template)


def page_data(trace: Trace, title: str) -> dict[str, Any]:
    """What the page's script reads."""
    scenes = list(itertools.islice(walk(trace), MAX_SCENES + 1))
    return {
        "title": title,
        "python": trace.python,
        "call": trace.program.call,
        "returned": trace.returned,
        "end": [trace.end.reason.value, trace.end.detail],
        "cut": len(scenes) > MAX_SCENES,
        "files": {"": highlight(trace.program.source)} | {name: highlight(text) for name, text in trace.files.items()},
        "frames": frame_table(trace),
        "scenes": scenes[:MAX_SCENES],
    }


def embedded(data: object) -> str:
    """JSON for a script element: no value can end the element, since "<" is escaped."""
    return json.dumps(data, separators=(",", ":")).replace("<", "\\u003c")
