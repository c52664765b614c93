"""What is known of a statement's effect may save looking, but must not change what is seen."""

import pytest
from deskcheck_tracer import Limits
from deskcheck_tracer.engine import record_here
from deskcheck_tracer.trace import event_row
from hypothesis import given, settings
from hypothesis import strategies as st

FREE = Limits(max_events=None, max_bytes=None)
SETUP = """\
import collections, dataclasses, queue
class Own(list):
    def append(self, item): list.append(self, item); seen.append(item)
    def __iadd__(self, other): list.extend(self, other); return self
class Odd:
    def __add__(self, other): seen.append(other); return 7
    def __index__(self): seen.append("index"); return 0
class Plain:
    shared = 0
    def walk(self): return self
class Other(Plain): pass
class Sly(Plain):
    n = property(lambda self: 3, lambda self, v: seen.append(v))
class Slot:
    __slots__ = ("z", "n", "a")
class Guard(Plain):
    def __setattr__(self, name, v): seen.append(name); object.__setattr__(self, name, v)
class Field:
    def __set__(self, it, v): xs_of_main.append(v)
    def __get__(self, it, kind=None): return 1
class Desc(Plain):
    n = Field()
class Late(Plain): pass
prop = Field()
class Meta(type):
    def __setattr__(cls, name, v): seen.append(name)
class WithMeta(metaclass=Meta): pass
class Err(Exception): pass
@dataclasses.dataclass(frozen=True)
class Frozen:
    n: int = 1
def main():
    global seen, xs_of_main
    seen = []
    xs, ys, zs = [1, 2, 3], [4], []
    alias, nest, twice = xs, [xs, [ys]], [xs, xs]
    d, e = {1: 2, "k": xs}, {True: 1, 2.0: 3}
    own, odd, box = Own([1]), Odd(), (xs, d)
    it, q = iter([5, 6, 7, 8]), queue.SimpleQueue()
    s, t, w, i, j, k = {1}, "ab", 1, 0, -1, "k"
    big = list(range(300))
    own_alias, deep = own, [[1], [2], 3]
    other = deep
    p, q_, sly, slot, guard, desc, late, meta, ex = Plain(), Plain(), Sly(), Slot(), Guard(), Desc(), Late(), WithMeta, Err(1)
    frozen, xs_of_main = Frozen(), xs
    p.n, slot.a, box = 1, 2, (xs, d, p)
"""
STATEMENTS = [
    "xs.append(w)", "ys.append(t)", "zs.append(xs)", "own.append(2)", "nest.append(w)", "x = xs.pop() if xs else 0",
    "xs[0:1] = [9, 9]", "xs[i] = w" , "big[i] = w", "big[i + 299] = w", "big[j] = t", "big.append(w)", "ys[0] = [w]",
    "xs[0], ys[0] = ys[0], xs[0]", "i, xs[i] = 1, 5", "xs[i] += 1", "nest[0] += [w]", "xs += [w]", "own += [3]",
    "d[i] = w", "d[k] = t", "e[1] = t", "e[True] += 1", "e[2] = xs", "d[i] = d.get(i, 0) + 1", "d.pop(i, None)",
    "s.add(w)", "s.discard(1)", "s = s | {i}", "q.put(w)", "odd + w", "w = odd + 1", "xs[odd] = 4",
    "w = next(it, 0)", "w = sum(it)", "y = 6 in it", "y = list(it)", "y = sorted(it)", "y = max(xs, ys)", "zs.extend(it)",
    "w = len(xs)", "w = t.upper()", "t = t + 'c'", "t = '-'.join(t)", "i += 1", "j = i - 1", "alias = ys", "ys = list(ys)",
    "for v in xs: pass", "for v in it: break", "for a, b in d.items(): w = a", "for n, v in enumerate(ys): w = n",
    "del w; w = 1", "twice[0] = ys", "box[0].append(i)", "nest[1][0].append(i)", "seen.clear()", "xs.sort()",
    "xs = [v for v in xs]", "d['n'] = nest", "print(w, t)", "big[:] = big[::-1]", "c = collections.Counter(t)",
    "c = collections.deque(ys)", "p.n = w", "p.n = xs", "p.n += 1", "p.n += [1]", "q_.n = p", "q_.n.n = 3", "p.m = w", "del p.n",
    "p.n, q_.n = q_.n, p.n", "i, p.n = p.n, i", "sly.n = w", "slot.n = w", "slot.z = xs", "slot.n += 1", "guard.n = w", "held = [p, p]",
    "own.n = w", "Plain.n = w", "p.walk = w", "twin = p", "p = Plain()", "p.n = p", "kept = p.n", "desc.n = w", "late.n = 5", "Late.n = prop",
    "xs.append(ys.pop())", "ys.append(ys.pop())", "xs.append(xs.pop(0))", "xs.append(own.pop())", "zs.append(it.pop())", "xs.append(d.pop(k))",
    "s.add(i)", "s.add(xs)", "s.add(p)", "box[1][w] = p", "frozen.n = w", "p.__class__ = Other", "meta.n = w", "ex.n = w", "xs.insert(i, w)", "xs.reverse()", "d.setdefault(w, ys)", "deep.pop()", "deep = deep.pop()", "deep[0] += [9]", "alias = [*xs]", "w = e.copy()",
    "xs.pop()", "xs.pop(0)", "x = big.pop(0)", "big.pop()", "t = ys.pop(0)", "deep.pop(0)", "d.pop(k)", "xs = xs.pop()", "alias.append(xs.pop(0))",
    "big.append(big.pop(0))", "w = xs.append(i)", "own.pop(0)",
]  # fmt: skip


