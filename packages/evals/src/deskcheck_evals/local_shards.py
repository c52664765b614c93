"""`shards=n`: all shards of a run in n processes on this machine, each the same command with `shard=i/n`.

A process has its share of the CPUs (OMP_NUM_THREADS) and, where CUDA_VISIBLE_DEVICES names several GPUs, one of them in
turn: `CUDA_VISIBLE_DEVICES=0,1,2,3 deskcheck-eval ... shards=4` runs one engine a GPU. What they print goes to stderr;
the numbers come from all shards together, from the process that started them.
"""

import os
import subprocess
import sys
from collections.abc import Sequence

from deskcheck_conf import ConfigError
from hydra.core.hydra_config import HydraConfig
from hydra.types import RunMode

from deskcheck_evals.errors import EvalError
from deskcheck_evals.shards import Shard

STDERR = 2
COMMAND = "import sys; sys.argv[0] = 'deskcheck-eval'; from deskcheck_evals.evaluate import main; sys.exit(main())"


def run_shards(count: int) -> None:
    """Do all shards of the command that is running. ConfigError in a sweep, EvalError naming shards that failed."""
    if HydraConfig.get().mode == RunMode.MULTIRUN:
        raise ConfigError("shards=n starts processes for one run: leave -m out, or pass shards=1")
    start_shards(count, [word for word in sys.argv[1:] if not word.startswith("shards=")])


def start_shards(count: int, words: Sequence[str], code: str = COMMAND) -> None:
    """Start a process a shard and wait for all. EvalError naming those that failed; they have said why."""
    shards = [Shard(count, number) for number in range(1, count + 1)]
    begun: list[subprocess.Popen[bytes]] = []
    try:
        for shard in shards:
            asked = [sys.executable, "-c", code, *words, f"shard={shard}", "wandb.mode=disabled"]
            begun.append(subprocess.Popen(asked, env=_environment(shard), stdout=STDERR))
        codes = [process.wait() for process in begun]
    except BaseException:
        for process in begun:
            process.terminate()
        for process in begun:
            process.wait()
        raise
    failed = [f"shard {shard} (exit code {code})" for shard, code in zip(shards, codes, strict=True) if code]
    if failed:
        raise EvalError(f"{', '.join(failed)} did not end well, see above: the same command goes on with what is left")


def _environment(shard: Shard) -> dict[str, str]:
    threads = max(1, (os.cpu_count() or 1) // shard.count)
    environment = {"OMP_NUM_THREADS": str(threads), **os.environ}
    devices = os.environ.get("CUDA_VISIBLE_DEVICES", "").split(",")
    if len(devices) > 1:
        environment["CUDA_VISIBLE_DEVICES"] = devices[(shard.number - 1) % len(devices)]
    return environment
