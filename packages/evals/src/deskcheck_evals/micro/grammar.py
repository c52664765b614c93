"""The grammar of the micro programs: small stdin programs over digits, with loops and branches, and their statements.

A program is drawn clause by clause; every clause is a line or two of Python beside the words that say the same thing,
so that the statement describes exactly what the program does. Some clauses also have a *vague* wording that hides a
constant or an operation ("if x is large enough"): only the examples tell it, which is what makes a solver guess, its
candidates differ, and verification worth something. Values stay small (digits, counts, sums below 100) because a
model of a few million parameters can learn control flow in minutes, but not long arithmetic.

What it is not: a stand-in for real problems. It is a family large enough (about 10^7 shapes before constants) to split
by shape, and simple enough to be learnt on two CPU cores.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Clause:
    """A piece of a program and the words for it. `vague` hides something that only the examples tell."""

    code: str
    words: str
    vague: str | None = None


@dataclass(frozen=True)
class Draft:
    """A drawn program: its source, its full statement, and the statement with at most one clause made vague."""

    source: str
    statement: str
    reads: str
    """`list` (digits with spaces between) or `number` (one whole number)."""


def condition(rng: random.Random, state: str | None) -> Clause:
    """A test on the current item `x` (and on the accumulator `state`, where that is a number)."""
    c = rng.randint(2, 7)
    choices = [
        Clause(f"x > {c}", f"x is over {c}", "x is large"),
        Clause(f"x < {c}", f"x is under {c}", "x is small"),
        Clause(f"x >= {c}", f"x is at least {c}", "x is large"),
        Clause(f"x == {c}", f"x is {c}", "x is the special digit"),
        Clause(f"x != {c}", f"x is not {c}", "x is not the special digit"),
        Clause("x % 2 == 0", "x is even", "x has the right rest"),
        Clause("x % 2 == 1", "x is odd", "x has the right rest"),
        Clause("x % 3 == 0", "x divides by 3", "x has the right rest"),
    ]
    if state:
        choices += [
            Clause(f"x > {state}", f"x is over {state}", f"x and {state} compare right"),
            Clause(f"x < {state}", f"x is under {state}", f"x and {state} compare right"),
            Clause(f"{state} < {c}", f"{state} is under {c}", f"{state} is small"),
            Clause(f"{state} > {c}", f"{state} is over {c}", f"{state} is large"),
            Clause(f"{state} % 2 == 0", f"{state} is even", f"{state} has the right rest"),
        ]
    return rng.choice(choices)


def number_update(rng: random.Random, s: str) -> Clause:
    """An assignment to the number `s` from `s` and the item `x`."""
    c = rng.randint(1, 5)
    return rng.choice(
        [
            Clause(f"{s} += x", f"add x to {s}", f"work x into {s}"),
            Clause(f"{s} = ({s} + x) % 10", f"add x to {s}, last digit only", f"work x into {s}, last digit only"),
            Clause(f"{s} = max({s}, x)", f"raise {s} to x", f"work x into {s}"),
            Clause(f"{s} = min({s}, x)", f"lower {s} to x", f"work x into {s}"),
            Clause(f"{s} += {c}", f"add {c} to {s}", f"count {s} up"),
            Clause(f"{s} += 1", f"add 1 to {s}", f"count {s} up"),
            Clause(f"{s} = x", f"set {s} to x", f"work x into {s}"),
            Clause(f"{s} = abs({s} - x)", f"set {s} to its distance from x", f"work x into {s}"),
            Clause(f"{s} = {c}", f"set {s} to {c}", f"set {s} to a constant"),
            Clause(f"{s} -= {c}", f"take {c} from {s}", f"count {s} down"),
            Clause(f"{s} = x - {s}", f"set {s} to x minus {s}", f"work x into {s}"),
        ]
    )


def list_update(rng: random.Random, r: str) -> Clause:
    """A change of the list `r` by the item `x`."""
    c = rng.randint(2, 5)
    return rng.choice(
        [
            Clause(f"{r}.append(x)", f"put x at the end of {r}", f"put x into {r}"),
            Clause(f"{r}.insert(0, x)", f"put x at the front of {r}", f"put x into {r}"),
            Clause(f"{r}.append(x % {c})", f"put x modulo {c} at the end of {r}", f"put a rest of x into {r}"),
            Clause(f"{r}.append(9 - x)", f"put 9 minus x at the end of {r}"),
            Clause(f"{r}.append({c})", f"put {c} at the end of {r}", f"put a constant at the end of {r}"),
            Clause(f"{r} = {r}[1:]", f"drop the first of {r}", f"drop an end of {r}"),
            Clause(f"{r} = {r}[:-1]", f"drop the last of {r}", f"drop an end of {r}"),
            Clause(f"{r} = {r}[::-1]", f"reverse {r}"),
            Clause(f"{r} = [x]", f"make {r} just x"),
        ]
    )


def before(rng: random.Random) -> Clause | None:
    """What happens to the list `a` before the loop, mostly nothing."""
    return rng.choice(
        [
            *[None] * 5,
            Clause("a = a[::-1]", "reverse a"),
            Clause("a = sorted(a)", "sort a"),
            Clause("a = a[1:]", "drop the first of a", "drop an end of a"),
            Clause("a = a[:-1]", "drop the last of a", "drop an end of a"),
        ]
    )


def guard(rng: random.Random, state: str | None) -> Clause | None:
    """A `continue` or `break` at the head of the loop body, mostly nothing."""
    if rng.random() < 0.75:
        return None
    test, leave = condition(rng, state), rng.choice(["continue", "continue", "break"])
    verb = {"continue": "skip it", "break": "stop"}[leave]
    vague = f"if {test.vague} {verb}" if test.vague else None
    return Clause(f"if {test.code}:\n    {leave}", f"if {test.words} {verb}", vague)


def branch(rng: random.Random, update: Callable[[random.Random], Clause], state: str | None) -> Clause:
    """The body's main part: `if`, `if`/`else`, `if`/`elif`/`else`, or a bare update."""
    shape = rng.choices(["plain", "if", "else", "elif"], [1, 4, 5, 2])[0]
    first = update(rng)
    if shape == "plain":
        return first
    tests, updates = [condition(rng, state)], [first]
    while shape == "elif" and len(tests) < 2:
        tests.append(condition(rng, state))
        updates.append(update(rng))
    code = "".join(
        f"{'el' * bool(i)}if {t.code}:\n    {u.code}\n" for i, (t, u) in enumerate(zip(tests, updates, strict=True))
    )
    parts = [f"if {t.words} {u.words}" for t, u in zip(tests, updates, strict=True)]
    hidden = [*parts]
    k = rng.randrange(len(parts))
    hidden[k] = rng.choice(
        [f"if {tests[k].vague} {updates[k].words}", f"if {tests[k].words} {updates[k].vague or updates[k].words}"]
    )
    if shape != "if":
        last = update(rng)
        code += f"else:\n    {last.code}\n"
        parts.append(last.words)
        hidden.append(last.words)
    return Clause(code.rstrip("\n"), ", else ".join(parts), ", else ".join(hidden))