def states(statements: list[str], known: bool) -> list[object]:
    """The rows of the program; naming `exec` in it switches all knowledge of effects off."""
    body = "".join(f"    try:\n        {line}\n    except Exception: pass\n" for line in statements)
    trace = record_here(SETUP + body + f"main()\n{'None' if known else 'exec'}\n", limits=FREE)
    return [event_row(event) for event in trace.events]


@given(st.lists(st.sampled_from(STATEMENTS), min_size=1, max_size=12))
@settings(max_examples=150, deadline=None)
def test_knowing_what_a_statement_does_changes_nothing_that_is_told(statements: list[str]) -> None:
    assert states(statements, known=True) == states(statements, known=False)


@pytest.mark.parametrize("line", STATEMENTS)
def test_each_statement_twice(line: str) -> None:
    assert states([line, line], known=True) == states([line, line], known=False)


def test_objects_die_when_the_program_lets_them_go() -> None:
    source = """\
class Gone:
    def __del__(self): print("gone")
def f():
    a = Gone()
    a = None
    print("after")
    b = [Gone()]
    b.pop()
    print("end")
f()
"""
    assert record_here(source).stdout == "gone\nafter\ngone\nend\n"


def test_a_class_body_in_a_mapping_of_its_own_is_not_asked() -> None:
    source = """\
class Names(dict):
    def items(self): print("asked"); return []
    def get(self, *_): print("asked")
class Meta(type):
    @classmethod
    def __prepare__(cls, *_): return Names()
class C(metaclass=Meta):
    a = 1
    b = a + 1
"""
    trace = record_here(source)
    assert trace.stdout == "" and list(trace.steps())[-1].locals["b"] == "2"


def test_an_object_of_a_library_may_change_itself_unseen() -> None:
    """`str(path)` keeps the text in an attribute, without a recorded line."""
    source = """\
from pathlib import PurePosixPath
def main():
    path = PurePosixPath("a") / "b"
    a = str(path)
    b = 1
main()
"""
    changes = {step.line: step.changes for step in record_here(source, limits=FREE).steps() if step.function == "main"}
    assert "_str" not in str(changes[3]["path"]) and "_str='a/b'" in str(changes[4]["path"])


def test_a_callback_of_a_weak_reference_is_not_overlooked() -> None:
    source = """\
from weakref import ref
class Own: pass
def main():
    own, xs = Own(), []
    watch = ref(own, xs.append)
    own = 1
    b = 2
main()
"""
    steps = [step for step in record_here(source, limits=FREE).steps() if step.function == "main"]
    assert "xs" in steps[2].changes and steps[2].line == 6


def test_printing_leaves_what_is_known() -> None:
    """A line that prints a number of a long list is not followed by a comparison of the list, but one that changes the
    list in passing is."""
    source = """\
class Sly:
    def __str__(self): return str(xs.append(1))
def main():
    global xs
    xs = [0]
    ys, sly = xs, Sly()
    print(ys[0])
    print(sly)
    print("x", len(ys))
    return ys
main()
"""
    steps = {step.line: step for step in record_here(source, limits=FREE).steps() if step.function == "main"}
    assert steps[7].changes == {} and steps[8].changes == {"ys": "[0, 1]"} and steps[9].stdout == "x 2\n"


@pytest.mark.parametrize("sharing", [
    "a.__dict__ = b.__dict__",
    "d = a.__dict__",
    "d = vars(a)",
    "d = getattr(a, '__dict__')",
    "type(a).n = property(None, functools.partial(lambda xs, it, v: None, xs))",
])  # fmt: skip
def test_attributes_that_are_not_only_their_own(sharing: str) -> None:
    """A store that shows elsewhere, too, is seen there."""
    source = f"""\
import functools
class P: pass
def main():
    a, b, d, xs = P(), P(), None, []
    a.m = b.m = 0
    {sharing}
    a.n = 5
    a.n = 6
    return a, b, d
main()
"""
    ours = [event_row(event) for event in record_here(source, limits=FREE).events]
    sure = [event_row(event) for event in record_here(source + "exec\n", limits=FREE).events]
    assert ours[: len(sure) - 3] == sure[:-3]
