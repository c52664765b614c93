"""Measure the verifier of free text: `make proof PROOF=prose`; `python -m tools.prose development` writer by writer.

Two parts. Explanations that people wrote who never saw the grammar (tests/tracer/prose/explanations.jsonl; half of them
with one planted error): per class of error how many are rejected, how many true ones are rejected too, how much of
what is rejected was wrong, each with a Wilson 95 % interval. Then narrations of programs of our own in every style,
true and made wrong in one place: all true ones must be accepted and all wrong ones rejected, or the exit code is 1.
"""

import json
import math
import random
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from deskcheck_tracer import Demands, Trace, narrate, record, verify
from deskcheck_tracer.engine import record_here
from deskcheck_tracer.program import Program
from deskcheck_tracer.styles import STYLES

from tools.narration import corrupted

TESTS = Path(__file__).resolve().parent.parent / "tests"
EXPLANATIONS = TESTS / "tracer" / "prose" / "explanations.jsonl"
DEVELOPMENT = EXPLANATIONS.with_name("development.jsonl")
STRICTNESS = (0.0, 0.25, 0.5, 0.75, 1.0)
CLASSES = ("wrong_value", "wrong_iteration", "swapped_branch", "invented_variable", "wrong_output")
TEMPLATES = 2_000
"""Wrong narrations that are tried at least."""
MICRO_PROGRAMS = 150


def main(arguments: list[str]) -> int:
    if arguments == ["development"]:
        return measure_development()
    if EXPLANATIONS.exists():
        measure(EXPLANATIONS)
    else:
        print(f"there is no {EXPLANATIONS.name}: free prose is not measured")
    return 0 if prove_templates() else 1


# ---- free prose ----


def measure(path: Path) -> None:
    """Print the table of one file of explanations."""
    rows = [json.loads(line) for line in path.read_text().splitlines()]
    rejected, total = Counter[str](), Counter[str]()
    reasons = Counter[str]()
    traces: dict[tuple[Any, ...], Trace] = {}
    seconds = 0.0
    for row in rows:
        trace = _trace(row, traces)
        started = time.perf_counter()
        found = verify(row["text"], trace)
        seconds += time.perf_counter() - started
        kind = row["planted"]["class"] if row["planted"] else "true"
        total[kind] += 1
        rejected[kind] += not found.accepted
        reasons[f"{kind}: {found.reason}"] += 1
    report(total, rejected)
    print(f"reasons: {dict(sorted(reasons.items()))}")
    print(f"{len(rows)} texts, {1000 * seconds / len(rows):.1f} ms each")


def _trace(row: dict[str, Any], known: dict[tuple[Any, ...], Trace]) -> Trace:
    """The trace of a row's program; programs of our own, so a limited process will do."""
    key = (row["program"], row["stdin"], row["call"])
    if key not in known:
        program = Program(row["program"], row["stdin"] or "", row["call"])
        known[key] = record(program, isolation="process")
    return known[key]


def report(total: Counter[str], rejected: Counter[str]) -> None:
    """Recall by class of error, false alarms, precision."""
    wrong = sum(total[kind] for kind in CLASSES)
    caught = sum(rejected[kind] for kind in CLASSES)
    print("| class | texts | rejected | share, Wilson 95 % |\n|---|---|---|---|")
    for kind in CLASSES:
        print(f"| {kind} | {total[kind]} | {rejected[kind]} | {share(rejected[kind], total[kind])} |")
    print(f"| all wrong (recall) | {wrong} | {caught} | {share(caught, wrong)} |")
    print(f"| true (false alarms) | {total['true']} | {rejected['true']} | {share(rejected['true'], total['true'])} |")
    of = caught + rejected["true"]
    print(f"| precision of rejecting | {of} | {caught} | {share(caught, of)} |")
    for kind in CLASSES:
        of = rejected[kind] + rejected["true"]
        print(f"| precision, {kind} against true | {of} | {rejected[kind]} | {share(rejected[kind], of)} |")


def share(part: int, whole: int) -> str:
    """A share in percent with its Wilson 95 % interval."""
    if not whole:
        return "-"
    low, high = wilson(part, whole)
    return f"{100 * part / whole:.1f} [{100 * low:.1f}, {100 * high:.1f}]"


def wilson(part: int, whole: int, z: float = 1.959964) -> tuple[float, float]:
    """The Wilson score interval of a share (Wilson 1927)."""
    p, n = part / whole, whole
    middle = p + z * z / (2 * n)
    reach = z * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    return max(0.0, (middle - reach) / (1 + z * z / n)), min(1.0, (middle + reach) / (1 + z * z / n))


def measure_development() -> int:
    """Print recall and false alarms of each writer, at every strictness."""
    rows = [json.loads(line) for line in DEVELOPMENT.read_text().splitlines()]
    traces: dict[tuple[Any, ...], Trace] = {}
    print("| strictness | writer | recall | false alarms |\n|---|---|---|---|")
    for strictness in STRICTNESS:
        counts = Counter[tuple[str, str]]()
        for row in rows:
            found = verify(row["text"], _trace(row, traces), Demands(strictness=strictness))
            kind = "wrong" if row["planted"] else "true"
            for writer in (row["id"][0], "all"):
                counts[writer, kind] += 1
                counts[writer, f"{kind} rejected"] += not found.accepted
        for writer in sorted({writer for writer, _ in counts}, key=lambda name: (len(name), name)):
            recall = share(counts[writer, "wrong rejected"], counts[writer, "wrong"])
            print(f"| {strictness} | {writer} | {recall} | "
                  f"{share(counts[writer, 'true rejected'], counts[writer, 'true'])} |")  # fmt: skip
    return 0


# ---- template texts ----


def prove_templates(wanted: int = TEMPLATES) -> bool:
    """Whether all narrations are accepted, and all that were made wrong in one place are rejected."""
    rng = random.Random(0)
    told, alarms, made, missed = 0, 0, Counter[str](), Counter[str]()
    examples: list[str] = []
    for trace in own_traces(rng):
        for style in STYLES:
            text = narrate(trace, style)
            told += 1
            if not (found := verify(text, trace)).accepted:
                alarms += 1
                examples.append(f"true {style}: {found.reason} {found.false[:1]}")
            for kind, _, wrong in corrupted(text, rng):
                made[kind] += 1
                if verify(wrong, trace).accepted:
                    missed[kind] += 1
                    examples.append(f"wrong {kind} in {style} believed: {trace.program.source[:60]!r}")
    total, lost = sum(made.values()), sum(missed.values())
    print(f"template texts: {told} true, rejected {alarms} ({share(alarms, told)})")
    print(f"made wrong in one place: {total} ({dict(made)}), rejected {total - lost} ({share(total - lost, total)})")
    for example in examples[:10]:
        print("  " + example)
    return total >= wanted and lost <= total // 1000 and not alarms


def own_traces(rng: random.Random) -> Iterator[Trace]:
    """The golden programs, and micro programs of our own grammar."""
    from deskcheck_evals.micro.grammar import draw, draw_input  # here: the tracer's own tests import this file

    for path in sorted((TESTS / "golden" / "programs").glob("*.py")):
        given = path.with_suffix(".in")
        yield record_here(path.read_text(), given.read_text() if given.exists() else "")
    for _ in range(MICRO_PROGRAMS):
        draft = draw(rng)
        yield record_here(draft.source, draw_input(rng, draft.reads))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
