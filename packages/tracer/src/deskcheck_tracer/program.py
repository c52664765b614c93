"""What is traced and judged: a program with its input, a test case, and the limits both run under.

All three are plain frozen records. `Program.id` depends on content alone, so it names a program on every machine and
in every file.
"""

import hashlib
import json
from dataclasses import dataclass


@dataclass(frozen=True)
class Program:
    """Python source, what it reads, and what to evaluate after its module body."""

    source: str
    stdin: str = ""
    call: str | None = None
    """An expression evaluated in the module's namespace once its body is done, e.g. `f([3, 1])`."""

    @property
    def id(self) -> str:
        """SHA-256 (hex) of source, stdin and call."""
        content = json.dumps([self.source, self.stdin, self.call])
        return hashlib.sha256(content.encode()).hexdigest()


@dataclass(frozen=True)
class Limits:
    """What one program may use; None means no limit."""

    cpu_s: float | None = 2.0
    wall_s: float | None = 5.0
    memory_mb: int | None = 256
    output_bytes: int | None = 1_000_000
    """Bytes of standard output (UTF-8)."""
    max_events: int | None = 10_000
    """Events of a trace; the paper drops longer ones, we cut them and say so."""
    max_bytes: int | None = 1_000_000
    """Bytes of a trace as JSON lines."""


DEFAULT_LIMITS = Limits()
NO_TRACE_LIMITS = Limits(max_events=None, max_bytes=None)


@dataclass(frozen=True)
class TestCase:
    """Standard input and the standard output expected for it.

    With an entry point (`Problem.entry_point`), `input` holds the call's arguments and `output` the repr of its result.
    """

    __test__ = False  # pytest would take the name for a test class

    input: str
    output: str
    limits: Limits | None = None
    """Limits of this test alone; None takes the problem's."""
