"""The line between a candidate and its check: two sockets that know each other, one for each jail.

The sandbox keeps a copy of both ends until the runs are over, and shuts the line down as soon as one of them is: that
reaches every copy of a descriptor, in children of a program and in forks of ours, so the side that goes on reads an end
of file at once and cannot be left waiting. (A pipe ends only when its last copy is closed.) What still lies in the line
can be read. The wall clocks of both sides stand while either waits for a CPU.
"""

from __future__ import annotations

import contextlib
import socket

from .cgroup import Group


class LineEnd:
    """One end of the line, and the control groups of the runs at both."""

    def __init__(self, own: socket.socket, groups: dict[int, Group]) -> None:
        self._socket, self._groups = own, groups
        self.descriptor = own.fileno()

    def begin(self, group: Group) -> None:
        """The run at this end begins in this group."""
        self._groups[id(self)] = group

    def other_waited_s(self) -> float:
        """Seconds that the run at the other end was ready and not let; 0 if there is none."""
        with contextlib.suppress(OSError):  # it may be taken down at this moment
            return sum(group.waited_s() for group in self._others())
        return 0.0

    def other_is_asleep(self) -> bool:
        """Whether the run at the other end sleeps, or there is none."""
        with contextlib.suppress(OSError):
            return all(group.is_asleep() for group in self._others())
        return True

    def over(self) -> None:
        """The run at this end is over: whoever is at the other end reads an end of file."""
        self._groups.pop(id(self), None)
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()

    def _others(self) -> list[Group]:
        return [group for key, group in list(self._groups.items()) if key != id(self)]


def line() -> tuple[LineEnd, LineEnd]:
    """A new line: the candidate's end, the check's end."""
    groups: dict[int, Group] = {}
    one, other = socket.socketpair()
    return LineEnd(one, groups), LineEnd(other, groups)
