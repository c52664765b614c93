"""Pictures notice every change, on whole values, and nothing but changes; they are shared and hold no object alive."""

import gc
import random
import weakref
from collections import OrderedDict, deque
from collections.abc import Callable
from typing import Any

import pytest
from deskcheck_tracer.picture import Picture, alike
from deskcheck_tracer.update import appended, assigned, stored
from deskcheck_tracer.values import LIMIT, Values
from deskcheck_tracer.watch import Pictures
from hypothesis import given, settings
from hypothesis import strategies as st

ATOMS = st.one_of(st.integers(), st.floats(), st.text(max_size=12), st.booleans(), st.none(), st.binary(max_size=8))
HASHABLE = st.one_of(st.integers(), st.text(max_size=5), st.booleans(), st.none())
DATA = st.recursive(
    ATOMS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=5), st.tuples(inner, inner), st.dictionaries(HASHABLE, inner, max_size=4)
    ),
    max_leaves=20,
)


def fresh() -> Pictures:
    return Pictures(Values())


def hold(picture: Picture) -> Picture:
    """What a frame does with a picture that it takes as a name's."""
    picture.lent = picture.lent is not None
    return picture


def look(pictures: Pictures, value: Any) -> Any:
    return pictures.of(value, type(value))


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
def test_a_picture_changes_with_the_value_and_not_without(value: Any, rng: random.Random) -> None:
    pictures = fresh()
    before = look(pictures, value)
    assert look(pictures, value) is before
    if mutate(value, rng):
        after = look(pictures, value)
        assert after is not before and not alike(before, after)
        assert look(pictures, value) is after


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
    pictures = fresh()
    assert not alike(look(pictures, before), look(pictures, after))


def test_equal_values_are_no_change() -> None:
    pictures = fresh()
    for before, after in [
        ([1, "a"], [1, "a"]),
        ([float("nan")], [float("nan")]),
        ({"k": [1]}, {"k": [1]}),
        ([10**40, (1, 2.5)], [10**40, (1, 2.5)]),
        ({8, 0}, {0, 8}),  # one hash table, two orders
    ]:
        assert alike(look(pictures, before), look(pictures, after))


HIDDEN: list[tuple[Any, Callable[[Any], Any]]] = [
    (list(range(1000)), lambda value: value.__setitem__(999, -1)),
    ({n: n for n in range(1000)}, lambda value: value.__setitem__(999, -1)),
    ([[0] * 50 for _ in range(50)], lambda value: value[49].__setitem__(49, 1)),
    (["x" * 500], lambda value: value.__setitem__(0, "x" * 499 + "y")),
    (OrderedDict((n, n) for n in range(100)), lambda value: value.move_to_end(98)),
]


@pytest.mark.parametrize(("value", "change"), HIDDEN)
def test_a_change_beyond_what_the_text_shows_is_seen(value: Any, change: Callable[[Any], Any]) -> None:
    pictures = fresh()
    before, text = look(pictures, value), pictures.values.text(value)
    change(value)
    assert not alike(before, look(pictures, value))
    assert text == pictures.values.text(value) and "(len" in text, "the text was to hide the change"


def test_a_change_that_is_taken_back_is_none() -> None:
    pictures, inner = fresh(), [1]
    outer = [inner, 2]
    before = look(pictures, outer)
    inner.append(3)
    look(pictures, outer)
    inner.pop()
    assert alike(before, look(pictures, outer))


class Node:
    def __init__(self, value: int, next: object = None) -> None:
        self.value, self.next = value, next


def test_what_points_at_itself_is_told_from_what_points_at_another() -> None:
    pictures, node, items = fresh(), Node(1), [0]
    node.next = node
    items.append(items)  # type: ignore[arg-type]
    before = look(pictures, node), look(pictures, items)
    assert alike(before[1], look(pictures, items))
    node.next = Node(1)
    items[1] = [0, items]  # type: ignore[call-overload]
    assert not alike(before[0], look(pictures, node)) and not alike(before[1], look(pictures, items))
    nested: list[Any] = [[]]
    nested[0].append(nested)
    first = look(pictures, nested)
    nested[0][0] = nested[0]
    assert not alike(first, look(pictures, nested))


