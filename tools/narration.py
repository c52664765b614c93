"""Prove that narrations are true and false ones are caught, on real programs: `make proof PROOF=narration`.

Every program is recorded in the sandbox and told in every style, whole and within a budget of 300 words and symbols.
Every claim must be read back and hold; from the step narration every state must be rebuilt. Then each whole narration
is made wrong in one place, up to five times (a value, a line number, a round of a loop, a branch, the output), and
`check` must object each time. Exit code 1 if anything is not so.
"""

import random
import re
import sys
from collections import Counter
from collections.abc import Iterable

from deskcheck_tracer import Limits, Narrator, Program, Sandbox, Trace, claims, narrate
from deskcheck_tracer.facts import ClaimKind
from deskcheck_tracer.rebuild import rebuild, states
from deskcheck_tracer.styles import STYLES

from tools.oracle.programs import programs

LIMITS = Limits(max_events=400)
"""Long enough for loops, calls and exceptions; a longer run leaves a partial trace, which is told all the same."""
BUDGET = 300
_PLACES = {
    "value": re.compile(r"(?:becomes|is now|is|with|returns|=|prints|from|to) [^;]*?(\d)"),
    "line": re.compile(r"^(?:Back on line|Lines?|L)(?: \d+-)? ?\d*?(\d)", re.MULTILINE),
    "iteration": re.compile(r"(?:iteration|Iterations|runs) \d*?(\d)|left:? [\[(]?(\d)"),
    "branch": re.compile(r"\b(yes|no)(?=, |\n|\Z)"),
}


class Counts:
    """What the proof saw."""

    def __init__(self) -> None:
        self.traces = self.claims = self.steps = 0
        self.ends: Counter[str] = Counter()
        self.kinds: Counter[str] = Counter()
        self.wrong: Counter[str] = Counter()
        self.covered: dict[str, list[int]] = {style: [0, 0] for style in STYLES if style != "compact"}
        self.left_out: Counter[str] = Counter()
        self.faults: list[str] = []


def main(limit: int) -> int:
    counts = prove(programs(limit))
    report(counts)
    return 1 if counts.faults else 0


def prove(programs: Iterable[tuple[str, Program]]) -> Counts:
    """All of it on named programs; progress on standard output every 500."""
    counts, rng = Counts(), random.Random(0)
    with Sandbox(workers=1) as sandbox:
        for number, (name, program) in enumerate(programs, 1):
            try:
                trace = sandbox.trace(program, LIMITS)
            except RuntimeError:  # the sandbox failed twice
                counts.left_out["the sandbox failed"] += 1
                continue
            if not any(True for _ in trace.steps()):
                counts.left_out[f"no line was run, {trace.end.reason.value}"] += 1
                continue
            try:
                prove_trace(name, trace, counts, rng)
            except Exception as error:  # a fault like any other: the proof goes on and fails
                counts.faults.append(f"{name}: {type(error).__name__}: {error}")
            if number % 500 == 0:
                print(f"{number} programs, {counts.traces} traces, {len(counts.faults)} faults", flush=True)
    return counts


def prove_trace(name: str, trace: Trace, counts: Counts, rng: random.Random) -> None:
    """All styles of one trace, and false narrations in each."""
    counts.traces += 1
    counts.ends[trace.end.reason.value] += 1
    narrator = Narrator(trace)
    for style in STYLES:
        for budget in (None, BUDGET):
            found = claims(narrator.narrate(style, max_tokens=budget))
            results = narrator.check(found)
            counts.claims += len(results)
            counts.kinds.update(result.claim.kind.value for result in results)
            counts.faults += [
                f"{name}, {style}: {result.claim} {result.reason}" for result in results if not result.holds
            ][:1]
            if budget is None and style in counts.covered:
                told, total = narrator.changes_told(found)
                counts.covered[style][0] += told
                counts.covered[style][1] += total
            if budget is None and style == "step":
                expected, rebuilt = list(states(trace)), list(rebuild(found))
                counts.steps += len(expected)
                if any(event.thread for event in trace.events):  # their steps may be told in another order of starting
                    expected, rebuilt = (sorted(each, key=lambda state: state.frame) for each in (expected, rebuilt))
                if rebuilt != expected:
                    counts.faults.append(f"{name}: the states rebuilt from the step narration differ")
        for kind, text, wrong in corrupted(narrator.narrate(style), rng):
            counts.wrong[kind] += 1
            if is_believed(wrong, narrator):
                counts.faults.append(f"{name}, {style}: a wrong {kind} is not caught: {difference(text, wrong)}")
    style = list(STYLES)[counts.traces % len(STYLES)]
    if narrate(trace, style) != narrator.narrate(style):
        counts.faults.append(f"{name}, {style}: told otherwise the second time")


def is_believed(text: str, narrator: Narrator) -> bool:
    """Whether a narration states an output and all it claims holds, as deskcheck-collect asks it; lines as in the true
    one are not read again."""
    lines = narrator.read(text)
    states = any(said.kind is ClaimKind.output for line in lines for said in line.said)
    return states and narrator.first_false(lines) is None


def corrupted(text: str, rng: random.Random) -> list[tuple[str, str, str]]:
    """(kind of place, the narration, the narration with one place made wrong) for each kind of place that it has."""
    body, mark, output = text.rpartition("<output>\n")
    found = [("output", body + mark + ("x" + output if rng.random() < 0.5 else output.replace("\n</", "x\n</", 1)))]
    for kind, pattern in _PLACES.items():
        matches = list(pattern.finditer(body))
        if not matches:
            continue
        match = rng.choice(matches)
        group = next(number for number, value in enumerate(match.groups(), 1) if value is not None)
        start, end, old = match.start(group), match.end(group), match[group]
        new = {"yes": "no", "no": "yes"}.get(old) or str((int(old) + rng.randint(1, 9)) % 10)
        found.append((kind, body[:start] + new + body[end:] + mark + output))
    return [(kind, text, wrong) for kind, wrong in found]


def difference(text: str, wrong: str) -> str:
    """Where the two part."""
    place = next(index for index, (a, b) in enumerate(zip(text, wrong, strict=False)) if a != b)
    return repr(wrong[max(0, place - 60) : place + 20])


def report(counts: Counts) -> None:
    print(f"{counts.traces} traces, {counts.steps} steps; ended: {dict(counts.ends.most_common())}")
    print(f"left out: {dict(counts.left_out) or 'none'}")
    print(f"{counts.claims} claims in {len(STYLES)} styles, whole and within {BUDGET} words and symbols")
    print(f"by kind: {dict(counts.kinds.most_common())}")
    print(f"every state rebuilt from the step narration: {'yes' if not counts.faults else 'see below'}")
    for style, (told, total) in counts.covered.items():
        print(f"{style}: tells {told} of {total} changes of state ({told / max(1, total):.1%})")
    print(f"false narrations made: {dict(counts.wrong)}")
    print(f"faults: {len(counts.faults)}")
    for fault in counts.faults[:20]:
        print("  " + fault)


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 6000))
