"""The server that runs inside one nsjail, as its process 1, and starts every program in a fork of its own.

    server --clone(new pid namespace, shared memory)--> init, which sleeps for ever
       `----clone into the namespace of init--> program

The server reads one request at a time from a socket (JSON and file descriptors), waits for the program, kills `init`,
whereupon the kernel kills every process left in the namespace, and answers with the program's wait status; it makes the
next `init` when that namespace is empty. `init` costs next to nothing because it shares the server's memory and never
leaves pause(2); it is there because a program that is itself process 1 survives its own SIGSTOP and SIGTERM.

A program gets its own mount, ipc and user namespaces, two small tmpfs, a /proc of its own processes, rlimits, no
capabilities and a seccomp filter. It holds no descriptor but 0, 1 and 2 (and the one for its call's value or its trace)
when its first line runs. The server never executes program text.

Clocks, memory and output are watched from outside (worker.py), which may send `kill` at any time. When the socket
closes the server leaves and takes everything below it along. Standard library only.
"""

from __future__ import annotations

import _signal  # pyright: ignore[reportMissingImports] -- `signal` wraps it in enumerations, 0.1 ms a program
import ctypes
import fcntl
import gc
import json
import mmap
import os
import select
import socket
import struct
import sys
from typing import Any, NoReturn

if __name__ == "__main__":
    sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from deskcheck_tracer import child, seccomp

# What programs import most. Every module more is memory whose page tables are copied for every program.
PRELOADED = ("array", "bisect", "collections", "copy", "functools", "heapq", "io", "itertools", "math", "operator")
PRELOADED += ("os", "random", "re", "string", "threading", "typing")
TRACER = ("deskcheck_tracer.engine", "deskcheck_tracer.trace")

PROGRAM_UID = 1000
BOX = "/box"
WORK = BOX + "/work"

_libc = ctypes.PyDLL(
    None, use_errno=True
)  # PyDLL keeps the interpreter lock, so a clone made through it goes on as we are
_MACHINE = os.uname().machine
_CLONE = {"x86_64": 56, "aarch64": 220}
_CAPSET = {"x86_64": 126, "aarch64": 91}
_CLONE_VM, _NEWNS, _NEWIPC, _NEWUSER, _NEWPID = 0x100, 0x00020000, 0x08000000, 0x10000000, 0x20000000
_MS_NOSUID, _MS_NODEV, _MS_NOEXEC, _MS_RDONLY = 2, 4, 8, 1
_PR_SET_DUMPABLE, _PR_SET_NO_NEW_PRIVS, _PR_SET_SECUREBITS = 4, 38, 28


class SetupError(Exception):
    """A wall or limit could not be set up; the message names the call."""


class _Init:
    """Makes process 1 of each program's pid namespace: a clone that shares our memory and sleeps in pause(2).

    The next one is made while nobody waits for us, before its program is known.
    """

    def __init__(self) -> None:
        self._stack = mmap.mmap(-1, 65536, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)  # not shared with programs
        top = ctypes.addressof(ctypes.c_char.from_buffer(self._stack)) + len(self._stack) - 64
        self._top = ctypes.c_void_p(top)
        self._pause = ctypes.cast(_libc.pause, ctypes.c_void_p)
        self._own = os.open("/proc/self/ns/pid", os.O_RDONLY)
        self.pid = 0

    def renew(self) -> None:
        """Wait until the old namespace is empty, which its killed `init` does not survive, and make the next.

        It keeps what we do about SIGCHLD now: with SIG_IGN the kernel reaps the orphans of a program, as a process 1
        should, which would else fill its process limit.
        """
        if self.pid:
            os.waitpid(self.pid, 0)
        _signal.signal(_signal.SIGCHLD, _signal.SIG_IGN)
        self.pid = _libc.clone(self._pause, self._top, _CLONE_VM | _NEWPID | _signal.SIGCHLD, None)
        _signal.signal(_signal.SIGCHLD, _signal.SIG_DFL)
        _check(self.pid, "clone(CLONE_NEWPID)")

    def fork(self) -> int:
        """fork(2) into the namespace: 0 in the child, its pid in the parent, negative on failure."""
        descriptor = os.pidfd_open(self.pid)
        os.setns(descriptor, _NEWPID)
        pid = _clone()
        if pid != 0:
            os.setns(self._own, _NEWPID)
            os.close(descriptor)
        return pid

    def kill(self) -> None:
        """End every process in the namespace."""
        os.kill(self.pid, _signal.SIGKILL)


