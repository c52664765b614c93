"""Prove that narrations are true and false ones are caught, on real programs: `make proof PROOF=narration`.

Every program is recorded in the sandbox and told in every style, whole and within a budget of 300 words and symbols.
Every claim must be read back and hold; from the step narration every state must be rebuilt. Then one narration a
program is made wrong in one place, five times (a value, a line number, a round of a loop, a branch, the output), and
`check` must object each time. Exit code 1 if anything is not so.
"""

import random
import re
import sys
from collections import Counter

from deskcheck_tracer import Limits, Sandbox, Trace, check, claims, narrate
from deskcheck_tracer.claims import changes_told
from deskcheck_tracer.facts import ClaimKind
from deskcheck_tracer.rebuild import rebuild, states
from deskcheck_tracer.styles import STYLES
from oracle.programs import programs

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
        self.faults: list[str] = []


def main(limit: int) -> int:
    counts, rng = Counts(), random.Random(0)
    left_out: Counter[str] = Counter()
    with Sandbox(workers=1) as sandbox:
        for number, (name, program) in enumerate(programs(limit), 1):
            try:
                trace = sandbox.trace(program, LIMITS)
            except RuntimeError:  # the sandbox failed twice
                left_out["the sandbox failed"] += 1
                continue
            if not any(True for _ in trace.steps()):
                left_out[f"no line was run, {trace.end.reason.value}"] += 1
                continue
            try:
                prove(name, trace, counts, rng)
            except Exception as error:  # a fault like any other: the proof goes on and fails
                counts.faults.append(f"{name}: {type(error).__name__}: {error}")
            if number % 500 == 0:
                print(f"{number} programs, {counts.traces} traces, {len(counts.faults)} faults", flush=True)
    report(counts, left_out)
    return 1 if counts.faults else 0


def prove(name: str, trace: Trace, counts: Counts, rng: random.Random) -> None:
    """All styles of one trace, and five false narrations in one of them."""
    counts.traces += 1
    counts.ends[trace.end.reason.value] += 1
    for style in STYLES:
        for budget in (None, BUDGET):
            found = claims(narrate(trace, style=style, max_tokens=budget))
            results = check(found, trace)
            counts.claims += len(results)
            counts.kinds.update(result.claim.kind.value for result in results)
            counts.faults += [
                f"{name}, {style}: {result.claim} {result.reason}" for result in results if not result.holds
            ][:1]
            if budget is None and style in counts.covered:
                told, total = changes_told(found, trace)
                counts.covered[style][0] += told
                counts.covered[style][1] += total
            if budget is None and style == "step":
                expected = list(states(trace))
                counts.steps += len(expected)
                if rebuild(found) != expected:
                    counts.faults.append(f"{name}: the states rebuilt from the step narration differ")
    style = list(STYLES)[counts.traces % len(STYLES)]
    text = narrate(trace, style=style)
    for kind, wrong in corrupted(text, rng):
        counts.wrong[kind] += 1
        results = check(claims(wrong), trace)
        lost = sum(result.claim.kind is ClaimKind.output for result in results) == 0
        if all(result.holds for result in results) and not lost:
            counts.faults.append(f"{name}, {style}: a wrong {kind} is not caught: {difference(text, wrong)}")


def corrupted(text: str, rng: random.Random) -> list[tuple[str, str]]:
    """The narration with one place made wrong, for each kind of place that it has."""
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
    return found


def difference(text: str, wrong: str) -> str:
    """Where the two part."""
    place = next(index for index, (a, b) in enumerate(zip(text, wrong, strict=False)) if a != b)
    return repr(wrong[max(0, place - 60) : place + 20])


def report(counts: Counts, left_out: Counter[str]) -> None:
    print(f"{counts.traces} traces, {counts.steps} steps; ended: {dict(counts.ends.most_common())}")
    print(f"left out: {dict(left_out) or 'none'}")
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
