"""Golden traces of every line of the semantics checklist: what a line did, in which frame, and how frames came and went.

Each program of tests/golden/checklist takes up one concern (attribution, generators, closures, ends ...). The expected
text beside it was read line by line against what Python does; DESKCHECK_UPDATE_GOLDEN=1 rewrites it: read the difference.
Where Python versions differ, `<name>.3.13.txt` stands beside `<name>.txt` (3.12); 3.14 was not run.
"""

import os
import sys
from pathlib import Path

import pytest
from deskcheck_tracer import EventKind, Step, Trace
from deskcheck_tracer.engine import record_here

FOLDER = Path(__file__).parent.parent / "golden" / "checklist"
PROGRAMS = sorted(FOLDER.glob("*.py"))


def told(trace: Trace) -> str:
    """One line an event: steps with what they changed and printed, everything else as it is."""
    steps = {}
    counts: dict[int, int] = {}
    for step in trace.steps():
        at = counts[step.frame] = counts.get(step.frame, -1) + 1
        steps[step.frame, at] = step
    counts.clear()
    lines = []
    for event in trace.events:
        if event.kind is EventKind.line:
            at = counts[event.frame] = counts.get(event.frame, -1) + 1
            lines.append(told_step(steps[event.frame, at]))
        elif event.kind not in (EventKind.stdout, EventKind.stdin):
            words = [f"[{event.frame}]", event.kind.value, event.function, event.value, event.text]
            if event.kind is EventKind.call:
                words += [f"from [{event.parent}]" if event.parent is not None else None, event.thread]
                words += [f"{name} = {text}" for name, text in event.changes.items()]
            lines.append(" ".join(word for word in words if word is not None))
    return "\n".join([*lines, f"end: {trace.end.reason} {trace.end.detail}".rstrip()]) + "\n"


def told_step(step: Step) -> str:
    parts = [f"{name} = {text}" if text is not None else f"{name} unbound" for name, text in step.changes.items()]
    parts += [f"prints {step.stdout!r}"] if step.stdout else []
    parts += [f"reads {step.stdin!r}"] if step.stdin else []
    return f"[{step.frame}] {step.line}: {'; '.join(parts)}".rstrip() + ("" if step.complete else " (cut)")


def stdin_of(path: Path) -> str:
    given = path.with_suffix(".in")
    return given.read_text() if given.exists() else ""


@pytest.mark.parametrize("path", PROGRAMS, ids=lambda path: path.stem)
def test_checklist(path: Path) -> None:
    common, special = path.with_suffix(".txt"), path.with_suffix(f".{sys.version_info[0]}.{sys.version_info[1]}.txt")
    text = told(record_here(path.read_text(), stdin_of(path)))
    if os.environ.get("DESKCHECK_UPDATE_GOLDEN"):
        (common if sys.version_info[:2] == (3, 12) or not common.exists() else special).write_text(text)
        if special.exists() and special.read_text() == common.read_text():
            special.unlink()
    assert text == (special if special.exists() else common).read_text()