def main() -> None:
    """Serve requests on the socket whose descriptor is the last argument, until it closes."""
    control = socket.socket(fileno=int(sys.argv[-1]))
    control.set_inheritable(False)
    filter_bytes = seccomp.build()
    for name in (*PRELOADED, *os.environ.pop("DESKCHECK_IMPORTS", "").split()):
        __import__(name)
    os.environ.pop("LD_BIND_NOW", None)  # ours, no program's
    _prepare_streams()
    sys.path[:] = [path for path in sys.path if path != "/deskcheck"]
    _signal.signal(_signal.SIGINT, _signal.SIG_DFL)  # process 1 ignores what it has no handler for
    _check(_libc.prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0), "prctl(PR_SET_DUMPABLE)")
    for name in [name for name in sys.modules if name.startswith("deskcheck_tracer")]:
        del sys.modules[name]  # programs look for us there
    compile("", "", "exec")  # the first one makes the classes of the syntax tree: 2 ms that no program need pay
    init = _Init()
    init.renew()
    gc.collect()
    gc.freeze()
    control.send(b'{"ready": true}')
    while True:
        message, descriptors, _, _ = socket.recv_fds(control, 65536, 8)
        if not message:
            return
        request = json.loads(message)
        if "kill" in request:  # it comes late: the program had just ended
            continue
        try:
            answer = serve(control, init, request, descriptors, filter_bytes)
        except (OSError, SetupError) as error:
            answer = {"setup": f"{type(error).__name__}: {error}"}
        control.send(json.dumps(answer).encode())
        init.renew()


def serve(
    control: socket.socket, init: _Init, request: dict[str, Any], descriptors: list[int], filter_bytes: bytes
) -> dict[str, Any]:
    """Run one program to its end. The answer holds `marks` (from before its first line), `status`, `cpu_s` and
    `max_rss_kb`.
    """
    if request["mode"] in child.RECORDING:
        _import_tracer()
    report, report_in = os.pipe()
    try:
        pid = init.fork()
        if pid == 0:
            try:
                _program(request, descriptors, report_in, filter_bytes)
            finally:
                os._exit(1)
    finally:
        for descriptor in (*descriptors, report_in):
            os.close(descriptor)
    try:
        _check(pid, "fork")
        status, usage = _wait(control, pid, init)
        marks, brace, error = _read_all(report).decode().partition("{")
    finally:
        init.kill()
        os.close(report)
    setup = json.loads(brace + error) if brace else {}
    cpu_s = usage.ru_utime + usage.ru_stime
    return {"marks": marks, "status": status, "cpu_s": cpu_s, "max_rss_kb": usage.ru_maxrss, **setup}


def _prepare_streams() -> None:
    """Make the programs' standard streams while descriptors 0-2 are pipes, as they will be; then put ours back."""
    kept = [os.dup(descriptor) for descriptor in (0, 1, 2)]
    source, sink = os.pipe()
    for descriptor, target in ((source, 0), (sink, 1), (sink, 2)):
        os.dup2(descriptor, target)
    child.prepare()
    for descriptor, target in zip(kept, (0, 1, 2), strict=True):
        os.dup2(descriptor, target)
    for descriptor in (*kept, source, sink):
        os.close(descriptor)


def _import_tracer() -> None:
    """On the first program to be traced; a worker that only judges stays small."""
    if TRACER[0] not in sys.modules:
        sys.path.append("/deskcheck")
        for name in TRACER:
            __import__(name)
        sys.path.remove("/deskcheck")
        gc.collect()
        gc.freeze()


def _wait(control: socket.socket, pid: int, init: _Init) -> tuple[int, Any]:
    ended = os.pidfd_open(pid)
    poll = select.poll()
    poll.register(ended, select.POLLIN)
    poll.register(control, select.POLLIN)
    try:
        while True:
            ready = [descriptor for descriptor, _ in poll.poll()]
            if ended in ready:
                return os.wait4(pid, 0)[1:]
            if not control.recv(65536):
                os._exit(0)  # the parent is gone; as process 1 of the jail we take all others along
            init.kill()
    finally:
        os.close(ended)


def _read_all(descriptor: int) -> bytes:
    content = b""
    while piece := os.read(descriptor, 65536):
        content += piece
    return content


def _clone() -> int:
    """fork(2): 0 in the child, its pid in the parent, negative on failure.

    Several times cheaper than os.fork() because no at-fork work is done; right only while this process has a single
    thread.
    """
    return _libc.syscall(_CLONE[_MACHINE], _signal.SIGCHLD, 0, 0, 0, 0)


