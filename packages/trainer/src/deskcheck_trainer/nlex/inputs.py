"""Inputs for a function: what is known of it first, then what its generator draws, or hypothesis.

A candidate input is a call expression. Known ones come with the item (doctests, tests, call sites, a model's
proposals); an item with a generator has it run in the jail, on a seed of its own; for all others `strategies.py` reads
annotations, defaults and usage. Which candidates become rows is decided after they were recorded (novelty.py).
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

from deskcheck_tracer import Limits, Program

from deskcheck_trainer.nlex.row import content_id
from deskcheck_trainer.nlex.runner import Runner
from deskcheck_trainer.nlex.sources.items import Explore
from deskcheck_trainer.nlex.strategies import drawn_calls


@dataclass(frozen=True, kw_only=True)
class InputPlan:
    """How many inputs a function gets."""

    keep: int = 5
    """Inputs kept, at most."""
    tries: int = 20
    """Inputs recorded to choose from, at most."""
    novel: bool = True
    """Keep an input only if it takes a path that none before it took; else the first `keep` that run."""
    seed: int = 0


def candidates(items: Sequence[Explore], plan: InputPlan, runner: Runner, limits: Limits) -> list[list[str]]:
    """For each function up to `plan.tries` distinct call expressions, in the order to try them."""
    generated = [item for item in items if item.generator is not None]
    results = runner.run_many([generator_program(item, plan) for item in generated], limits)
    drawn = {id(item): _calls(item, result.stdout) for item, result in zip(generated, results, strict=True)}
    return [_distinct([*item.calls, *drawn.get(id(item), ())], item, plan) for item in items]


def generator_program(item: Explore, plan: InputPlan) -> Program:
    """The program that prints inputs of an item with a generator: keyword arguments as source text, one JSON a line."""
    seed = content_id(plan.seed, item.source, item.generator)
    return Program(f"{_BEFORE}\n{item.generator}\n{_AFTER.format(tries=plan.tries, seed=seed)}")


_BEFORE = """\
import json, math, random, string
from random import Random
"""

_AFTER = """
import ast
for _number in range({tries}):
    try:
        _drawn = generate_inputs(random.Random(f"{seed}-{{_number}}"))
        _pairs = [(name, repr(value)) for name, value in _drawn.items()]
        if all(name.isidentifier() and ast.literal_eval(text) == _drawn[name] for name, text in _pairs):
            print(json.dumps(", ".join(f"{{name}}={{text}}" for name, text in _pairs)))
    except Exception:
        continue
"""


def _calls(item: Explore, printed: str) -> list[str]:
    """What the generator's program printed; a program that tampers with its lines loses them."""
    found = []
    for line in printed.split("\n"):
        try:
            arguments = json.loads(line)
        except (ValueError, RecursionError):
            continue
        if isinstance(arguments, str):
            found.append(f"{item.entry_point}({arguments})")
    return found


def _distinct(known: list[str], item: Explore, plan: InputPlan) -> list[str]:
    calls = list(dict.fromkeys(known))[: plan.tries]
    if item.generator is None and len(calls) < plan.tries:
        seed = content_id(plan.seed, item.source, item.entry_point)
        calls += drawn_calls(item.source, item.entry_point, plan.tries - len(calls), seed)
    return list(dict.fromkeys(calls))
