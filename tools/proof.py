"""Run the long proofs and keep what they said: docs/proof/<name>.md, with command, versions, commit, date, duration.

A proof is a command that exits with 0 when it holds. `make proof` runs all of them, `make proof PROOF="a b"` some. A
proof that fails is written down as failed, and the exit code is 1; the next proof still runs. To add one, add a line to
PROOFS.
"""

import os
import re
import shlex
import subprocess
import sys
import time
from pathlib import Path

from deskcheck_conf.provenance import provenance

ROOT = Path(__file__).resolve().parent.parent
TAIL_LINES = 500
PROGRESS = re.compile(r"\d+ programs, [\d.]+ a second|\w+: \d+ of \d+ tried")
"""Lines of which a page keeps the last."""
PROOFS = {
    "oracle": "python -m tools.oracle",
    "wheels": "python -m pytest -q -s -m slow tests/integration/test_clean_installs.py "
    "tests/integration/test_wheels.py tests/release",
    "ranges": "python -m tools.release.ranges",
    "viewer": "python -m pytest -q -s -m slow tests/tracer/test_view_browser.py tests/agent/page/test_page_browser.py "
    "tests/evals/viewer/test_viewer_browser.py",
    "hostile": "python -m pytest -q -m slow tests/tracer/test_selftest.py",
    "soak": "python -m pytest -q -s -m slow tests/tracer/test_soak.py",
    "narration": "python -W ignore -m tools.narration 5500",
    "prose": "python -W ignore -m tools.prose",
    "verdicts": "python -m tools.verdicts",
    "resume": "python -m pytest -q -s -m slow tests/trainer/test_rl_kills.py",
    "plan": "python -W ignore benchmarks/plan.py",
    "ranks": "python -m pytest -q -m slow tests/trainer/launch tests/integration/test_optuna.py",
    "parity": "python -m tools.parity",
    "kills": "python -m pytest -q -m slow tests/trainer/test_collect.py tests/trainer/nlex/test_ray_pool.py",
    "mutation": "python -m tools.mutation",
    "slow-tests": "python -m pytest -q -m slow --ignore tests/integration/test_wheels.py "
    "--ignore tests/integration/test_clean_installs.py --ignore tests/release tests",
}


def main(names: list[str]) -> int:
    unknown = [name for name in names if name not in PROOFS]
    if unknown:
        print(f"no proof named {', '.join(unknown)}, expected some of: {', '.join(PROOFS)}", file=sys.stderr)
        return 2
    if "DESKCHECK_DATA" not in os.environ:
        print("DESKCHECK_DATA is not set and ../shared/data is not there: proofs run on real data", file=sys.stderr)
        return 2
    failed = [name for name in names or PROOFS if not prove(name)]
    if failed:
        print(f"failed: {', '.join(failed)}; see docs/proof/", file=sys.stderr)
    return 1 if failed else 0


def prove(name: str) -> bool:
    """Run one proof, show its output as it comes, and write its page. True if it holds."""
    print(f"== {name}: {PROOFS[name]}", flush=True)
    started = time.monotonic()
    command = [sys.executable, *shlex.split(PROOFS[name])[1:]]
    lines = []
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as running:
        assert running.stdout is not None
        for line in running.stdout:
            print(line, end="", flush=True)
            lines.append(without_places(line.rstrip()))
    write(name, running.returncode, time.monotonic() - started, lines)
    return running.returncode == 0


def without_places(line: str) -> str:
    """The line without where this machine keeps the repository, the environment and Python."""
    for place, name in ((ROOT, ""), (sys.prefix, ".venv/"), (sys.base_prefix, "python/")):
        line = line.replace(f"{place}/", name)
    return line


def without_progress(lines: list[str]) -> list[str]:
    """The lines, but of those that tell of progress the last alone."""
    told = [place for place, line in enumerate(lines) if PROGRESS.match(line)]
    return [line for place, line in enumerate(lines) if place not in told[:-1]]


def write(name: str, code: int, seconds: float, lines: list[str]) -> None:
    about = provenance()
    versions = ", ".join(f"{package} {version}" for package, version in about["packages"].items())
    page = f"""# Proof: {name}

{"Holds." if code == 0 else f"**Failed** (exit code {code})."}

| | |
|---|---|
| command | `{PROOFS[name]}` |
| date | {about["started"]} |
| duration | {seconds:.0f} s on {about["cpus"]} CPU cores |
| commit | {about["commit"]} |
| system | Python {about["python"]}, {about["platform"]} |
| versions | {versions} |

```
{chr(10).join(without_progress(lines)[-TAIL_LINES:])}
```
"""
    folder = ROOT / "docs" / "proof"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}.md").write_text(page)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