def after_number(rng: random.Random) -> Clause | None:
    """What happens to the number `s` after the loop."""
    c = rng.randint(2, 5)
    return rng.choice(
        [
            None,
            None,
            Clause("s = 9 - s", "take s from 9"),
            Clause(f"s = s % {c}", f"take s modulo {c}", "take a rest of s"),
            Clause("s = s // 2", "halve s"),
            Clause(f"s += {c}", f"add {c} to s", "add a constant to s"),
            Clause("s = s + len(a)", "add the length of a to s"),
            Clause(f"if s > {c}:\n    s = 0", f"if s is over {c} set it to 0", "if s is large set it to 0"),
        ]
    )


def after_list(rng: random.Random) -> Clause | None:
    """What happens to the list `r` after the loop."""
    c = rng.randint(2, 4)
    return rng.choice(
        [
            None,
            None,
            Clause("r = r[::-1]", "reverse r"),
            Clause("r = sorted(r)", "sort r"),
            Clause(f"r = r[:{c}]", f"keep the first {c} of r", "keep the front of r"),
            Clause("r = len(r)", "take the length of r"),
            Clause("r = sum(r)", "take the sum of r"),
            Clause("r.append(len(r))", "put the length of r at its end"),
        ]
    )


def indent(code: str) -> str:
    """`code` one level deeper."""
    return "\n".join("    " + line for line in code.split("\n"))


