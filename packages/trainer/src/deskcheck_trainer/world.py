"""How many processes share one run, which of them this is, and what follows for the size of a step.

A launcher (torchrun, accelerate, SLURM) tells it by environment variables. A step's size is the run's, whatever the
number of processes: more of them take fewer passes each, and the result stays the same. No torch in here.
"""

import os
from collections.abc import Callable
from typing import Any

from deskcheck_conf.errors import ConfigError


def size() -> int:
    """Processes of this run."""
    return int(os.environ.get("WORLD_SIZE", "1"))


def is_first() -> bool:
    return int(os.environ.get("RANK", "0")) == 0


def is_sharded() -> bool:
    """Do the processes share one copy of the weights (FSDP, ZeRO)? Then loading leaves the placing to them."""
    used = ("ACCELERATE_USE_FSDP", "ACCELERATE_USE_DEEPSPEED")
    return any(os.environ.get(name, "false").lower() in ("true", "1") for name in used)


def passes(per_step: int, per_pass: int, processes: int, *, step_key: str, pass_key: str) -> int:
    """Forward passes of one process in one step. Raises ConfigError where a step cannot be dealt out evenly."""
    together = per_pass * processes
    if per_step % together:
        raise ConfigError(
            f"{step_key} is {per_step}, expected a multiple of {together} = {pass_key} {per_pass} x {processes} "
            "processes: change one of them, or launcher.processes"
        )
    return per_step // together


def numel(parameter: Any) -> int:
    """Numbers in a parameter, in all shards together: ZeRO leaves an empty tensor in its place."""
    return getattr(parameter, "ds_numel", parameter.numel())


def of_first[T](work: Callable[[], T]) -> T:
    """What `work` returns in the first process, in all of them; the others wait for it meanwhile."""
    if size() == 1:
        return work()
    from accelerate.utils import broadcast_object_list

    held: list[Any] = [work() if is_first() else None]
    return broadcast_object_list(held)[0]
