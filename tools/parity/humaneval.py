"""pass@k, best@k exec, short1@k and the width of intervals on the labels of 20 CodeGen-16B samples a HumanEval problem.

The expected figures were computed by others from the same labels with programs of their own. Everything goes the way of
a report: pools, selectors, one value a problem, bootstrap over problems.
"""

import gzip
import json
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from deskcheck_agent.feedback import Combine
from deskcheck_evals.intervals import Interval, bootstrap, paired_difference
from deskcheck_evals.metrics import rank_score_at_k
from deskcheck_evals.selection import Candidate, Pool, Selector, selectors, values

from tools.parity.checks import Checks

PUBLISHED = {
    "pass@k": {1: 0.2201, 2: 0.3063, 5: 0.4171, 10: 0.4999, 20: 0.5793},
    "best@k exec": {2: 0.2989, 5: 0.3920, 10: 0.4554, 20: 0.5116},
    "short1@k": {2: 0.2274, 5: 0.2012, 10: 0.1669, 20: 0.1220},
}
"""short1@k counts characters of the sample as it is."""
LUCKY_TIES = 0.4999
"""best@10 exec where ties go to whoever passes: the fault that exact ties rule out. It is pass@10 on these labels."""
SE_PROBLEMS, SE_SAMPLES = 0.0235, 0.0072
GAIN = (0.235, 0.194, 0.276)
"""best@10 exec - pass@1, with its paired interval."""


def prove(
    data: Path,
    checks: Checks,
    *,
    curves: Mapping[str, Selector] | None = None,
    interval: Callable[[Sequence[float], Sequence[str]], Interval] = bootstrap,
) -> None:
    """Recompute every figure."""
    curves, found = curves or selectors(Combine.mean), list(pools(data / "humaneval"))
    checks.say(f"{len(found)} problems, {sum(len(pool.candidates) for pool in found)} labelled samples\n")
    checks.say("| | k | ours | published |\n|---|---|---|---|")
    for name, figures in PUBLISHED.items():
        for k, published in figures.items():
            text = checks.figure(f"{name}, k={k}", _mean(values(found, curves[name], k)), published)
            checks.say(f"| {name} | {k} | {text} | {published:.4f} |")
    lucky = _mean({pool.problem: _lucky(pool, 10) for pool in found})
    text = checks.figure("best@10 exec with ties to whoever passes", lucky, LUCKY_TIES)
    checks.say(f"| best@k exec, ties to whoever passes (a fault) | 10 | {text} | {LUCKY_TIES:.4f} |")
    _widths(found, curves, checks, interval)


def pools(folder: Path) -> Iterator[Pool]:
    """One pool a problem: hidden tests decide, visible ones are public."""
    samples = {row["task_id"]: row["samples"] for row in _rows(folder / "codegen16b_t0.8_100samples.jsonl.gz")}
    for row in _rows(folder / "codegen16b_first20_labels.jsonl"):
        labelled = zip(row["labels"], samples[row["task_id"]], strict=False)  # of 100 samples the first 20
        yield Pool(row["task_id"], tuple(_candidate(label, text, row["n_visible"]) for label, text in labelled))


def _candidate(label: dict[str, Any], sample: str, tests: int) -> Candidate:
    visible = label["visible"] or ["RE"] * tests  # a sample that does not load passes none
    return Candidate(label["hidden"] == "AC", len(sample), tuple(verdict == "AC" for verdict in visible), ())


def _lucky(pool: Pool, k: int) -> float:
    scores = [2 * sum(candidate.public) + candidate.passed for candidate in pool.candidates]
    return rank_score_at_k(pool.passed, scores, k)


def _widths(
    found: Sequence[Pool],
    curves: Mapping[str, Selector],
    checks: Checks,
    interval: Callable[[Sequence[float], Sequence[str]], Interval],
) -> None:
    labels = [(pool.problem, float(right)) for pool in found for right in pool.passed]
    points, owners = [right for _, right in labels], [problem for problem, _ in labels]
    made = interval(points, owners)
    rates = values(found, curves["pass@k"], 1)
    mean = _mean(rates)
    se = math.sqrt(sum((rate - mean) ** 2 for rate in rates.values()) / (len(rates) - 1) / len(rates))
    wrong = math.sqrt(mean * (1 - mean) / len(points))
    checks.figure("standard error of pass@1 over problems", se, SE_PROBLEMS)
    checks.figure("standard error of pass@1 over samples", wrong, SE_SAMPLES)
    half = (made.high - made.low) / 2 / 1.96
    checks.check(
        f"half an interval is {half:.4f}, expected {SE_PROBLEMS} within 4 %", abs(half / SE_PROBLEMS - 1) < 0.04
    )
    gain = paired_difference(values(found, curves["best@k exec"], 10), rates)
    for name, ours, published in zip(("mean", "low", "high"), (gain.mean, gain.low, gain.high), GAIN, strict=True):
        tolerance = 0.0005 if name == "mean" else 0.002  # other resamples
        checks.check(
            f"{name} of best@10 exec - pass@1 is {ours:.4f}, expected {published}", abs(ours - published) <= tolerance
        )
    checks.say(
        f"\nstandard error of pass@1: {se:.4f} over problems, {wrong:.4f} over samples (a fault); our bootstrap over"
    )
    checks.say(
        f"problems: {made.percent()}, half its width / 1.96 = {half:.4f}. best@10 exec - pass@1: {gain.signed()},"
    )
    checks.say(f"published {100 * GAIN[0]:+.1f} [{100 * GAIN[1]:+.1f}, {100 * GAIN[2]:+.1f}].")


def _mean(found: Mapping[str, float]) -> float:
    return sum(found.values()) / len(found)


def _rows(path: Path) -> Iterator[dict[str, Any]]:
    content = path.read_bytes()
    text = gzip.decompress(content) if path.suffix == ".gz" else content
    yield from map(json.loads, text.decode("utf-8").splitlines())
