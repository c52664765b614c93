"""Inputs for a function: what is known of it first, then what its generator draws, or hypothesis.

A candidate input is a call expression. Known ones come with the item (doctests, tests, call sites, a model's
proposals); an item with a generator has it run in the jail, on a seed of its own; for all others, and where a generator
gives nothing, `strategies.py` reads annotations, defaults and usage. What a generator printed is a stranger's text:
only calls of the function with literals by name are taken from it, and none where it ran into a limit, for how far it
came would be a matter of the machine's speed. Which of them become rows is decided when they are recorded (novelty.py).
"""

from __future__ import annotations

import ast
import json
from collections.abc import Sequence
from dataclasses import dataclass

from deskcheck_tracer import Limits, Program
from deskcheck_tracer.errors import SandboxFailed
from deskcheck_tracer.sandbox import Outcome, RunResult

from deskcheck_trainer.nlex.row import content_id
from deskcheck_trainer.nlex.runner import Runner
from deskcheck_trainer.nlex.sources.items import Explore
from deskcheck_trainer.nlex.syntax import parsed_expression

MAX_CALL_CHARACTERS = 20_000
"""Of what a generator gives."""


@dataclass(frozen=True, kw_only=True)
class InputPlan:
    """How many inputs a function gets."""

    keep: int = 5
    """Inputs kept, at most."""
    tries: int = 20
    """Inputs recorded to choose from, at most."""
    novel: bool = True
    """Keep an input only if it takes a path that none before it took; else the first `keep` that run."""
    patience: int = 3
    """Give a function up whose first so many inputs all end at a limit; 0 never does."""
    seed: int = 0


def candidates(items: Sequence[Explore], plan: InputPlan, runner: Runner, limits: Limits) -> list[list[str]]:
    """For each function up to `plan.tries` distinct call expressions, in the order to try them."""
    generated = [item for item in items if item.generator is not None]
    results = runner.run_many([generator_program(item, plan) for item in generated], limits)
    drawn = {id(item): _generated(item, result) for item, result in zip(generated, results, strict=True)}
    return [_distinct(item, drawn.get(id(item), []), plan) for item in items]


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
        random.seed(f"{seed}-{{_number}}")
        _drawn = generate_inputs(random.Random(f"{seed}-{{_number}}"))
        _pairs = [(name, repr(value)) for name, value in _drawn.items()]
        if all(name.isidentifier() and ast.literal_eval(text) == _drawn[name] for name, text in _pairs):
            print("\\n" + json.dumps(", ".join(f"{{name}}={{text}}" for name, text in _pairs)))
    except Exception:
        continue
"""


def _generated(item: Explore, result: RunResult) -> list[str]:
    """The calls that a generator's program printed; a program that tampers with its lines loses them."""
    if result.outcome is Outcome.sandbox:
        raise SandboxFailed(f"the sandbox failed twice on the generator of {item.origin}: run the command again")
    if result.outcome not in (Outcome.ok, Outcome.error):
        return []
    return [call for line in result.stdout.split("\n") if (call := _call(item, line)) is not None]


def _call(item: Explore, line: str) -> str | None:
    if len(line) > MAX_CALL_CHARACTERS:
        return None
    try:
        arguments = json.loads(line)
        call = f"{item.entry_point}({arguments})"
        node = parsed_expression(call)
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and not node.args) or "\n" in call:
            return None
        for keyword in node.keywords:
            ast.literal_eval(keyword.value)
    except (ValueError, TypeError, RecursionError, MemoryError):
        return None  # not JSON, or not a literal
    return call if all(keyword.arg for keyword in node.keywords) else None


def _distinct(item: Explore, generated: list[str], plan: InputPlan) -> list[str]:
    calls = list(dict.fromkeys([*item.calls, *generated]))
    if not generated and len(calls) < plan.tries:
        from deskcheck_trainer.nlex.strategies import drawn_calls  # hypothesis takes a while to import

        seed = content_id(plan.seed, item.source, item.entry_point)
        calls += drawn_calls(item.source, item.entry_point, plan.tries, seed)
    return list(dict.fromkeys(calls))[: plan.tries]