def _program(request: dict[str, Any], descriptors: list[int], report: int, filter_bytes: bytes) -> NoReturn:
    try:
        program, stdin, stdout, stderr, *extra = descriptors
        request.update(child.read_program(program))
        _own_proc()
        _write("/proc/self/oom_score_adj", b"1000")  # the kernel kills programs first, never the server
        os.setsid()
        _own_namespaces(request)
        for source, target in ((stdin, 0), (stdout, 1), (stderr, 2)):
            os.dup2(source, target)
        report = _move(report)
        extra = [_move(descriptor) for descriptor in extra]
        _close_others({report, *extra})
        child.write_source(request["source"])
        child.set_limits(request["rlimits"], request["timer_s"])
        _drop_privileges()
        seccomp.install(_libc, filter_bytes)
    except BaseException as error:
        os.write(report, child.SETUP_ERROR + json.dumps({"setup": f"{type(error).__name__}: {error}"}).encode())
        os._exit(1)
    child.run(request, report=report, extra=extra)


def _own_namespaces(request: dict[str, Any]) -> None:
    """Fresh mounts first, as the jail's administrator; then an ordinary user in a user namespace of its own."""
    os.unshare(_NEWNS | _NEWIPC)
    owner = f"nr_inodes=4096,uid={PROGRAM_UID},gid={PROGRAM_UID},mode=755"
    _mount("tmpfs", BOX, _MS_NOSUID | _MS_NODEV, f"size={request['disk_mb']}m,{owner}")
    _mount("tmpfs", "/dev/shm", _MS_NOSUID | _MS_NODEV | _MS_NOEXEC, f"size={request['shm_mb']}m,{owner}")
    # Read-only, or a program would write its oom_score_adj and point the OOM killer at the server. We write in the old.
    proc = os.open("/proc", os.O_PATH | os.O_DIRECTORY)
    flags = _MS_NOSUID | _MS_NODEV | _MS_NOEXEC | _MS_RDONLY
    try:
        _mount("proc", "/proc", flags, "subset=pid")
    except SetupError:  # before Linux 5.8
        _mount("proc", "/proc", flags, "")
    if os.getuid() != PROGRAM_UID:
        os.setgroups([])
        os.setresgid(PROGRAM_UID, PROGRAM_UID, PROGRAM_UID)
        os.setresuid(PROGRAM_UID, PROGRAM_UID, PROGRAM_UID)
        _own_proc()
    os.unshare(_NEWUSER)
    _write("self/setgroups", b"deny", proc)
    _write("self/uid_map", b"%d %d 1" % (PROGRAM_UID, PROGRAM_UID), proc)
    _write("self/gid_map", b"%d %d 1" % (PROGRAM_UID, PROGRAM_UID), proc)
    os.close(proc)
    os.mkdir(WORK)
    os.mkdir(BOX + "/tmp")
    os.chdir(WORK)


def _own_proc() -> None:
    """Make the files of /proc/self ours; the server shut its own away, and a change of user does."""
    _check(_libc.prctl(_PR_SET_DUMPABLE, 1, 0, 0, 0), "prctl(PR_SET_DUMPABLE)")


def _drop_privileges() -> None:
    """No capability is left and none can come back: not by being uid 0 (securebits), not by exec (no_new_privs)."""
    _check(_libc.prctl(_PR_SET_SECUREBITS, 0xF, 0, 0, 0), "prctl(PR_SET_SECUREBITS)")
    header = struct.pack("Ii", 0x20080522, 0)  # _LINUX_CAPABILITY_VERSION_3, this process
    _check(_libc.syscall(_CAPSET[_MACHINE], header, bytes(24)), "capset")
    _check(_libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "prctl(PR_SET_NO_NEW_PRIVS)")


def _move(descriptor: int) -> int:
    return fcntl.fcntl(descriptor, fcntl.F_DUPFD_CLOEXEC, 100)


def _close_others(kept: set[int]) -> None:
    last = 2
    for descriptor in sorted(kept):
        os.closerange(last + 1, descriptor)
        last = descriptor
    os.closerange(last + 1, 4096)


def _mount(kind: str, target: str, flags: int, options: str) -> None:
    _check(_libc.mount(b"none", target.encode(), kind.encode(), flags, options.encode()), f"mount {kind} on {target}")


def _write(path: str, text: bytes, folder: int | None = None) -> None:
    descriptor = os.open(path, os.O_WRONLY, dir_fd=folder)
    try:
        os.write(descriptor, text)
    except OSError as error:
        raise SetupError(f"write {path}: {error.strerror}") from error
    finally:
        os.close(descriptor)


def _check(result: int, what: str) -> None:
    if result < 0:
        raise SetupError(f"{what}: {os.strerror(ctypes.get_errno())}")


if __name__ == "__main__":
    main()
