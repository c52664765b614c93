"""W&B, offline: one id a run folder, one run a job, and no import when it is switched off."""

import json
import os
import subprocess
import sys
from pathlib import Path

DEMO = Path(__file__).parent / "demo"
COMMAND = [sys.executable, str(DEMO / "command.py"), "--config-dir", str(DEMO)]


def offline_runs(folder: Path) -> list[str]:
    return [path.name.rsplit("-", 1)[-1] for path in sorted((folder / "wandb").glob("offline-run-*"))]


def test_jobs_of_a_sweep_are_runs_of_their_own_and_a_resume_is_not(tmp_path: Path) -> None:
    for words in (["-m", "seed=0,1"], ["seed=1"]):
        done = subprocess.run([*COMMAND, "wandb=offline", *words], cwd=tmp_path, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        for line in done.stdout.splitlines():  # results alone
            json.loads(line)
    zero, one = tmp_path / "outputs/demo-s0", tmp_path / "outputs/demo-s1"
    assert offline_runs(zero) == [(zero / "wandb_id.txt").read_text().strip()]
    assert offline_runs(one) == 2 * [(one / "wandb_id.txt").read_text().strip()]
    assert offline_runs(zero)[0] != offline_runs(one)[0]
    assert not (tmp_path / "wandb").exists()


def test_a_failed_job_closes_its_run(tmp_path: Path) -> None:
    words = ["wandb=offline", "-m", "end=error,done"]
    done = subprocess.run([*COMMAND, *words], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 2 and len(done.stdout.splitlines()) == 1
    ids = [offline_runs(tmp_path / f"outputs/demo-s0/end-{end}") for end in ("error", "done")]
    assert [len(found) for found in ids] == [1, 1] and ids[0] != ids[1]


def test_online_without_an_account_says_what_to_do(tmp_path: Path) -> None:
    environment = {key: value for key, value in os.environ.items() if not key.startswith("WANDB")}
    environment |= {"HOME": str(tmp_path), "NETRC": str(tmp_path / "none"), "WANDB_CONFIG_DIR": str(tmp_path)}
    done = subprocess.run(
        [*COMMAND, "wandb=online"], cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 2, done.stderr
    assert "Traceback" not in done.stderr
    assert "run `wandb login`, or pass wandb=offline" in done.stderr


def test_disabled_imports_no_wandb() -> None:
    source = (
        "import sys, deskcheck_conf as c, tempfile\n"
        "config = c.RunConfig(run_name='r', wandb=c.WandbConfig(mode=c.WandbMode.disabled))\n"
        "with c.Run.at(tempfile.mkdtemp(), config) as run: run.log({'a': 1})\n"
        "print([m for m in ('wandb', 'torch') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", source], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
