"""The one way into a Hydra command: from the command line to `run(config, run)` and out with an exit code.

    main = command("sft", SFTConfig, train)          # in deskcheck_trainer/sft.py; the console script calls main()

    def train(config: SFTConfig, run: Run) -> float | None: ...

Hydra composes deskcheck_conf/sft.yaml with the overrides; the result is checked against SFTConfig and becomes one; the
run folder is opened; `train` does the work and returns the number that a sweep optimises, if there is one. Exit codes:
0 done; 1 done, and the answer is no (raise AnswerIsNo); 2 bad input or environment, told in one message; 70 a bug, with
its traceback; 130 interrupted. In a sweep (`-m`) a job that fails is reported and the others go on; the exit code is
that of the worst job. Results go to stdout, everything else to stderr.

A command that can run a job elsewhere (other processes, a cluster) gives `launch`, which is asked first; see Launch.
"""

import hashlib
import os
import sys
import traceback
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, fields, is_dataclass
from functools import partial
from pathlib import Path
from typing import Any, cast

import hydra
from hydra.core.config_store import ConfigStore
from hydra.core.hydra_config import HydraConfig
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.errors import HydraException
from hydra.types import RunMode
from omegaconf import DictConfig, OmegaConf

from deskcheck_conf.errors import AnswerIsNo, ConfigError
from deskcheck_conf.messages import BUG, dotted_keys, exit_code_of, message_of, suggestion
from deskcheck_conf.progress import quiet_libraries
from deskcheck_conf.run import Run
from deskcheck_conf.schema import RunConfig

CONFIG_PATH = "pkg://deskcheck_conf"
INTERRUPTED = 130  # 128 + SIGINT, as shells have it
FLAGS_WITH_VALUE = ("--cfg", "--package", "--config-path", "--config-name", "--config-dir", "--experimental-rerun")
SHORT_FLAGS_WITH_VALUE = ("-c", "-p", "-cp", "-cn", "-cd")
LONGEST_NAME = 80
# Overrides that the folder's name already tells (run_name, seed), or that do not change what is computed.
UNNAMED_KEYS = ("run_name", "seed", "output_root", "wandb", "experiment", "hydra", "launcher", "shard")

Main = Callable[..., int]


@dataclass(frozen=True)
class Launched:
    """A job that was taken care of elsewhere; `value` is the number a sweep optimises, None where it is not known."""

    value: float | None = None


Launch = Callable[[Any, Callable[[], Run]], Launched | None]
"""launch(config, open_run): None says that the job is to be run here and now. `open_run` opens the run folder without
W&B, which belongs to the process that does the work."""


def command[C: RunConfig](
    config_name: str, schema: type[C], run: Callable[[C, Run], float | None], *, launch: Launch | None = None
) -> Main:
    """Make the `main` of one command. `main()` reads sys.argv, `main([...])` the given words; it returns the exit code.

    `schema` is registered as `<config_name>_schema`, the first entry of the primary YAML's defaults list.
    """
    register(config_name, schema)

    def main(argv: Sequence[str] | None = None) -> int:
        return _Command(config_name, schema, run, launch).main(argv)

    return main


def register(config_name: str, schema: type) -> None:
    """Put a command's dataclass where its YAML finds it: `<config_name>_schema`."""
    ConfigStore.instance().store(name=f"{config_name}_schema", node=schema)


def load_config[C: RunConfig](config_name: str, schema: type[C], overrides: Sequence[str] = ()) -> C:
    """The configuration that the command would get for these overrides, without running it: for tests, notebooks."""
    register(config_name, schema)
    with hydra.initialize_config_module("deskcheck_conf", version_base="1.3"):
        return cast(C, OmegaConf.to_object(hydra.compose(config_name, overrides=list(overrides))))


