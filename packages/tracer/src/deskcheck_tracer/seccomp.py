"""The system call filter that every jailed program gets just before its first line runs.

A deny list on top of namespaces, no capabilities and no_new_privs: calls that make namespaces, mount, trace, load
code into the kernel, reach other address families than UNIX and INET, or have a history of kernel bugs (bpf,
io_uring, userfaultfd, keyctl) give EPERM. So do sendmsg and sendmmsg: a socket sent over itself outlives the program,
with its name and whatever else was sent along, until the kernel's garbage collector happens to run. `clone3` gives
ENOSYS, since its flags are behind a pointer and libc then falls back to `clone`, whose flags can be read; so does every
call that is newer than this list. Standard library only: this file runs inside the jail. It knows x86_64 and aarch64
and refuses other machines. Layout of a filter: <linux/filter.h>, <linux/seccomp.h>.
"""

from __future__ import annotations

import ctypes
import os
import struct

_LOAD, _JUMP_EQUAL, _JUMP_ANY_BIT, _JUMP_GREATER_EQUAL, _RETURN = 0x20, 0x15, 0x45, 0x35, 0x06
_ALLOW, _KILL, _ERRNO = 0x7FFF0000, 0x80000000, 0x00050000
_EPERM, _ENOSYS, _EAFNOSUPPORT = 1, 38, 97
_NAMESPACE_FLAGS = 0x7E020000  # CLONE_NEW{NS,CGROUP,UTS,IPC,USER,PID,NET}
_FAMILIES = (1, 2, 10)  # AF_UNIX, AF_INET, AF_INET6: all three end at the jail's empty network namespace
# io_uring, the new mount calls, pidfd_getfd, mount_setattr, quotactl_fd
_SAME_EVERYWHERE = (425, 426, 427, 428, 429, 430, 431, 432, 433, 438, 442, 443)

_FIRST_UNKNOWN = 467
"""The first call that came after this list (open_tree_attr, Linux 6.15): what we do not know does not exist."""

_MACHINES = {
    # machine: (audit arch, clone, socket, denied calls). The calls, in order: ptrace syslog personality pivot_root
    # chroot acct mount umount2 swapon swapoff reboot sethostname setdomainname init_module delete_module quotactl
    # add_key request_key keyctl migrate_pages unshare move_pages perf_event_open fanotify_init name_to_handle_at
    # open_by_handle_at setns process_vm_readv process_vm_writev kcmp finit_module bpf userfaultfd kexec_load
    # kexec_file_load settimeofday clock_settime adjtimex clock_adjtime lookup_dcookie vhangup io_setup sendmsg sendmmsg
    # (uselib iopl ioperm modify_ldt)
    "x86_64": (
        0xC000003E, 56, 41,
        (101, 103, 135, 155, 161, 163, 165, 166, 167, 168, 169, 170, 171, 175, 176, 179,
         248, 249, 250, 256, 272, 279, 298, 300, 303, 304, 308, 310, 311, 312, 313,
         321, 323, 246, 320, 164, 227, 159, 305, 212, 153, 206, 46, 307, 134, 172, 173, 154),
    ),
    "aarch64": (
        0xC00000B7, 220, 198,
        (117, 116, 92, 41, 51, 89, 40, 39, 224, 225, 142, 161, 162, 105, 106, 60, 217, 218, 219,
         238, 97, 239, 241, 262, 264, 265, 268, 270, 271, 272, 273, 280, 282, 104, 294, 170, 112, 171, 266, 18,
         0, 211, 269, 58),
    ),
}  # fmt: skip


def build(machine: str | None = None) -> bytes:
    """The filter as an array of `struct sock_filter` for this machine; OSError on a machine whose call numbers we do
    not know.
    """
    machine = machine or os.uname().machine
    if machine not in _MACHINES:
        raise OSError(f"no seccomp filter for machine {machine!r}, expected one of {', '.join(_MACHINES)}")
    arch, clone, socket, denied = _MACHINES[machine]
    code = [
        (_LOAD, 0, 0, 4),
        (_JUMP_EQUAL, 1, 0, arch),
        (_RETURN, 0, 0, _KILL),
        (_LOAD, 0, 0, 0),
        (_JUMP_GREATER_EQUAL, 0, 1, _FIRST_UNKNOWN),  # x32 calls would slip past the numbers below, too
        (_RETURN, 0, 0, _ERRNO | _ENOSYS),
        (_JUMP_EQUAL, 0, 1, 435),
        (_RETURN, 0, 0, _ERRNO | _ENOSYS),
        (_JUMP_EQUAL, 0, 4, clone),
        (_LOAD, 0, 0, 16),
        (_JUMP_ANY_BIT, 0, 1, _NAMESPACE_FLAGS),
        (_RETURN, 0, 0, _ERRNO | _EPERM),
        (_RETURN, 0, 0, _ALLOW),
        (_JUMP_EQUAL, 0, 6, socket),
        (_LOAD, 0, 0, 16),
        (_JUMP_EQUAL, 2, 0, _FAMILIES[0]),
        (_JUMP_EQUAL, 1, 0, _FAMILIES[1]),
        (_JUMP_EQUAL, 0, 1, _FAMILIES[2]),
        (_RETURN, 0, 0, _ALLOW),
        (_RETURN, 0, 0, _ERRNO | _EAFNOSUPPORT),
    ]
    code += _search(sorted(denied + _SAME_EVERYWHERE))
    return b"".join(struct.pack("HBBI", *instruction) for instruction in code)


def _search(numbers: list[int]) -> list[tuple[int, int, int, int]]:
    """Binary search: the kernel walks the filter once for every call number when it is installed."""
    if len(numbers) > 4:
        middle = len(numbers) // 2
        below = _search(numbers[:middle])
        return [(_JUMP_GREATER_EQUAL, len(below), 0, numbers[middle]), *below, *_search(numbers[middle:])]
    code = [(_JUMP_EQUAL, len(numbers) - place, 0, number) for place, number in enumerate(numbers)]
    return [*code, (_RETURN, 0, 0, _ALLOW), (_RETURN, 0, 0, _ERRNO | _EPERM)]


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_char_p))


def install(libc: ctypes.CDLL, filter_bytes: bytes) -> None:
    """Put the filter on the calling process for good; OSError when the kernel refuses."""
    program = _Program(len(filter_bytes) // 8, filter_bytes)
    if libc.prctl(22, 2, ctypes.byref(program), 0, 0) != 0:  # PR_SET_SECCOMP, SECCOMP_MODE_FILTER
        raise OSError(ctypes.get_errno(), "seccomp filter refused")
