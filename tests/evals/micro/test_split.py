"""Splits are a function of a program's shape."""

import random

from deskcheck_evals.micro import micro_problems, shape, split_of
from deskcheck_evals.micro.grammar import draw


def test_names_and_numbers_do_not_change_the_shape():
    assert shape("s = 1\nfor x in a:\n    s += x % 3") == shape("t = 7\nfor y in b:\n    t += y % 2")


def test_structure_operators_builtins_and_name_reuse_do():
    base = shape("s = max(a, b)")
    others = ("s = min(a, b)", "s = max(a, a)", "s = max(a, b) + 1", "s += max(a, b)", "max = s(a, b)", "s = 'max'")
    assert len({base, *map(shape, others)}) == 1 + len(others)


def test_splits_are_disjoint_by_shape_across_seeds():
    shapes = {
        split: {shape(p.reference) for seed in (0, 1) for p in micro_problems(split, 150, seed)}
        for split in ("train", "validation", "test")
    }
    assert not shapes["train"] & shapes["test"]
    assert not shapes["train"] & shapes["validation"]
    assert not shapes["validation"] & shapes["test"]


def test_the_split_does_not_depend_on_constants():
    assert split_of("s = 1\nprint(s)") == split_of("t = 5\nprint(t)")


def test_about_a_twentieth_of_shapes_are_for_testing():
    rng = random.Random(0)
    splits = [split_of(draw(rng).source) for _ in range(3000)]
    assert 0.02 < splits.count("test") / len(splits) < 0.09
    assert 0.02 < splits.count("validation") / len(splits) < 0.09