def number_program(rng: random.Random) -> list[Clause]:
    """Fold a list of digits into the number `s`, sometimes beside a second number `t`."""
    two = rng.random() < 0.3
    start, second = rng.choice([0, 0, 1, rng.randint(2, 9)]), rng.choice([0, 0, rng.randint(1, 9)])
    clauses = [Clause(f"s = {start}", f"start s at {start}", "start s somewhere")]
    if two:
        clauses.append(Clause(f"t = {second}", f"start t at {second}", "start t somewhere"))

    def update(r: random.Random) -> Clause:
        return number_update(r, r.choice(["s", "t"]) if two else "s")

    skip, main = guard(rng, "s"), branch(rng, update, "s")
    tail = (
        number_update(rng, "t")
        if two
        else (Clause("s = s % 10", "keep its last digit") if rng.random() < 0.15 else None)
    )
    clauses.append(loop([c for c in (skip, main, tail) if c]))
    clauses += [c for c in (after_number(rng),) if c]
    out = rng.choice(["s, t", "s + t", "s - t"]) if two else "s"
    words = {"s, t": "print s and t", "s + t": "print s plus t", "s - t": "print s minus t", "s": "print s"}[out]
    return [*clauses, Clause(f"print({out})", words)]


def list_program(rng: random.Random) -> list[Clause]:
    """Build the list `r` from a list of digits."""
    clauses = [Clause("r = []", "start with an empty r")]
    skip, main = guard(rng, None), branch(rng, lambda r: list_update(r, "r"), None)
    clauses.append(loop([c for c in (skip, main) if c]))
    clauses += [c for c in (after_list(rng),) if c]
    return [*clauses, Clause("print(r)", "print r")]


def loop(body: list[Clause], head: str = "for x in a:", words: str = "for each x in a") -> Clause:
    """A loop over `body`; vague where one part of it can be."""
    code = head + "\n" + "\n".join(indent(c.code) for c in body)
    spoken = [c.words for c in body]
    soft = [i for i, c in enumerate(body) if c.vague]
    vague = None
    if soft:
        hidden = [*spoken]
        hidden[soft[-1]] = body[soft[-1]].vague or ""
        vague = f"{words} " + ", then ".join(hidden)
    return Clause(code, f"{words} " + ", then ".join(spoken), vague)


def digits_program(rng: random.Random) -> list[Clause]:
    """Walk the digits `x` of a whole number `n` from the right with a `while` loop."""
    start = rng.choice([0, 0, 1, rng.randint(2, 9)])
    skip = None
    main = branch(rng, lambda r: number_update(r, "s"), "s")
    step = [Clause("x = n % 10", ""), Clause("n = n // 10", "")]
    rest = [c for c in (skip, main) if c]
    inner = loop(rest, "while n > 0:", "for each digit x of n from the right")
    code = "while n > 0:\n" + "\n".join(indent(c.code) for c in [*step, *rest])
    clauses = [
        Clause(f"s = {start}", f"start s at {start}", "start s somewhere"),
        Clause(code, inner.words, inner.vague),
    ]
    post = rng.choice([None, Clause("s = 9 - s", "take s from 9"), Clause("s = s * 2", "double s")])
    return [*clauses, *([post] if post else []), Clause("print(s)", "print s")]


def draw(rng: random.Random, vague_share: float = 0.6) -> Draft:
    """One random program with its statement; `vague_share` of the statements hide one clause."""
    kind = rng.choices([number_program, list_program, digits_program], [5, 3, 2])[0]
    if kind is digits_program:
        reads, clauses = "number", [Clause("n = int(input())", "read a number n"), *kind(rng)]
    else:
        first = before(rng)
        reads = "list"
        clauses = [
            Clause("a = list(map(int, input().split()))", "read digits a"),
            *([first] if first else []),
            *kind(rng),
        ]
    words = [c.words for c in clauses]
    soft = [i for i, c in enumerate(clauses) if c.vague]
    if soft and rng.random() < vague_share:
        i = rng.choice(soft)
        words[i] = clauses[i].vague or ""
    return Draft("\n".join(c.code for c in clauses), ". ".join(words) + ".", reads)


def draw_input(rng: random.Random, reads: str) -> str:
    """A random stdin for a program that reads a `list` or a `number`, 3 to 6 digits, with its newline."""
    digits = [rng.randint(0, 9) for _ in range(rng.randint(3, 6))]
    if reads == "list":
        return " ".join(map(str, digits)) + "\n"
    return str(max(1, digits[0])) + "".join(map(str, digits[1:])) + "\n"
