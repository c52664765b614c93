"""For all tests: a skipped test is a failure where DESKCHECK_NO_SKIPS=1 (CI). A test that never runs proves nothing."""

import os
from collections.abc import Iterator

import pytest

from tests.wandb_server import WandbServer


@pytest.fixture
def wandb_server() -> Iterator[WandbServer]:
    server = WandbServer()
    yield server
    server.close()


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if reporter is None:
        return
    skipped = reporter.stats.get("skipped", [])
    if skipped and os.environ.get("DESKCHECK_NO_SKIPS") == "1":
        names = "\n".join(f"  {report.nodeid}" for report in skipped)
        reporter.write_line(f"\n{len(skipped)} tests were skipped, expected none here (DESKCHECK_NO_SKIPS=1):\n{names}")
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
