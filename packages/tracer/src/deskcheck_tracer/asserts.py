"""Test code with assert statements (HumanEval, MBPP): the verdict from what became of the candidate and of the check.

The candidate serves calls in one jail, the test code makes them in another (serving.py, proxy.py). What the kernel
says of the candidate comes first: over a limit, ended with another status than 0. Then what it says of the check, which
is slow or large only by what the candidate answered, so that its limits are the candidate's. Then how the test code
ended: `passed` alone is AC, and a check that crashed, could not be compiled or left early is our fault, SE.
"""

from __future__ import annotations

import json
from typing import Any

from .compare import Difference
from .outcome import Outcome, RunResult
from .verdict import OF_OUTCOME, Verdict

ASSERTS = "asserts"

_ENDS = {
    "passed": Verdict.AC,
    "failed": Verdict.WA,  # an assertion, or whatever the test code raised
    "raised": Verdict.RE,  # an exception of the candidate that the test code did not expect
    "gone": Verdict.RE,
    "garbage": Verdict.RE,  # only a program that writes on the line itself gives such an answer
    "long": Verdict.OLE,
    "argument": Verdict.SE,
    "missing": Verdict.SE,
    "left": Verdict.SE,
}


def verdict_of(candidate: RunResult, check: RunResult, code: str) -> tuple[Verdict, Difference | None, str]:
    """The verdict, for WA the line of the test code that failed and the last call, and what else there is to say."""
    if Outcome.sandbox in (candidate.outcome, check.outcome):
        return Verdict.SE, None, candidate.detail or check.detail
    if candidate.outcome is not Outcome.ok:
        return OF_OUTCOME[candidate.outcome], None, candidate.detail
    if check.outcome is Outcome.compile:
        return Verdict.SE, None, f"the test code does not compile: {check.detail or check.stderr.strip()[-300:]}"
    if check.outcome not in (Outcome.ok, Outcome.error):
        return OF_OUTCOME[check.outcome], None, f"the check was stopped ({check.outcome.value})"
    told = _told(check)
    if told is None:
        status = f"signal {check.signal}" if check.signal else f"exit status {check.exit_code}"
        return Verdict.SE, None, f"the test code ended the interpreter with {status}"
    verdict = _ENDS[told["end"]]
    if verdict is Verdict.AC:
        return verdict, None, ""
    if verdict is Verdict.WA:
        return verdict, _difference(told, code), ""
    return verdict, None, _why(told)


def _told(check: RunResult) -> dict[str, Any] | None:
    """What the check said of its end; None if it did not come to that."""
    try:
        return json.loads(check.returned or "") if check.outcome is Outcome.ok else None
    except ValueError:
        return None


def _why(told: dict[str, Any]) -> str:
    match told["end"]:
        case "left":
            return "the test code left with exit status 0 before its end"
        case "missing":
            return f"the test code lacks something: {told['error']}"
        case _:
            return told["said"]


def _difference(told: dict[str, Any], code: str) -> Difference:
    number = int(told["line"])
    lines = code.split("\n")
    text = lines[number - 1].strip() if 0 < number <= len(lines) else ""
    return Difference(number, None, text[:200], str(told["said"])[:200] or "no call", str(told["error"])[:200])
