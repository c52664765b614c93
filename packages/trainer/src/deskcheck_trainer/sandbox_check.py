"""Before a program earns a reward: does the sandbox of this machine hold all that the hostile table tries?

RL finds whatever a judge lets pass, so a run that judges programs starts with `deskcheck-trace selftest` (some 15 s on
two cores). A row that fails stops it. `degraded=true` says that one knows of missing limits, `selftest=false` leaves
the check out; either stays readable in the run's config.yaml, and the rows that failed in its selftest.json.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from deskcheck_conf.errors import ConfigError
from deskcheck_conf.progress import progress
from deskcheck_tracer.selftest import Row, RowResult, all_rows, selftest
from deskcheck_tracer.selftest_harness import HarnessRow

from deskcheck_trainer.rl_config import RLConfig

REPORT = "selftest.json"
"""In the run folder: what each row of the table gave."""


def check_sandbox(config: RLConfig, folder: Path, rows: Sequence[Row | HarnessRow] | None = None) -> None:
    """Run the table (or these rows of it) and leave REPORT in `folder`. ConfigError when a row fails, unless degraded.

    Nothing to do for a run that judges no programs, or has done it before.
    """
    if not config.selftest or not config.env.judges_programs() or (folder / REPORT).exists():
        return
    rows = all_rows() if rows is None else rows
    with progress("selftest", len(rows)) as advance:
        results = selftest(degraded=config.degraded, rows=rows, told=lambda _: advance())
    failed = [result for result in results if not result.holds]
    if failed and not config.degraded:
        raise ConfigError(_refusal(failed))
    report = {"rows": len(rows), "failed": [str(result) for result in failed]}
    (folder / REPORT).write_text(json.dumps(report, indent=2) + "\n")


def _refusal(failed: list[RowResult]) -> str:
    return (
        f"{len(failed)} hostile programs did not get their verdict in this sandbox, and a model in training finds what "
        f"they do (first: {failed[0]}): run `deskcheck-trace selftest`, then this again; selftest=false trains all the "
        "same, and stays in the run's configuration"
    )