def test_attributes_count_one_object_deep() -> None:
    pictures, first = fresh(), Node(1)
    look(pictures, first)  # has a picture of its own, which must not show in that of its owner
    owner = Node(2, first)
    before = look(pictures, owner)
    first.value = 9
    assert look(pictures, owner) is before
    owner.next = Node(1)
    assert not alike(before, look(pictures, owner))


def test_no_object_of_the_program_is_kept_alive() -> None:
    pictures, node = fresh(), Node(1)
    node.next = [node]
    held = look(pictures, [node, {"k": node}, (node,)])
    died = weakref.ref(node)
    del node
    gc.collect()
    assert died() is None and type(held) is Picture


@pytest.mark.parametrize("make", [OrderedDict, bytearray, dict, set, list, deque])
def test_what_was_empty_is_looked_at_again(make: Callable[[], Any]) -> None:
    pictures, value = fresh(), make()
    before = look(pictures, value)
    value.update(k=1) if isinstance(value, dict) else (value.add if isinstance(value, set) else value.append)(1)
    assert not alike(before, look(pictures, value))


def test_an_object_in_the_place_of_a_dead_one_is_another() -> None:
    pictures = fresh()
    labels = []
    for _ in range(20):
        bare = object.__new__(Node)  # no attributes, and often the same address
        labels.append(pictures.word(bare))
        del bare
    assert labels == [f"Node#{number}" for number in range(1, 21)]


def test_what_was_forgotten_compares_as_before() -> None:
    pictures, items = fresh(), [[1], {"k": (2, [3])}]
    before = look(pictures, items)
    pictures.forget()
    assert alike(before, look(pictures, items))
    items[1]["k"][1].append(4)  # type: ignore[index]
    assert not alike(before, look(pictures, items))


# ---- one known change ----

STEPS = st.lists(st.tuples(st.sampled_from(["append", "store", "look"]), st.integers(-5, 40), ATOMS), max_size=40)


@given(st.lists(ATOMS, max_size=8), STEPS)
@settings(max_examples=200, deadline=None)
def test_steps_in_a_list_give_the_picture_and_text_of_a_fresh_look(items: list[Any], steps: list[Any]) -> None:
    pictures = fresh()
    picture = look(pictures, items)
    for what, index, value in steps:
        if what == "append":
            items.append(value)
            picture = hold(appended(pictures, picture, items) or picture)
        elif what == "store" and -len(items) <= index < len(items):
            items[index] = value
            picture = hold(stored(pictures, picture, items, index) or picture)
        elif what == "look":
            picture = look(pictures, items)
        assert alike(look(fresh(), items), picture)
        assert pictures.text(picture, items) == Values().text(items)


@given(st.dictionaries(HASHABLE, ATOMS, max_size=30), st.lists(st.tuples(HASHABLE, ATOMS), max_size=30))
@settings(max_examples=200, deadline=None)
def test_stores_in_a_dict_give_the_picture_and_text_of_a_fresh_look(table: dict[Any, Any], steps: list[Any]) -> None:
    pictures = fresh()
    picture = look(pictures, table)
    for key, value in steps:
        table[key] = value
        picture = hold(assigned(pictures, picture, table, key) or picture)
        assert alike(look(fresh(), table), picture)
        assert pictures.text(picture, table) == Values().text(table)


def test_a_picture_that_somebody_else_holds_stays_as_it_was() -> None:
    pictures, items = fresh(), [1]
    held = hold(hold(look(pictures, items)))
    items.append(2)
    own = appended(pictures, held, items)
    assert own is not None and own is not held
    own.lent = False  # one frame alone has it: then it may become the next picture
    items.append(3)
    newest = appended(pictures, own, items)
    assert held.items == [1] and newest is own and own.items == [1, 2, 3]
    lent = hold(look(pictures, items))
    items[0] = 9
    changed = stored(pictures, lent, items, 0)
    assert changed is not None and changed.items == [9, 2, 3] and lent.items == [1, 2, 3]


def test_long_lists_are_rendered_as_by_a_fresh_look() -> None:
    pictures, items = fresh(), list(range(400))
    picture = look(pictures, items)
    pictures.text(picture, items)
    for index in (0, 30, 66, 150, 201, 399, -1, -400):
        items[index] = index + 7
        picture = hold(stored(pictures, picture, items, index) or picture)
        assert pictures.text(picture, items) == Values().text(items) and len(pictures.text(picture, items)) < LIMIT
