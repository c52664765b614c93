"""The control group of one worker: the memory, processes and CPU time of everything below its fork server.

A worker runs one program at a time and every process of a program is gone before the next begins, so one group a
worker, made from outside the jail, gives each program a limit and counters of its own: the limit is set to what the
idle server uses plus the program's memory, and every counter is read before and after. (Moving each program into a
group of its own would cost a kernel-wide lock a run.) The server is moved in once, shielded from the OOM killer
where we may; programs volunteer for it.

Version 1 hierarchies and version 2 are both supported, whichever holds the memory controller. Sources:
cgroup-v1/memory.rst and cgroup-v2.rst of the Linux documentation.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from .errors import SandboxUnavailable

_PREFIX = "deskcheck-"
_SLACK_BYTES = 16 * 1024 * 1024
"""The idle server may grow by this (it imports the recorder when it is first asked to record)."""
_FREED_S = 5.0
_count = itertools.count()


@dataclass(frozen=True)
class Usage:
    """Counters since the last `Group.begin`."""

    cpu_s: float
    peak_mb: float
    oom_kills: int


class Group(Protocol):
    """What a worker needs of the control group its server lives in."""

    def add(self, pid: int) -> None: ...
    def begin(self, memory_mb: int | None) -> None: ...
    def cpu_s(self) -> float: ...
    def waited_s(self) -> float: ...
    def is_asleep(self) -> bool: ...
    def settle(self, timeout_s: float) -> bool: ...
    def usage(self) -> Usage: ...
    def close(self) -> None: ...


class ControlGroup:
    """Version 1 or 2; `files` says where each counter lives."""

    def __init__(self, folders: dict[str, Path], files: _Files, max_processes: int) -> None:
        self._folders, self._files = folders, files
        self._open: dict[tuple[str, str], int] = {}
        for folder in set(folders.values()):
            folder.mkdir()
        self._write(files.processes_max, str(max_processes))
        if files.swap_max is not None and self._path(files.swap_max).exists():
            self._write(files.swap_max, "0" if files.version == 2 else "-1")
        self._limit: int | None = None
        self._idle: int | None = None
        self._schedstat = self._server = 0
        self._cpu_at_begin = self._ooms_at_begin = self._memory_at_begin = self._delay_at_begin = 0

    def add(self, pid: int) -> None:
        """Move a process (the idle fork server) into the group; its children are born in it."""
        for folder in set(self._folders.values()):
            (folder / "cgroup.procs").write_text(str(pid))
        self._server = pid
        with contextlib.suppress(OSError):  # a kernel without it: waiting for a CPU then counts as wall time
            self._schedstat = os.open(f"/proc/{pid}/schedstat", os.O_RDONLY)

    def begin(self, memory_mb: int | None) -> None:
        """Give the next program `memory_mb` on top of what the idle server uses, and start its counters."""
        self._memory_at_begin = self._idle_memory()
        limit = None if memory_mb is None else _round_up(self._memory_at_begin) + memory_mb * 1024 * 1024
        if limit != self._limit:
            self._set_limit(limit)
        with contextlib.suppress(
            OSError
        ):  # before Linux 6.12 memory.peak of version 2 cannot be reset: peaks then only grow
            self._write(self._files.memory_peak, "0")
        self._ooms_at_begin = self._ooms()
        self._cpu_at_begin = self._cpu_ns()
        self._delay_at_begin = int(os.pread(self._schedstat, 100, 0).split()[1]) if self._schedstat else 0

    def cpu_s(self) -> float:
        """CPU seconds of the whole tree since `begin`, read live."""
        return (self._cpu_ns() - self._cpu_at_begin) / 1e9

    def waited_s(self) -> float:
        """Seconds since `begin` that the thread of the group with the longest wait was ready to run and was not let.

        Not the sum: of fifty that wait at once each would add the same seconds.
        """
        delays = {thread: _run_delay_ns(thread) for thread in self._threads()}
        if self._server in delays:
            delays[self._server] -= self._delay_at_begin
        return max(delays.values(), default=0) / 1e9

    def is_asleep(self) -> bool:
        """Does a program live here of which no thread runs, waits for a CPU or has just ended, and has the server
        nothing to do?
        """
        threads = self._threads()
        return len(threads) > 2 and all(_state(thread) not in ("R", "") for thread in threads)  # two: server, `init`

    def settle(self, timeout_s: float) -> bool:
        """Wait until nothing but the server and its `init` lives here; False if that takes too long."""
        deadline = time.monotonic() + timeout_s
        while self._read(self._files.processes_now) > 2:
            if time.monotonic() > deadline:
                return False
            time.sleep(0.0005)
        return True

    def usage(self) -> Usage:
        """What the program has used since `begin`, and how many of its processes the kernel killed for want of
        memory.
        """
        peak = max(0, self._read(self._files.memory_peak) - self._memory_at_begin)
        return Usage(self.cpu_s(), peak / 1024 / 1024, self._ooms() - self._ooms_at_begin)

    def close(self) -> None:
        """Remove the folders; they are empty once the jail is gone, which the kernel may take a moment to notice."""
        for descriptor in [*self._open.values(), self._schedstat]:
            if descriptor:
                os.close(descriptor)
        self._open, self._schedstat = {}, 0
        for folder in set(self._folders.values()):
            for _ in range(100):
                try:
                    folder.rmdir()
                except FileNotFoundError:
                    break
                except OSError:
                    time.sleep(0.01)
                else:
                    break

    def _set_limit(self, limit: int | None) -> None:
        text = ("max" if self._files.version == 2 else "-1") if limit is None else str(limit)
        swap = self._files.memory_and_swap_max
        with_swap = swap is not None and self._path(swap).exists()
        if swap is not None and with_swap:
            self._write(swap, "-1")  # version 1 refuses memory > memory + swap at any moment
        self._write(self._files.memory_max, text)
        if swap is not None and with_swap:
            self._write(swap, text)
        self._limit = limit

    def _idle_memory(self) -> int:
        """What the server uses alone: the next program must not get what the last one left on top of its limit.

        The kernel frees some of that (System V shared memory) a good while after the last process, and keeps cached
        files and names until it is asked.
        """
        deadline, now = time.monotonic() + _FREED_S, self._read(self._files.memory_now)
        while self._idle is not None and now > self._idle + _SLACK_BYTES:
            with contextlib.suppress(OSError):  # no such file before Linux 5.19; EAGAIN: not all of it could be freed
                self._path(self._files.reclaim).write_text(str(now - self._idle))
            if time.monotonic() > deadline:
                self._idle = now
            time.sleep(0.002)
            now = self._read(self._files.memory_now)
        self._idle = min(now, self._idle or now)
        return now

    def _threads(self) -> list[int]:
        controller, name = self._files.threads
        return [int(thread) for thread in (self._folders[controller] / name).read_text().split()]

    def _ooms(self) -> int:
        return _field(self._text(self._files.oom), "oom_kill")

    def _cpu_ns(self) -> int:
        text = self._text(self._files.cpu)
        return int(text) if self._files.version == 1 else _field(text, "usage_usec") * 1000

    def _path(self, file: tuple[str, str]) -> Path:
        controller, name = file
        return self._folders[controller] / name

    def _read(self, file: tuple[str, str]) -> int:
        return int(self._text(file))

    def _text(self, file: tuple[str, str]) -> str:
        return os.pread(self._descriptor(file), 65536, 0).decode()

    def _write(self, file: tuple[str, str], text: str) -> None:
        os.pwrite(self._descriptor(file), text.encode(), 0)

    def _descriptor(self, file: tuple[str, str]) -> int:
        """Files stay open: they are read and written several times a program."""
        if file not in self._open:
            path = self._path(file)
            self._open[file] = os.open(path, os.O_RDWR if os.access(path, os.W_OK) else os.O_RDONLY)
        return self._open[file]


@dataclass(frozen=True)
class _Files:
    """(controller, file name) of everything we read and write."""

    version: int
    memory_now: tuple[str, str]
    memory_max: tuple[str, str]
    memory_peak: tuple[str, str]
    oom: tuple[str, str]
    cpu: tuple[str, str]
    processes_now: tuple[str, str]
    processes_max: tuple[str, str]
    threads: tuple[str, str]
    reclaim: tuple[str, str]
    memory_and_swap_max: tuple[str, str] | None = None
    swap_max: tuple[str, str] | None = None


_V1 = _Files(
    version=1,
    memory_now=("memory", "memory.usage_in_bytes"),
    memory_max=("memory", "memory.limit_in_bytes"),
    memory_peak=("memory", "memory.max_usage_in_bytes"),
    oom=("memory", "memory.oom_control"),
    cpu=("cpuacct", "cpuacct.usage"),
    processes_now=("pids", "pids.current"),
    processes_max=("pids", "pids.max"),
    threads=("memory", "tasks"),
    reclaim=("memory", "memory.force_empty"),
    memory_and_swap_max=("memory", "memory.memsw.limit_in_bytes"),
)
_V2 = _Files(
    version=2,
    memory_now=("memory", "memory.current"),
    memory_max=("memory", "memory.max"),
    memory_peak=("memory", "memory.peak"),
    oom=("memory", "memory.events"),
    cpu=("cpuacct", "cpu.stat"),
    processes_now=("pids", "pids.current"),
    processes_max=("pids", "pids.max"),
    threads=("memory", "cgroup.threads"),
    reclaim=("memory", "memory.reclaim"),
    swap_max=("memory", "memory.swap.max"),
)
_CONTROLLERS = ("memory", "pids", "cpuacct")


def make_group(max_processes: int = 64, proc: Path = Path("/proc/self")) -> ControlGroup:
    """A fresh group beside or below our own; SandboxUnavailable names what is missing and how to get it."""
    mounts = _mounts((proc / "mountinfo").read_text())
    own = _own_paths((proc / "cgroup").read_text())
    name = f"{_PREFIX}{os.getpid()}-{next(_count)}"
    try:
        if "memory" in mounts:
            missing = [controller for controller in _CONTROLLERS if controller not in mounts]
            if missing:
                raise SandboxUnavailable(
                    f"no cgroup v1 hierarchy is mounted for {', '.join(missing)}: mount it under /sys/fs/cgroup"
                )
            parents = {controller: _below(mounts[controller], own.get(controller, "/")) for controller in _CONTROLLERS}
            return _made(parents, name, _V1, max_processes)
        if "" not in mounts:
            raise SandboxUnavailable("no cgroup file system is mounted: mount -t cgroup2 none /sys/fs/cgroup")
        parent = _delegating(_below(mounts[""], own.get("", "/")), mounts[""][0])
        return _made(dict.fromkeys(_CONTROLLERS, parent), name, _V2, max_processes)
    except OSError as error:
        raise SandboxUnavailable(
            f"cannot make a control group for memory and processes ({error}): run as root, or in a delegated scope"
            " (systemd-run --user --scope -p Delegate=yes COMMAND), or in a container started with --privileged"
        ) from error


def _made(parents: dict[str, Path], name: str, files: _Files, max_processes: int) -> ControlGroup:
    for parent in set(parents.values()):
        _sweep(parent)
    return ControlGroup({controller: parent / name for controller, parent in parents.items()}, files, max_processes)


def _sweep(parent: Path) -> None:
    """Remove groups that killed processes of ours left behind."""
    for folder in parent.glob(f"{_PREFIX}*-*"):
        pid = folder.name.removeprefix(_PREFIX).split("-")[0]
        if pid.isdigit() and not Path("/proc", pid).exists():
            with contextlib.suppress(OSError):
                folder.rmdir()


def _mounts(mountinfo: str) -> dict[str, tuple[Path, str]]:
    """Controller ("" for version 2) -> (mount point, root of the mount inside the hierarchy)."""
    found: dict[str, tuple[Path, str]] = {}
    for line in mountinfo.splitlines():
        left, _, right = line.partition(" - ")
        fields, (kind, _, options) = left.split(), right.split(" ", 2)
        if kind == "cgroup2":
            found.setdefault("", (Path(fields[4]), fields[3]))
        elif kind == "cgroup":
            for option in options.split(","):
                found.setdefault(option, (Path(fields[4]), fields[3]))
    return found


def _own_paths(text: str) -> dict[str, str]:
    lines = [line.split(":", 2) for line in text.splitlines()]
    return {controller: path for _, controllers, path in lines for controller in controllers.split(",")}


def _below(mount: tuple[Path, str], own: str) -> Path:
    """Our own group as a folder; the mount point itself where a container hides the way to it."""
    point, root = mount
    inside = own.removeprefix(root) if root != "/" else own
    folder = point / inside.lstrip("/")
    return folder if folder.is_dir() else point


def _delegating(own: Path, top: Path) -> Path:
    """A version 2 folder whose children get the memory and pids controllers: our own if it may, else our parent's."""
    for folder in (own, own.parent):
        if not folder.is_relative_to(top):
            break
        control = folder / "cgroup.subtree_control"
        if {"memory", "pids"} <= set(control.read_text().split()):
            return folder
        if folder == own:
            with contextlib.suppress(OSError):  # EBUSY while processes live in it, unless it is the real root
                control.write_text("+memory +pids")
                return folder
    if own != top:
        raise OSError(f"{own} may not delegate memory and pids to children")
    return _vacated(own)


