"""Values as text: equal to repr for plain data, bounded, safe; and shadows that notice every change."""

import random
from collections import Counter, OrderedDict, defaultdict, deque

import pytest
from deskcheck_tracer.values import LIMIT, Values, is_elided
from deskcheck_tracer.watch import grown, same, take
from hypothesis import given, settings
from hypothesis import strategies as st

ATOMS = st.one_of(
    st.integers(),
    st.floats(),
    st.text(max_size=12),
    st.booleans(),
    st.none(),
    st.binary(max_size=8),
    st.complex_numbers(),
)
HASHABLE = st.one_of(st.integers(), st.text(max_size=5), st.booleans(), st.none())
DATA = st.recursive(
    ATOMS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=5), st.tuples(inner, inner), st.dictionaries(HASHABLE, inner, max_size=4)
    ),
    max_leaves=20,
)


@given(DATA)
@settings(max_examples=300, deadline=None)
def test_plain_data_reads_as_repr(value: object) -> None:
    text = Values().text(value)
    if len(repr(value)) <= LIMIT:
        assert text == repr(value) and not is_elided(text)
    else:
        assert is_elided(text) and len(text) < LIMIT + 60


@pytest.mark.parametrize(("value", "text"), [
    ({3, 1, 2}, "{1, 2, 3}"),
    ({"b", "a"}, "{'a', 'b'}"),
    (frozenset({(2, 1), "x"}), "frozenset({'x', (2, 1)})"),
    (set(), "set()"),
    (deque([1], maxlen=2), "deque([1], maxlen=2)"),
    (Counter("aab"), "Counter({'a': 2, 'b': 1})"),
    (defaultdict(int, a=1), "defaultdict(<class 'int'>, {'a': 1})"),
    (OrderedDict(a=1), "OrderedDict({'a': 1})"),
    (ValueError("x", 1), "ValueError('x', 1)"),
    (len, "<built-in len>"),
    (range(3), "range(0, 3)"),
    (-0.0, "-0.0"),
])  # fmt: skip
def test_other_values(value: object, text: str) -> None:
    assert Values().text(value) == text


def test_an_int_too_long_to_print_states_its_bits() -> None:
    assert Values().text(10**5000) == "<int of 16610 bits>"
    assert Values().text([10**5000]) == "[<int of 16610 bits>]"


def test_a_long_value_states_its_size() -> None:
    values = Values()
    assert values.text(list(range(1000))).endswith(", ...] (len 1000)")
    assert values.text("a" * 1000).endswith("'... (len 1000)")
    assert values.text({n: n for n in range(500)}).endswith("} (len 500)")
    assert values.text([["x" * 50] * 9] * 9).endswith("] (len 9)")
    assert not is_elided(values.text("[1, ...] (len 7)"))


def test_recursive_values_end() -> None:
    items: list[object] = [1]
    items.append(items)
    table: dict[str, object] = {}
    table["self"] = table
    assert Values().text(items) == repr(items)
    assert Values().text(table) == repr(table)
    deep: list[object] = []
    for _ in range(3000):
        deep = [deep]
    assert len(Values().text(deep)) < LIMIT + 60


class Loud:
    """Every hook of it is an accident."""

    def __init__(self) -> None:
        self.value = 1

    def _accident(self, *_: object) -> str:
        raise AssertionError("code of the program ran")

    __repr__ = __str__ = __eq__ = __hash__ = __len__ = __iter__ = __bool__ = __getattr__ = _accident  # type: ignore[assignment]
    __class__ = property(_accident)  # type: ignore[assignment]


class LoudList(list):  # type: ignore[type-arg]
    __repr__ = __iter__ = __len__ = __eq__ = __getitem__ = Loud._accident  # type: ignore[assignment]


def test_no_code_of_the_program_runs() -> None:
    values = Values()
    loud, listed = Loud(), LoudList([1, 2])
    for value in (loud, [loud], {"k": (loud,)}, listed, Loud):
        text = values.text(value)
        assert same(take(value, values), value, values)
        assert "Loud" in text
    assert values.text(loud) == "Loud#1(value=1)" and values.text(listed) == "LoudList#1([1, 2])"


def test_labels_follow_the_object_not_its_address() -> None:
    class Node:
        pass

    values = Values()
    first = Node()
    assert (values.label(first), values.label(first)) == ("Node#1", "Node#1")
    for number in range(2, 50):
        assert values.label(Node()) == f"Node#{number}"  # each dies at once, so that ids come back
    assert values.label(first) == "Node#1"


def test_attributes_are_shown_one_object_deep() -> None:
    class Node:
        def __init__(self, value: int, next: object = None) -> None:
            self.value, self.next = value, next

    class Slotted:
        __slots__ = ("left", "unset")

    slotted = Slotted()
    slotted.left = [Node(1)]
    values = Values()
    assert values.text(Node(1, Node(2, Node(3)))) == "Node#1(value=1, next=Node#2)"
    assert values.text(slotted) == "Slotted#1(left=[Node#3])"


# ---- shadows ----


def mutate(value: object, rng: random.Random) -> bool:
    """Change a container somewhere inside; False if there is nothing to change."""
    if isinstance(value, list):
        inner = [item for item in value if isinstance(item, list | dict)]
        if inner and rng.random() < 0.6 and mutate(rng.choice(inner), rng):
            return True
        if value and rng.random() < 0.6:
            at = rng.randrange(len(value))
            value[at] = (value[at], "new")
        else:
            value.append("new")
        return True
    if isinstance(value, dict):
        value[rng.choice([*value, "another"])] = object
        return True
    return False


@given(st.one_of(st.lists(DATA, max_size=6), st.dictionaries(HASHABLE, DATA, max_size=4)), st.randoms())
@settings(max_examples=200, deadline=None)
def test_a_shadow_notices_every_change(value: object, rng: random.Random) -> None:
    values = Values()
    shadow = take(value, values)
    assert same(shadow, value, values)
    if mutate(value, rng):
        assert not same(shadow, value, values)


@pytest.mark.parametrize(("before", "after"), [
    ([1], [True]),
    ([1], [1.0]),
    ([0.0], [-0.0]),
    ([[1], [2]], [[2], [1]]),
    ({1: 2, 3: 4}, {3: 4, 1: 2}),
    ([1], (1,)),
    (list(range(500)), [*range(499), -1]),
    ({1}, {1, 2}),
    (deque([1, 2]), deque([2, 1])),
])  # fmt: skip
def test_small_differences_count(before: object, after: object) -> None:
    values = Values()
    assert not same(take(before, values), after, values)


def test_equal_values_are_no_change() -> None:
    values = Values()
    for before, after in [
        ([1, "a"], [1, "a"]),
        ([float("nan")], [float("nan")]),
        ({"k": [1]}, {"k": [1]}),
        (10**40, 10**40),
    ]:
        assert same(take(before, values), after, values)


def test_growth_keeps_the_shadow_true() -> None:
    values = Values()
    items = [1, 2]
    shadow = take(items, values)
    items += [3, "x"]
    assert grown(shadow, items) and same(shadow, items, values)
    items.append([])  # type: ignore[arg-type]
    assert not grown(shadow, items)
    assert not grown(shadow, [9, 9, 9, 9, 9])
