"""The plain text that the micro base is pretrained on: what a base model of code has seen, in the small.

Four kinds of documents, all from the *train* split of the micro family: a statement with examples and its program; a
program with its tests; a repair log (a wrong program, what the tests said, the right one); and an interpreter session,
one expression or assignment at a time with the value Python answers. There are no narrations in it: following a whole
program is what SFT teaches afterwards, from the arithmetic and the list operations that sessions show one by one.
"""

from __future__ import annotations

import random
from collections.abc import Iterator

from deskcheck_evals.micro import MicroProblem, grammar, mutate, split_of, stream
from deskcheck_tracer import Limits, Program, TestCase, narrate
from deskcheck_tracer.engine import record_here
from deskcheck_tracer.trace import EndReason

MOST_EVENTS = 500
SHARES = {"solution": 0.35, "tested": 0.2, "repair": 0.15, "session": 0.3}


def documents(count: int, seed: int | str) -> Iterator[str]:
    """`count` pretraining documents, without the end-of-text token."""
    rng = random.Random(f"documents-{seed}")
    for item in _take(count, seed):
        kind = rng.choices(list(SHARES), list(SHARES.values()))[0]
        yield {"solution": _solution, "tested": _tested, "repair": _repair, "session": _session}[kind](item, rng)


def _take(count: int, seed: int | str) -> Iterator[MicroProblem]:
    source = stream("train", seed)
    return (next(source) for _ in range(count))


def _solution(item: MicroProblem, rng: random.Random) -> str:
    tests = "\n".join(map(_example, item.problem.public_tests))
    return f"{item.problem.statement}\n{tests}\n```python\n{item.reference}\n```"


def _tested(item: MicroProblem, rng: random.Random) -> str:
    tests = "\n".join(map(_example, item.problem.private_tests))
    return f"```python\n{item.reference}\n```\n{tests}"


def _repair(item: MicroProblem, rng: random.Random) -> str:
    wrong = mutate(item.reference, rng)
    if split_of(wrong) != "train":  # an edit can move a program to a shape of the test split
        return _solution(item, rng)
    told = "\n".join(_seen(wrong, test) for test in item.problem.public_tests)
    return f"{item.problem.statement}\n```python\n{wrong}\n```\n{told}\n```python\n{item.reference}\n```"


def _example(test: TestCase) -> str:
    return f"{test.input.strip()}: {test.output.strip()}"


def _seen(source: str, test: TestCase) -> str:
    """What a run of a near miss of ours says about one test, in the words of the micro fix prompt.

    Recorded, not just run: an edit can make a loop endless, and the recorder stops after so many events.
    """
    trace = record_here(source, test.input, None, Limits(max_events=MOST_EVENTS))
    got = trace.stdout.strip() if trace.end.reason is EndReason.finished else "?"
    return f"{_example(test)}, got {got} {'ok' if got == test.output.strip() else 'wrong'}"


def _session(item: MicroProblem, rng: random.Random) -> str:
    """What an interpreter answers to single lines of the family, on values of their own."""
    x, s, t = (rng.randint(0, 9) for _ in range(3))
    a, r = ([rng.randint(0, 9) for _ in range(rng.randint(1, 6))] for _ in range(2))
    scope = {"x": x, "s": s, "t": t, "a": a, "r": r, "n": rng.randint(1, 10 ** rng.randint(1, 6))}
    said = [f">>> {name} = {scope[name]}" for name in rng.sample(sorted(scope), len(scope))]
    for _ in range(rng.randint(4, 8)):
        line, shows = _entry(rng)
        exec(line if shows else f"_ = {line}", {}, scope)
        said += [f">>> {line}", f">>> {shows}"] if shows else [f">>> {line}"]
        said.append(repr(scope[shows or "_"]))
    return "\n".join(said)


def _entry(rng: random.Random) -> tuple[str, str]:
    """A line and the name to look at afterwards, empty where the line is an expression."""
    digits = [rng.randint(0, 9) for _ in range(rng.randint(3, 6))]
    updates = [(grammar.number_update(rng, "s"), "s"), (grammar.number_update(rng, "t"), "t")]
    updates += [(grammar.list_update(rng, "r"), "r"), (grammar.list_update(rng, "r"), "r")]
    values = ["n % 10", "n // 10", "s + t", "9 - s", "s // 2", "s * 2", "s + len(a)", "sum(a)", "sorted(a)", "a[::-1]"]
    values += ["a[1:]", "a[:-1]", "len(a)", f"int('{''.join(map(str, digits))}')"]
    values += [f"a[:{rng.randint(2, 4)}]", f"list(map(int, '{' '.join(map(str, digits))}'.split()))"]
    clause, name = rng.choice(updates)
    kinds = [(grammar.condition(rng, "s").code, ""), (clause.code, name), (rng.choice(values), "")]
    return rng.choice(kinds)


def narrations(count: int, seed: int) -> Iterator[str]:
    """Narrations of train programs in the compact style: what the tokenizer must also be good at."""
    for item in _take(count, seed):
        program = Program(item.reference, item.problem.public_tests[0].input)
        yield narrate(record_here(program.source, program.stdin, None), style="compact")
