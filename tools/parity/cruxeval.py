"""Our CRUXEval scores against the authors' own, prediction by prediction, and where theirs would be wrong.

Code Llama 7B at temperature 0.2: 10 scored predictions of an output and 10 of an input for each of 400 problems. The
authors run `assert <true output> == <prediction>` after the problem's code, a predicted input being a call of f. We
compare an output as a literal and run an input on plain values. A difference must have one of the reasons below, which
are found out by running the authors' rule in the sandbox. On predictions that were written to deceive, theirs must say
yes and ours no: else this proof would not notice a scorer that runs what it is given.
"""

import ast
import asyncio
import json
from collections import Counter
from collections.abc import Callable, Coroutine, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from deskcheck_evals.benchmarks import BenchmarkConfig, BenchmarkName, PredictionItem, load_items
from deskcheck_evals.intervals import bootstrap
from deskcheck_evals.literal import is_literal, parsed
from deskcheck_evals.metrics import pass_at_k
from deskcheck_evals.tasks.compare import right
from deskcheck_evals.tasks.input_runs import InputEnd, ends_of
from deskcheck_tracer import Limits, Program, Sandbox
from deskcheck_tracer.outcome import Outcome

from tools.parity.checks import Checks

ALL_800 = {"output": (34.21, 40.29), "input": (35.95, 44.99)}
"""pass@1 and pass@5 that the authors report of the same model and temperature on all 800 problems."""
THEIR_LIMITS = Limits(cpu_s=3.0, wall_s=15.0)


@dataclass(frozen=True)
class Scored:
    """A prediction and what the authors' scorer said of it."""

    kind: str
    item: PredictionItem
    text: str
    official: bool


Scorer = Callable[[Sequence[Scored], Sandbox], Coroutine[Any, Any, list[bool]]]


async def ours(predictions: Sequence[Scored], sandbox: Sandbox) -> list[bool]:
    """Our scores, as the tasks output_prediction and input_prediction give them."""
    tries = [(each.item, each.text) for each in predictions if each.kind == "input"]
    ends = iter(await ends_of(tries, sandbox))
    return [
        next(ends) is InputEnd.right if each.kind == "input" else right(each.item.output, each.text, is_call=True)
        for each in predictions
    ]


async def by_their_rule(predictions: Sequence[Scored], sandbox: Sandbox) -> list[bool]:
    """What the authors' scorer says, run in our sandbox: does the assertion pass?"""
    programs = [
        Program(f"{each.item.program.source}\nassert {each.item.output} == {each.text}") for each in predictions
    ]
    results = await sandbox.arun_many(programs, THEIR_LIMITS)
    refused = [
        "f(" not in each.text if each.kind == "input" else str(each.item.program.call) in each.text
        for each in predictions
    ]
    return [not no and result.outcome is Outcome.ok for no, result in zip(refused, results, strict=True)]


def prove(data: Path, checks: Checks, *, scorer: Scorer = ours, limit: int | None = None) -> None:
    """Score all predictions (of the first `limit` problems) and those written to deceive."""
    with Sandbox() as sandbox:
        for kind in ("output", "input"):
            _compare(kind, list(published(data / "cruxeval", kind, limit)), checks, scorer, sandbox)
        _deceive(checks, scorer, sandbox)
        _count(checks, scorer, sandbox)


def published(folder: Path, kind: str, limit: int | None = None) -> Iterator[Scored]:
    """The authors' scored predictions, in the order of the file."""
    path = folder / "cruxeval_dev.jsonl"
    items = load_items(BenchmarkConfig(name=BenchmarkName.cruxeval_i, path=str(path), limit=limit))
    by_id = {item.id: item for item in items}
    for row in _rows(folder / f"codellama7b_t0.2_{kind}_scored_dev.jsonl"):
        for text, official in zip(row["generations"], row["official_scores"], strict=True):
            if row["id"] in by_id:
                yield Scored(kind, by_id[row["id"]], text, official)


def _compare(kind: str, predictions: list[Scored], checks: Checks, scorer: Scorer, sandbox: Sandbox) -> None:
    found = asyncio.run(scorer(predictions, sandbox))
    differ = [(each, score) for each, score in zip(predictions, found, strict=True) if score != each.official]
    reasons = asyncio.run(_reasons([each for each, _ in differ], sandbox))
    checks.say(f"{kind} prediction: {len(predictions)} scored predictions, {len(differ)} differ")
    for (each, score), reason in zip(differ, reasons, strict=True):
        said = f"{each.item.id} {each.text[:80]!r}: official {each.official}, ours {score}: {reason or 'not explained'}"
        checks.say(f"- {said}")
        checks.check(said, reason is not None and each.official and not score)
    checks.check(
        f"there are {kind} predictions of both kinds", {each.official for each in predictions} == {True, False}
    )
    _table(kind, predictions, found, checks)


def _table(kind: str, predictions: list[Scored], found: list[bool], checks: Checks) -> None:
    official, mine = Counter[str](), Counter[str]()
    total = Counter(each.item.id for each in predictions)
    for each, score in zip(predictions, found, strict=True):
        official[each.item.id] += each.official
        mine[each.item.id] += score
    checks.say(f"\n| {kind} | authors' scores | ours | the authors on all 800 |\n|---|---|---|---|")
    for k, reported in zip((1, 5), ALL_800[kind], strict=True):
        theirs, own = ([pass_at_k(n, count[name], k) for name, n in total.items()] for count in (official, mine))
        checks.say(f"| pass@{k} | {bootstrap(theirs).percent()} | {bootstrap(own).percent()} | {reported} |")
    checks.check(f"every problem has its 10 {kind} predictions, none dropped", set(total.values()) == {10})
    checks.say("")


