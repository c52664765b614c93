"""A run and its folder.

The folder is a function of the configuration, not of the clock: the same command continues where it was stopped. It
holds config.yaml (the whole configuration, written before anything else), starts.jsonl (command, versions and commit of
every start), metrics.jsonl (one line a `log`), done.json (the summary, once finished), overrides.txt in a sweep, and
whatever the command adds. A folder that holds another configuration is refused, and so is one that another process is
working in: the lock is the kernel's, so a killed process leaves none behind. A new folder in which a user's mistake was
found before anything came about is removed again: the corrected command is another configuration and wants its place.

In a distributed job (RANK set) only rank 0 locks, writes and logs; the others get a Run that does nothing. This module
starts no W&B by itself: entering the run (`with run:`) does, see tracking.py.
"""

import fcntl
import json
import os
import shutil
import socket
import time
import weakref
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

from omegaconf import OmegaConf
from yaml import YAMLError

from deskcheck_conf.errors import ConfigError
from deskcheck_conf.files import append_whole, drop_torn_line, write_atomic
from deskcheck_conf.messages import USERS, exit_code_of
from deskcheck_conf.provenance import provenance
from deskcheck_conf.schema import RunConfig
from deskcheck_conf.tracking import Track, as_table, tracking

START_FILES = (".lock", "config.yaml", "starts.jsonl", "overrides.txt", "wandb_id.txt", "resolved.yaml")
"""What a run folder holds before its command has done anything; beside them only W&B's own folder."""
SHOWN_DIFFERENCES = 8

_held: "weakref.WeakSet[Run]" = weakref.WeakSet()