def _vacated(own: Path) -> Path:
    """In a container our group is the root of its namespace and holds all processes: move them to a leaf, then
    delegate.
    """
    leaf = own / f"{_PREFIX}host"
    leaf.mkdir(exist_ok=True)
    for pid in (own / "cgroup.procs").read_text().split():
        with contextlib.suppress(OSError):  # kernel threads and processes that have just ended
            (leaf / "cgroup.procs").write_text(pid)
    (own / "cgroup.subtree_control").write_text("+memory +pids")
    return own


def _run_delay_ns(thread: int) -> int:
    """Second field of schedstat: nanoseconds spent waiting on a run queue; 0 where the kernel does not keep it."""
    try:
        return int(Path("/proc", str(thread), "schedstat").read_text().split()[1])
    except (OSError, IndexError, ValueError):
        return 0


def _state(thread: int) -> str:
    """R running or ready, S sleeping, ...; empty if the thread is gone."""
    try:
        return Path("/proc", str(thread), "stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return ""


def _field(text: str, name: str) -> int:
    for line in text.splitlines():
        key, _, value = line.partition(" ")
        if key == name:
            return int(value)
    raise SandboxUnavailable(
        f"the kernel reports no {name!r} counter in this control group: Linux 4.13 or later is needed"
    )


def _round_up(size: int) -> int:
    """To 4 MB, so that the limit is rewritten only when the idle server has grown."""
    step = 4 * 1024 * 1024
    return -(-size // step) * step
