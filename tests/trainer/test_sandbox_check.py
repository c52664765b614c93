"""RL on programs starts only where the sandbox holds: the table's result is kept, and a row that fails stops the run."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from deskcheck_conf.entry import load_config
from deskcheck_conf.errors import ConfigError
from deskcheck_tracer import Verdict
from deskcheck_tracer.selftest import all_rows
from deskcheck_trainer.rl_config import RLConfig
from deskcheck_trainer.sandbox_check import REPORT, check_sandbox

ROWS = [row for row in all_rows() if row.number in (1, 5)]


def config_of(*overrides: str) -> RLConfig:
    return load_config("rl", RLConfig, ["wandb=disabled", *overrides])


def test_rows_that_hold_are_written_down(tmp_path: Path) -> None:
    check_sandbox(config_of("env=solve"), tmp_path, ROWS)
    assert json.loads((tmp_path / REPORT).read_text()) == {"rows": len(ROWS), "failed": []}


def test_a_row_that_fails_stops_the_run_unless_degraded(tmp_path: Path) -> None:
    wrong = [replace(ROWS[0], verdicts=(Verdict.SE,))]
    with pytest.raises(ConfigError, match=r"1 hostile programs .*FAIL   1 .*selftest=false"):
        check_sandbox(config_of("env=self_rlef"), tmp_path, wrong)
    assert not (tmp_path / REPORT).exists()
    check_sandbox(config_of("env=self_rlef", "degraded=true"), tmp_path, wrong)
    [failed] = json.loads((tmp_path / REPORT).read_text())["failed"]
    assert failed.startswith("FAIL   1")
    check_sandbox(config_of("env=self_rlef"), tmp_path, wrong)  # a continued run has been checked


@pytest.mark.parametrize("overrides", [("env=output_prediction",), ("env=solve", "selftest=false")])
def test_nothing_to_check(tmp_path: Path, overrides: tuple[str, ...]) -> None:
    check_sandbox(config_of(*overrides), tmp_path, [])
    assert not (tmp_path / REPORT).exists()