class Run:
    """One run: its folder, its metrics, and whether it is done. Made by `Run.at`, closed by `with`."""

    folder: Path
    summary: dict[str, Any] | None
    """What `finish` was given, by this process or an earlier one; None while the run is not done."""

    def __init__(self, folder: Path, config: RunConfig, command: str, group: str | None) -> None:
        self.folder = folder
        self.config = config
        self.command = command
        self.group = group
        self.is_main = int(os.environ.get("RANK", "0")) == 0
        self.summary = None
        self._lock: IO[str] | None = None
        self._track: Track | None = None
        self._exits = ExitStack()
        self._made: list[Path] = []

    @classmethod
    def at(cls, folder: Path | str, config: RunConfig, *, command: str = "run", group: str | None = None) -> Self:
        """Open the run in `folder`, new or to be continued. `command` and `group` are shown in W&B.

        Raises ConfigError if the folder holds another configuration or another process works in it; then nothing was
        written.
        """
        run = cls(Path(folder), config, command, group)
        if run.is_main:
            run._open()
        run._read_summary()
        return run

    def _read_summary(self) -> None:
        done = self.folder / "done.json"
        if done.exists():
            self.summary = json.loads(done.read_text())["summary"]

    @contextmanager
    def lent(self) -> Iterator[None]:
        """Within, other processes work in the folder (the ranks of a distributed job). A mistake of the user's that
        they find leaves no more behind than one found here; what they finished is known afterwards."""
        self.close()
        try:
            yield
        except BaseException as error:
            self._leave(error)
            raise
        self._read_summary()

    def _open(self) -> None:
        self._made = _missing_folders(self.folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self._lock = _lock(self.folder)  # refused: the folder is another process's, nothing here is ours to undo
        _held.add(self)
        try:
            _keep_config(self.folder, self.config)
            drop_torn_line(self.folder / "metrics.jsonl")
            drop_torn_line(self.folder / "starts.jsonl")
            self._append("starts.jsonl", provenance())
        except BaseException:
            _remove_new(self.folder, self._made)
            self.close()
            raise

    def log(self, metrics: Mapping[str, float | int | str | bool | None], step: int | None = None) -> None:
        """Add one line to metrics.jsonl and, inside `with`, to W&B. After a resume the last line of a step counts."""
        if not self.is_main:
            return
        row = dict(metrics) if step is None else {"step": step, **metrics}
        self._append("metrics.jsonl", {**row, "time": round(time.time(), 3)})
        if self._track is not None:
            self._track.log(row)

    def table(self, name: str, rows: Sequence[Mapping[str, Any]]) -> None:
        """Show `rows` (one object each, alike in keys) as a table of W&B's; on disk they are the command's own."""
        if self._track is not None and rows:
            self._track.log({name: as_table(rows)})

    def artifact(self, kind: str, files: Sequence[Path]) -> None:
        """Keep files as an artifact of W&B's, named after the run folder; config.yaml goes with them. On disk they are
        where they are, and `wandb sync` reads them there."""
        if self._track is not None:
            config = self.folder / "config.yaml"
            names = {_name_below(self.folder, file): file for file in (*files, config)}
            self._track.artifact(f"{self.command}-{self.folder.name}", kind, names)

    def is_done(self) -> bool:
        """Whether `finish` was called for this configuration, now or in an earlier process."""
        return self.summary is not None

    def finish(self, summary: Mapping[str, Any]) -> None:
        """Mark the run as done. `summary` (JSON values) is what later readers need first."""
        self.summary = dict(summary)
        if self.is_main:
            write_atomic(self.folder / "done.json", json.dumps({"summary": self.summary}, indent=2) + "\n")

    def _append(self, name: str, row: Mapping[str, Any]) -> None:
        append_whole(self.folder / name, json.dumps(row) + "\n")

    def __enter__(self) -> Self:
        if self.is_main:
            try:
                self._track = self._exits.enter_context(
                    tracking(self.config, folder=self.folder, job_type=self.command, group=self.group)
                )
            except BaseException as error:
                self._leave(error)
                raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._track = None
        try:
            self._exits.__exit__(kind, error, trace)
        finally:
            self._leave(error)

    def _leave(self, error: BaseException | None) -> None:
        if error is not None and exit_code_of(error) == USERS:
            _remove_new(self.folder, self._made)
        self.close()

    def close(self) -> None:
        """Give the folder free for another process."""
        if self._lock is not None:
            self._lock.close()
            self._lock = None


def _name_below(folder: Path, file: Path) -> str:
    """The path of a file in an artifact: as it lies in the run folder, or its own last two names elsewhere."""
    return file.relative_to(folder).as_posix() if file.is_relative_to(folder) else "/".join(file.absolute().parts[-2:])


def _lock(folder: Path) -> IO[str]:
    file = open(folder / ".lock", "a+", encoding="utf-8")  # noqa: SIM115 - open as long as the run holds the folder
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.seek(0)
        holder = file.read().strip() or "another process"
        file.close()
        raise ConfigError(
            f"run folder {folder} is in use by {holder}, expected no other run in it; "
            "wait for that run, stop it, or pass another run_name=NAME"
        ) from None
    file.truncate(0)
    file.write(f"process {os.getpid()} on {socket.gethostname()}, since {time.strftime('%Y-%m-%d %H:%M:%S')}\n")
    file.flush()
    return file


def _forget_locks() -> None:
    """In a forked child: close the inherited file, or the child would hold the folder after its parent has died."""
    for run in list(_held):
        run.close()


os.register_at_fork(after_in_child=_forget_locks)


def _keep_config(folder: Path, config: RunConfig) -> None:
    path = folder / "config.yaml"
    asked = OmegaConf.structured(config)
    if not path.exists():
        write_atomic(path, OmegaConf.to_yaml(asked, resolve=True))
        return
    try:
        held = OmegaConf.load(path)
    except (YAMLError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} cannot be read as YAML ({error}): remove the folder and run again") from None
    # Through YAML once, so that both sides have the same types (enums are names there).
    asked = OmegaConf.create(OmegaConf.to_yaml(asked, resolve=True))
    differences = differing_keys(_flat(held), _flat(asked), config.free_keys)
    if differences:
        shown = "\n".join(f"  {line}" for line in differences[:SHOWN_DIFFERENCES])
        more = f"\n  and {len(differences) - SHOWN_DIFFERENCES} more" if len(differences) > SHOWN_DIFFERENCES else ""
        raise ConfigError(
            f"run folder {folder} holds a run with another configuration:\n{shown}{more}\n"
            "pass run_name=NAME for a run of its own, the old values to continue that run, or remove the folder"
        )


def differing_keys(held: Mapping[str, Any], asked: Mapping[str, Any], free: Sequence[str]) -> list[str]:
    """One line for each dotted key whose value is not the same on both sides; `free` keys, and what is below them, may
    differ."""
    keys = sorted(
        key for key in held.keys() | asked.keys() if not any(f"{key}.".startswith(f"{each}.") for each in free)
    )
    absent = object()
    show = lambda value: "absent" if value is absent else repr(value)  # noqa: E731
    pairs = ((key, held.get(key, absent), asked.get(key, absent)) for key in keys)
    return [f"{key}: {show(old)} in the folder, {show(new)} asked for" for key, old, new in pairs if old != new]


def _flat(config: Any) -> dict[str, Any]:
    flat: dict[str, Any] = {}

    def walk(prefix: str, value: Any) -> None:
        if isinstance(value, dict) and value:
            for key, inner in value.items():
                walk(f"{prefix}.{key}" if prefix else str(key), inner)
        else:
            flat[prefix] = value

    walk("", OmegaConf.to_container(config))
    return flat


def _missing_folders(folder: Path) -> list[Path]:
    """The folders that making `folder` would make, innermost first."""
    return [part for part in (folder, *folder.parents) if not part.exists()]


def _remove_new(folder: Path, made: list[Path]) -> None:
    """Undo a start: only in folders it made, and only where there is nothing but what every start puts there."""
    if folder not in made or not {path.name for path in folder.iterdir()} <= {*START_FILES, "wandb"}:
        return
    shutil.rmtree(folder / "wandb", ignore_errors=True)
    for name in START_FILES:
        (folder / name).unlink(missing_ok=True)
    for part in made:
        try:
            part.rmdir()
        except OSError:  # another run has moved in meanwhile
            return
