"""A command of the size of a test: it minimises (learning_rate - 0.1)^2, or ends the way `end` asks for."""

import errno
import json
import os
import signal
import sys
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from deskcheck_conf import AnswerIsNo, ConfigError, ModelConfig, Run, RunConfig, command


class End(StrEnum):
    done = "done"
    no = "no"
    error = "error"
    bug = "bug"
    disk_full = "disk_full"
    interrupted = "interrupted"
    killed = "killed"


@dataclass(kw_only=True)
class DemoConfig(RunConfig):
    learning_rate: float = 0.0
    steps: int = 3
    end: End = End.done
    tests: str | None = None
    model: ModelConfig = field(default_factory=lambda: ModelConfig(path="nowhere"))

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.learning_rate < 0:
            raise ConfigError(f"learning_rate is {self.learning_rate}, expected 0 or more")


class TracerError(ValueError):
    """Stands for a sibling package's error: it knows nothing of deskcheck_conf but the attribute."""

    exit_code = 2


def demo(config: DemoConfig, run: Run) -> float:
    if config.tests is not None:
        print(len(Path(config.tests).read_text()))
    for step in range(config.steps):
        run.log({"loss": (config.learning_rate - 0.1) ** 2}, step=step)
    match config.end:
        case End.no:
            raise AnswerIsNo("not accepted: 1 of 3 tests failed")
        case End.error:
            raise TracerError("tests.jsonl, line 3: not valid JSON")
        case End.bug:
            raise KeyError("a bug")
        case End.disk_full:
            raise OSError(errno.ENOSPC, "No space left on device", str(run.folder / "rows.parquet"))
        case End.interrupted:
            raise KeyboardInterrupt
        case End.killed:
            os.kill(os.getpid(), signal.SIGKILL)
    loss = (config.learning_rate - 0.1) ** 2
    run.finish({"loss": loss})
    print(json.dumps({"loss": loss, "folder": str(run.folder)}))
    return loss


main = command("demo", DemoConfig, demo)

if __name__ == "__main__":
    sys.exit(main())