class _Command:
    """One invocation: the jobs it ran (one, or a sweep's) and how they ended."""

    def __init__(
        self, config_name: str, schema: type, run: Callable[[Any, Run], float | None], launch: Launch | None
    ) -> None:
        self.config_name = config_name
        self.schema = schema
        self.run = run
        self.launch = launch
        self.process = os.getpid()
        self.jobs = 0
        self.values: list[tuple[float, str]] = []
        """Of each job that has one: the number to optimise, and its overrides."""
        self.failures: list[tuple[str, int, str]] = []
        """Of each job that did not end well: overrides, exit code, first line of what was told."""

    def main(self, argv: Sequence[str] | None) -> int:
        before = list(sys.argv)
        program, words = (sys.argv[0], sys.argv[1:]) if argv is None else (f"deskcheck-{self.config_name}", list(argv))
        sys.argv = [program, *flags_first(words)]
        quiet_libraries()
        try:
            self._compose_and_run()
        except KeyboardInterrupt:
            print("interrupted; the same command continues", file=sys.stderr)
            return INTERRUPTED
        except Exception as error:  # before any job: composition, or a launcher of its own
            if not self.failures:  # else: a sweeper that got no number from any job; those have told why
                self._report(error)
                return exit_code_of(error)
        finally:
            sys.argv = before
        if self.jobs > 1:
            self._report_sweep()
        return worst(code for _, code, _ in self.failures)

    def _compose_and_run(self) -> None:
        def task(config: DictConfig) -> float | None:
            return self._job(config)

        task.__module__ = self.config_name  # what Hydra calls the job
        start = hydra.main(version_base="1.3", config_path=CONFIG_PATH, config_name=self.config_name)(task)
        full_error = os.environ.get("HYDRA_FULL_ERROR")
        os.environ["HYDRA_FULL_ERROR"] = "1"  # else Hydra prints its errors itself and exits with 1
        try:
            start()
        finally:
            if full_error is None:
                del os.environ["HYDRA_FULL_ERROR"]
            else:
                os.environ["HYDRA_FULL_ERROR"] = full_error

    def _job(self, composed: DictConfig) -> float | None:
        self.jobs += 1
        overrides = list(HydraConfig.get().overrides.task)
        folder: Path | None = None
        try:
            refuse_added_keys(composed, self.schema)
            config = cast(RunConfig, OmegaConf.to_object(composed))
            swept = overrides if HydraConfig.get().mode == RunMode.MULTIRUN else None
            folder = run_folder(config, swept)
            opened = partial(self._open, config, folder, swept)
            if self.launch is not None and (launched := self.launch(config, opened)) is not None:
                value = launched.value
            else:
                with opened() as run:
                    value = self.run(config, run)
            if value is not None:
                self.values.append((value, " ".join(overrides)))
            return value
        except Exception as error:
            if os.getpid() != self.process:
                raise  # a launcher's own process: the launcher carries the error home
            told = self._report(error, folder)
            self.failures.append((" ".join(overrides), exit_code_of(error), told.splitlines()[0]))
            return None

    def _open(self, config: RunConfig, folder: Path, swept: list[str] | None) -> Run:
        choices, sweep = HydraConfig.get().runtime.choices, Path(HydraConfig.get().sweep.dir).name
        group = choices.get("experiment") if swept is None else f"sweep {sweep}"
        run = Run.at(folder, config, command=self.config_name, group=group)
        if swept is not None and run.is_main:
            (folder / "overrides.txt").write_text("\n".join(swept) + "\n")
        return run

    def _report(self, error: BaseException, folder: Path | None = None) -> str:
        """Print what there is to say about `error`; returns it in a line or more."""
        message = message_of(error, self.schema, folder)
        if message is None or os.environ.get("DESKCHECK_TRACEBACK") == "1":
            traceback.print_exception(error)
        if message is not None:
            print(f"deskcheck-{self.config_name}: {message}", file=sys.stderr)
        return message or f"{type(error).__name__}: {error}"

    def _report_sweep(self) -> None:
        for value, overrides in self.values:
            print(f"{value:<12.6g}{overrides}", file=sys.stderr)
        if not self.failures:
            return
        print(f"{len(self.failures)} of {self.jobs} jobs did not end with exit code 0:", file=sys.stderr)
        for overrides, code, told in self.failures:
            print(f"  [{code}] {overrides}: {told}", file=sys.stderr)


def flags_first(words: Sequence[str]) -> list[str]:
    """The same words with the flags before the overrides.

    argparse takes Hydra's overrides on one side of a flag only: `seed=1 -m learning_rate=1,2` would be refused.
    """
    flags: list[str] = []
    overrides: list[str] = []
    takes_value = False
    for word in words:
        (flags if takes_value or word.startswith("-") else overrides).append(word)
        takes_value = not takes_value and word in (*FLAGS_WITH_VALUE, *SHORT_FLAGS_WITH_VALUE)
    return flags + overrides


def worst(codes: Iterable[int]) -> int:
    """The exit code of several jobs: a bug before bad input before an answer of no before done."""
    return max(codes, default=0)


def refuse_added_keys(composed: DictConfig, schema: type) -> None:
    """ConfigError for a key that `+key=...` forced into a typed configuration, where nothing would read it."""

    def walk(node: DictConfig, prefix: str) -> None:
        owner = OmegaConf.get_type(node)
        typed = {entry.name for entry in fields(owner)} if is_dataclass(owner) else None
        for key in node:
            name = f"{prefix}{key}"
            if typed is not None and key not in typed:
                known = ", ".join(sorted(typed))
                raise ConfigError(
                    f"unknown key {name!r}, expected one of: {known}{suggestion(name, dotted_keys(schema))}"
                )
            inner = node._get_node(key)
            if isinstance(inner, DictConfig) and not inner._is_none() and not inner._is_missing():
                walk(inner, f"{name}.")

    walk(composed, "")


def run_folder(config: RunConfig, swept: Sequence[str] | None = None) -> Path:
    """Where the run of `config` lives; `swept`: the job's overrides, in a sweep.

    Outside a sweep <output_root>/<run_name>-s<seed>. In a sweep a folder below it, named by the overrides; a short hash
    where that name is too long or could not be passed to another command as `runs=[...]` without quotes. A part of a
    run has a folder below the run's.
    """
    folder = _whole_run(config, swept)
    return folder / config.part if config.part is not None else folder


def _whole_run(config: RunConfig, swept: Sequence[str] | None) -> Path:
    folder = Path(config.output_root) / f"{config.run_name}-s{config.seed}"
    named = sorted(override for override in swept or () if _key(override) not in UNNAMED_KEYS)
    if not named:
        return folder
    name = "+".join(named).replace("=", "-")  # Hydra could not read a "=" back in a value
    if len(name) > LONGEST_NAME or not _readable(name):
        name = hashlib.sha256(name.encode()).hexdigest()[:10]
    return folder / name


def _key(override: str) -> str:
    return override.split("=", 1)[0].lstrip("+~").split(".")[0].split("@")[0].split("/")[0]


def _readable(name: str) -> bool:
    if "/" in name:
        return False
    try:
        return OverridesParser.create().parse_override(f"runs=[{name}]").value() == [name]
    except HydraException:
        return False


__all__ = [
    "BUG",
    "AnswerIsNo",
    "ConfigError",
    "Launch",
    "Launched",
    "Main",
    "command",
    "load_config",
    "register",
    "run_folder",
]
