"""W&B: one id a run folder, one run a job, offline and online, and no import when it is switched off."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from deskcheck_conf import Run, RunConfig

from tests.wandb_file import read_offline
from tests.wandb_server import WandbServer

DEMO = Path(__file__).parent / "demo"
COMMAND = [sys.executable, str(DEMO / "command.py"), "--config-dir", str(DEMO)]


def offline_runs(folder: Path) -> list[str]:
    """The ids of the W&B runs in a run folder, one for each start."""
    return [path.stem.removeprefix("run-") for path in folder.glob("wandb/offline-run-*/run-*.wandb")]


def test_jobs_of_a_sweep_are_runs_of_their_own_and_a_resume_is_not(demo: Callable, tmp_path: Path) -> None:
    for words, jobs in ((["-m", "seed=0,1"], 2), (["seed=1"], 1)):
        done = demo("wandb=offline", *words)
        assert done.code == 0 and len(done.results) == jobs, done.err  # stdout holds results alone
    zero, one = tmp_path / "outputs/demo-s0", tmp_path / "outputs/demo-s1"
    assert offline_runs(zero) == [(zero / "wandb_id.txt").read_text().strip()]
    assert offline_runs(one) == 2 * [(one / "wandb_id.txt").read_text().strip()]
    assert offline_runs(zero)[0] != offline_runs(one)[0]
    assert not (tmp_path / "wandb").exists()


def test_a_failed_job_closes_its_run(demo: Callable, tmp_path: Path) -> None:
    done = demo("wandb=offline", "-m", "end=error,done")
    assert done.code == 2 and len(done.results) == 1
    assert "Traceback" not in done.err
    ids = [offline_runs(tmp_path / f"outputs/demo-s0/end-{end}") for end in ("error", "done")]
    assert [len(found) for found in ids] == [1, 1] and ids[0] != ids[1]


def online(tmp_path: Path, changes: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """The demo command with wandb=online, without what this machine knows of W&B."""
    environment = {key: value for key, value in os.environ.items() if not key.startswith("WANDB")}
    environment |= {"HOME": str(tmp_path), "NETRC": str(tmp_path / "none"), "WANDB_CONFIG_DIR": str(tmp_path)}
    words = [*COMMAND, "wandb=online"]
    return subprocess.run(
        words, cwd=tmp_path, env=environment | changes, stdin=subprocess.DEVNULL, capture_output=True, text=True
    )


def refused(done: subprocess.CompletedProcess[str], tmp_path: Path) -> str:
    """The one message of a command that did not start."""
    assert done.returncode == 2 and done.stdout == "", done.stderr
    assert len(done.stderr.splitlines()) == 1 and not (tmp_path / "outputs").exists()
    return done.stderr


def test_online_without_an_account_says_what_to_do(tmp_path: Path) -> None:
    said = refused(online(tmp_path, {}), tmp_path)
    assert "wandb.mode=online needs an account, and no API key is configured; run `wandb login`" in said


def test_online_with_a_key_that_is_none(tmp_path: Path) -> None:
    assert "API key must have 40" in refused(online(tmp_path, {"WANDB_API_KEY": "short"}), tmp_path)


def test_online_with_a_key_that_the_server_does_not_know(tmp_path: Path, wandb_server: WandbServer) -> None:
    wandb_server.denies = True
    said = refused(online(tmp_path, wandb_server.environment(str(tmp_path))), tmp_path)
    assert f"did not take the API key, or did not answer (Failed to authenticate with {wandb_server.url}" in said
    assert "user is not logged in" in said and "pass wandb=offline" in said


def test_online_where_nothing_answers(tmp_path: Path, wandb_server: WandbServer) -> None:
    wandb_server.close()
    environment = wandb_server.environment(str(tmp_path)) | {"WANDB_HTTP_TIMEOUT": "2"}
    said = refused(online(tmp_path, environment), tmp_path)
    assert f"did not answer (Failed to authenticate with {wandb_server.url}" in said
    assert "check the network and WANDB_BASE_URL" in said


def test_online_sends_every_row_to_the_server(tmp_path: Path, wandb_server: WandbServer) -> None:
    done = online(tmp_path, wandb_server.environment(str(tmp_path)))
    assert done.returncode == 0, done.stderr
    ((name, run),) = wandb_server.runs.items()
    assert name == (tmp_path / "outputs/demo-s0/wandb_id.txt").read_text().strip()
    assert (run["project"], run["groupName"], run["jobType"]) == ("deskcheck", "demo/smoke", "demo")
    sent = [{key: row[key] for key in ("step", "loss")} for row in run["rows"]]
    kept = [json.loads(line) for line in (tmp_path / "outputs/demo-s0/metrics.jsonl").read_text().splitlines()]
    assert sent == [{key: row[key] for key in ("step", "loss")} for row in kept] and len(sent) == 3
    assert run["exit_code"] == 0


def test_files_are_kept_as_an_artifact_and_stay_where_they_are(tmp_path: Path) -> None:
    config = RunConfig(run_name="a b", output_root=str(tmp_path))
    with Run.at(tmp_path / "a b-s0", config, command="demo") as run:
        (inside := run.folder / "deep").mkdir()
        (inside / "rows.jsonl").write_text("{}\n")
        (outside := tmp_path / "page.html").write_text("<p>")
        run.artifact("report", [inside / "rows.jsonl", outside])
    kept = read_offline(tmp_path / "a b-s0").artifacts["demo-a-b-s0"]
    assert kept["type"] == "report"
    assert kept["files"] == {
        "deep/rows.jsonl": inside / "rows.jsonl",
        f"{tmp_path.name}/page.html": outside,
        "config.yaml": run.folder / "config.yaml",
    }


def test_disabled_imports_no_wandb() -> None:
    source = (
        "import sys, deskcheck_conf as c, tempfile\n"
        "config = c.RunConfig(run_name='r', wandb=c.WandbConfig(mode=c.WandbMode.disabled))\n"
        "with c.Run.at(tempfile.mkdtemp(), config) as run: run.log({'a': 1})\n"
        "print([m for m in ('wandb', 'torch') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", source], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
