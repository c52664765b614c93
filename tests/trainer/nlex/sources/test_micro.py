"""Micro problems as a source: what each problem gives, and near misses that miss."""

import random

from deskcheck_trainer.nlex.sources import Explain, Fix, Solve
from deskcheck_trainer.nlex.sources.micro import MicroSource, near_misses


def test_micro_problems_give_explain_solve_and_fix_items() -> None:
    source = MicroSource(problems=5, seed=3, explain=2, near_misses=2)
    items = list(source.items())
    assert items == list(source.items())
    assert len(items) <= (source.count() or 0)
    first = items[: next(i for i, item in enumerate(items) if isinstance(item, Fix))]
    assert [type(item) for item in first] == [Explain] * (len(first) - 1) + [Solve]
    fixes = [item for item in items if isinstance(item, Fix)]
    assert {item.reference for item in fixes} >= {item.candidate for item in fixes if item.origin.endswith("fix-0")}
    assert all(item.problem.id.startswith("micro-train-") for item in fixes)


def test_near_misses_differ_from_the_reference() -> None:
    reference = "a = list(map(int, input().split()))\ns = 0\nfor x in a:\n    s += x\nprint(s)"
    misses = near_misses(reference, 20, random.Random(0))
    assert len(misses) == len(set(misses)) > 1 and reference not in misses
