"""pytest --deskcheck[=FOLDER]: save the trace of every failing test, as JSON lines and as a page to walk through.

Every test then runs under the recorder (some ten times slower); traces of tests that pass are dropped. Recorded are the
test's file and everything under pytest's root folder that is not installed. pytest finds this module by its entry
point; nothing else imports it.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from .program import Limits

if TYPE_CHECKING:
    from .recorder import Recorder

FOLDER = "deskcheck-traces"
LIMITS = Limits(max_events=200_000, max_bytes=100_000_000)
"""Recording stops here, the test goes on; only events and bytes are looked at."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add --deskcheck."""
    parser.getgroup("deskcheck").addoption(
        "--deskcheck", nargs="?", const=FOLDER, default=None, metavar="FOLDER",
        help=f"save the trace of every failing test in FOLDER (default {FOLDER}), as .jsonl and as .html",
    )  # fmt: skip


@pytest.hookimpl(wrapper=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> Iterator[None]:
    """Run the test under the recorder if asked to."""
    folder = pyfuncitem.config.getoption("--deskcheck")
    if folder is None:
        return (yield)
    from .recorder import Recorder  # here: who does not ask for traces does not wait for it

    recorder = Recorder(limits=LIMITS, include=[pyfuncitem.config.rootpath], main=str(pyfuncitem.path))
    try:
        with recorder:
            return (yield)
    except (pytest.skip.Exception, pytest.xfail.Exception):
        raise
    except BaseException:
        saved = _save(recorder, pyfuncitem, pyfuncitem.config.invocation_params.dir / folder)
        pyfuncitem.add_report_section("call", "deskcheck", f"trace of this test: {saved}")
        raise


def _save(recorder: "Recorder", test: pytest.Function, folder: Path) -> Path:
    from .export import trace_lines
    from .view import page

    name = re.sub(r"[^\w.-]+", "-", test.nodeid).strip("-")[-150:]
    folder.mkdir(parents=True, exist_ok=True)
    lines = "".join(line + "\n" for line in trace_lines(recorder.trace))
    (folder / f"{name}.jsonl").write_text(lines, encoding="utf-8")
    (folder / f"{name}.html").write_text(page(recorder.trace, test.nodeid), encoding="utf-8")
    return folder / f"{name}.html"