async def _reasons(predictions: Sequence[Scored], sandbox: Sandbox) -> list[str | None]:
    """Why the authors' scorer says yes where ours says no; None where nothing that can be seen excuses it."""
    again = await by_their_rule(predictions, sandbox)
    ends = await ends_of([(each.item, each.text) for each in predictions], sandbox)
    bare = [Program(each.item.program.source, call=each.text) for each in predictions]
    runs = await sandbox.arun_many(bare, THEIR_LIMITS)
    return [
        _reason(each, end, run.returned) if yes else None
        for each, yes, end, run in zip(predictions, again, ends, runs, strict=True)
    ]


def _reason(scored: Scored, end: InputEnd, returned: str | None) -> str | None:
    """Their rule says yes: what is it that ours does not accept? `returned` is the prediction's value, evaluated."""
    if scored.kind == "output" and not is_literal(scored.text):
        return "an expression, not a value"
    if returned == scored.item.output and (scored.kind == "output" or _is_literal_call(scored.text)):
        return None  # the very value, or the call of f with literals that gives it
    if scored.kind == "output":
        return "equal by ==, of another type"
    match end:
        case InputEnd.wrong:
            return "on these values f gives something else, or an equal value of another type"
        case InputEnd.not_plain:
            return "an argument is no plain value"
        case _:
            return f"the assertion passes, but f gives nothing on plain values ({end})"


def _is_literal_call(text: str) -> bool:
    call = parsed(text)
    if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Name):
        return False
    return call.func.id == "f" and all(is_literal(ast.unparse(each)) for each in call.args)


INCREMENT = PredictionItem("x + 1", Program("def f(x):\n    return x + 1", call="f(16)"), "17")
UPPER = PredictionItem("x.upper()", Program("def f(x):\n    return x.upper()", call="f('it')"), "'IT'")
HALF = PredictionItem("x / 2", Program("def f(x):\n    return x / 2", call="f(34)"), "17.0")
DECEPTIVE = [
    Scored("output", INCREMENT, "18 or True", True),
    Scored("output", INCREMENT, "17.0", True),
    Scored("output", INCREMENT, "f (16)", True),
    Scored("output", INCREMENT, "__import__('builtins').eval('f' + '(16)')", True),
    Scored("output", INCREMENT, "type('X', (), {'__eq__': lambda *_: True})()", True),
    Scored("input", INCREMENT, "17 # f(", True),
    Scored("input", INCREMENT, "17 or f(0)", True),
    Scored("input", INCREMENT, "f(16.0)", True),
    Scored("input", INCREMENT, "f(setattr(f, '__code__', (lambda x: 17).__code__))", True),
    Scored("input", INCREMENT, "f(type('X', (), {'__add__': lambda *_: 17})())", True),
    Scored(
        "input", INCREMENT, "f(type('X', (), {'__add__': lambda self, _: self, '__eq__': lambda *_: True})())", True
    ),
    Scored("input", INCREMENT, "f(exec('global f; f = lambda x: 17') or 0) or f(0)", True),
    Scored("input", UPPER, "f(type('S', (str,), {'upper': lambda self: 'IT'})())", True),
    Scored("input", HALF, "f(__import__('os')._exit(0))", True),
]


def _deceive(checks: Checks, scorer: Scorer, sandbox: Sandbox) -> None:
    theirs = asyncio.run(by_their_rule(DECEPTIVE, sandbox))
    mine = asyncio.run(scorer(DECEPTIVE, sandbox))
    checks.say("written to deceive: an official scorer that runs the assertion says yes to each\n")
    checks.say("| | f(x) | prediction | by their rule | ours | why |\n|---|---|---|---|---|---|")
    reasons = asyncio.run(_reasons(DECEPTIVE, sandbox))
    for each, yes, score, reason in zip(DECEPTIVE, theirs, mine, reasons, strict=True):
        words = ["right" if told else "wrong" for told in (yes, score)]
        checks.say(f"| {each.kind} | `{each.item.id}` | `{each.text}` | {words[0]} | {words[1]} | {reason} |")
        checks.check(f"{each.text!r} is right by the authors' rule", yes)
        checks.check(f"{each.text!r} is wrong by ours", not score)


THREE = [Scored("output", INCREMENT, text, text == "17") for text in ("17", "f(16)", "f(16) + 0")]


def _count(checks: Checks, scorer: Scorer, sandbox: Sandbox) -> None:
    """A prediction that cannot be scored is a wrong one; where it is dropped instead, n shrinks."""
    found = asyncio.run(scorer(THREE, sandbox))
    kept = [each.official for each in THREE if str(each.item.program.call) not in each.text]
    whole, shrunk = pass_at_k(len(found), sum(found), 1), pass_at_k(len(kept), sum(kept), 1)
    checks.check(f"pass@1 of one right prediction of three is {whole:.4f}", whole == 1 / 3)
    texts = ", ".join(f"`{each.text}`" for each in THREE)
    checks.say(f"\npass@1 of {texts} is {whole:.4f}; where predictions that hold the call are dropped, {shrunk:.4f}.")


def _rows(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]
