"""The optional step reward of output prediction: of the claims that an answer makes, the share that hold in the true
trace.

The paper scores the output alone. This mixes in how much of the told execution is true, which tells a nearly right
answer from a guess. It is a precision: an answer that claims little can have all of it right, so it stays beside the
outcome and is off by default. The claims are those of the narrator's own words (`deskcheck_tracer.claims`), the output
block among them; an answer that claims nothing earns nothing. A run that a limit cut short says too little: its
answers are scored by the outcome alone.
"""

from __future__ import annotations

from deskcheck_tracer import Narrator, Program, Sandbox
from deskcheck_tracer.claims import OUTPUT_OPEN, output_block
from deskcheck_tracer.sandbox import default_sandbox
from deskcheck_tracer.trace import EndReason, Trace

from deskcheck_trainer.envs.grading import Memory

WHOLE = frozenset({EndReason.finished, EndReason.raised, EndReason.exited})


class TrueSteps:
    """What programs truly do, recorded once each."""

    def __init__(self, sandbox: Sandbox | None = None) -> None:
        self._sandbox = sandbox
        self._memory: Memory[Narrator | None] = Memory(lambda narrator: True)

    async def share(self, program: Program, answer: str) -> float | None:
        """Share of the answer's claims that hold, 0 where it makes none; None where the run was cut short.

        Raises SandboxFailed where nothing is known about the program.
        """
        narrator = await self._narrator(program)
        if narrator is None:
            return None
        checks = narrator.check(narrator.claims(answer))
        return sum(check.holds for check in checks) / len(checks) if checks else 0.0

    async def telling(self, program: Program, output: str) -> str | None:
        """The narrator's own answer, ending in `output`; None where the run was cut short."""
        narrator = await self._narrator(program)
        if narrator is None:
            return None
        told = narrator.narrate()
        return told[: told.rfind(OUTPUT_OPEN)] + output_block(output.removesuffix("\n"))

    async def _narrator(self, program: Program) -> Narrator | None:
        async def record() -> Narrator | None:
            trace: Trace = await (self._sandbox or default_sandbox()).atrace(program)
            return Narrator(trace) if trace.end.reason in WHOLE else None

        return await self._memory.get(program, record)
