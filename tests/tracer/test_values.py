"""Values as text: equal to repr for plain data, bounded, safe, the same whatever the addresses and hashes."""

import ast
import decimal
import enum
import fractions
import os
import subprocess
import sys
from collections import Counter, OrderedDict, defaultdict, deque

import pytest
from deskcheck_tracer.picture import alike
from deskcheck_tracer.values import LIMIT, KeptLabel, Values, is_elided
from deskcheck_tracer.watch import Pictures
from deskcheck_tracer.writer import Writer
from hypothesis import HealthCheck, given, settings
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
        assert is_elided(text) and len(text) <= LIMIT


class Plain:
    pass


class Numbers(list):  # type: ignore[type-arg]
    pass


class Word(str):
    pass


def instance(attributes: dict[str, object]) -> object:
    made = Plain()
    vars(made).update(attributes)
    return made


def function(name: str) -> object:
    made = lambda: None  # noqa: E731
    made.__name__ = name
    return made


HOSTILE = st.text(st.sampled_from("a'\"\\\n\0é\U0001f600\ud800"), max_size=300)
SIZED = st.one_of(
    ATOMS,
    HOSTILE,
    HOSTILE.map(lambda text: text.encode("utf-8", "surrogatepass")),
    st.integers(1, 4200).map(lambda digits: 7 * 10**digits),
    st.integers(1, 400).map(lambda digits: decimal.Decimal("1." + "3" * digits)),
    st.integers(1, 900).map(lambda digits: fractions.Fraction(10**digits, 7)),
    HOSTILE.map(function),
    HOSTILE.map(lambda name: type("C" + name.replace("\0", "").replace("\ud800", ""), (), {})),
    HOSTILE.map(Word),
    HOSTILE.map(lambda text: bytearray(text, "utf-8", "surrogatepass")),
    st.sets(st.one_of(HASHABLE, HOSTILE), max_size=60),
    st.frozensets(st.one_of(HASHABLE, HOSTILE), max_size=60),
)
ANYTHING = st.recursive(
    SIZED,
    lambda inner: st.one_of(
        st.lists(inner, max_size=8),
        st.lists(inner, max_size=8).map(tuple),
        st.lists(inner, max_size=8).map(Numbers),
        st.lists(inner, max_size=4).map(lambda items: deque(items, maxlen=9)),
        st.lists(inner, max_size=4).map(lambda items: ValueError(*items)),
        st.dictionaries(st.one_of(HASHABLE, HOSTILE), inner, max_size=6),
        st.dictionaries(HOSTILE, inner, max_size=4).map(lambda items: defaultdict(list, items)),
        st.dictionaries(HOSTILE, inner, max_size=4).map(OrderedDict),
        st.dictionaries(HOSTILE, inner, max_size=4).map(instance),
        inner.map(lambda item: [[[[[[[[[[item]]]]]]]]]]),
    ),
    max_leaves=20,
)


@given(ANYTHING)
@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
def test_no_text_is_longer_than_the_limit(value: object) -> None:
    assert len(Values().text(value)) <= LIMIT and len(Values().exception(ValueError(value, value))) <= LIMIT
    assert len(Writer(Values(), LIMIT, cut=True).write_cut(value)) <= LIMIT


@pytest.mark.parametrize("value", [
    "\0" * 300,
    ["\U0001f600\ud800" * 90],
    [10**4000],
    {10**4000: 10**4000},
    {"a" * 5000: [1]},
    instance({"a" * 5000: 1}),
    type("C" * 5000, (), {})(),
    function("f" * 5000),
    [defaultdict(list, {1: 2}) for _ in range(20)],
], ids=lambda value: type(value).__name__)  # fmt: skip
def test_what_is_cut_is_marked(value: object) -> None:
    text = Values().text(value)
    assert is_elided(text) and LIMIT // 2 < len(text) <= LIMIT


def test_a_cut_string_ends_between_characters() -> None:
    text = Values().text("\0" * 300)
    shown, _, mark = text.rpartition("... ")
    assert set(ast.literal_eval(shown)) == {"\0"} and mark == "(len 300)"
    assert Values().text(["\0" * 300]).startswith("[" + repr("\0" * 39)[:-1])


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
    assert is_elided(Values().text(deep)) and len(Values().text(deep)) <= LIMIT
    for _ in range(2940):
        deep = deep[0]  # type: ignore[assignment]
    assert is_elided(Values().text(deep)), "sixty brackets: short enough, but the innermost are left out"


class LoudType(type):
    def _accident(self, *_: object) -> str:
        raise AssertionError("code of the program ran")

    __hash__ = __eq__ = __instancecheck__ = __subclasscheck__ = _accident  # type: ignore[assignment]


class Loud(metaclass=LoudType):
    """Every hook of it and of its class is an accident."""

    def __init__(self) -> None:
        self.value = 1

    def _accident(self, *_: object) -> str:
        raise AssertionError("code of the program ran")

    __repr__ = __str__ = __eq__ = __hash__ = __len__ = __iter__ = __bool__ = __getattribute__ = _accident  # type: ignore[assignment]
    __class__ = property(_accident)  # type: ignore[assignment]


class LoudList(list):  # type: ignore[type-arg]
    __repr__ = __iter__ = __len__ = __eq__ = __getitem__ = vars(Loud)["_accident"]


class LoudName(str):
    def _accident(self, *_: object) -> str:
        raise AssertionError("code of the program ran")

    __hash__ = str.__hash__
    __eq__ = __str__ = __repr__ = __format__ = _accident  # type: ignore[assignment]


def test_no_code_of_the_program_runs() -> None:
    values, loud, listed = Values(), Loud(), LoudList([1, 2])
    pictures = Pictures(values)
    for value in (loud, [loud], {"k": (loud,)}, listed, Loud, [Loud]):
        text = values.text(value)
        picture = pictures.of(value, type(value))
        assert "Loud" in text and alike(pictures.of(value, type(value)), picture)
    assert values.text(loud) == "Loud#1(value=1)" and values.text(listed) == "LoudList#1([1, 2])"


def test_names_that_are_no_plain_strings() -> None:
    class Odd:
        pass

    odd, function = Odd(), lambda: None
    vars(odd)[LoudName("x")] = 1
    vars(odd)[3] = 2  # type: ignore[index]
    function.__name__ = LoudName("f")
    Odd.__module__ = LoudName("m")
    assert Values().text(odd) == "Odd#1(x=1, ?=2)" and Values().text(function) == "<function f>"


def test_a_class_that_claims_to_be_a_number_is_not_asked() -> None:
    class Decimal:
        __module__ = "decimal"
        __repr__ = vars(Loud)["_accident"]

    assert Values().text(Decimal()) == "Decimal#1"
    assert Values().text(decimal.Decimal("1.50")) == "Decimal('1.50')"
    assert Values().text(fractions.Fraction(1, 3)) == "Fraction(1, 3)"


def test_nothing_is_marked_as_left_out_that_is_not() -> None:
    for count in range(40, 90):
        value: list[object] = [[] for _ in range(count)]
        text = Values().text(value)
        assert is_elided(text) == (text != repr(value)), count


SHORT = st.one_of(
    st.lists(ATOMS, max_size=90),
    st.dictionaries(HASHABLE, ATOMS, max_size=60),
    st.sets(st.integers(), max_size=60),
    st.lists(st.integers(), min_size=50, max_size=300),
)


@given(SHORT)
@settings(max_examples=200, deadline=None)
def test_the_short_ways_give_the_text_of_the_general_one(value: object) -> None:
    text = Values().text(value)
    whole = Writer(Values(), LIMIT).write(value)
    if whole is not None:
        assert text == whole
    elif type(value) is dict:
        assert text == Writer(Values(), LIMIT, cut=True).write_cut(value)
    else:
        assert is_elided(text) or text == repr(value)


class Colour(enum.Enum):
    RED = 1


def test_named_things() -> None:
    values = Values()
    assert values.text(Colour.RED) == "Colour.RED" and values.text(Colour) == "<class 'Colour'>"
    assert values.text([len, sys]) == "[<built-in len>, <module sys>]"


UNSTABLE = """
import sys
from deskcheck_tracer.engine import record_here
from deskcheck_tracer.trace import event_row
pad = [object() for _ in range(int(sys.argv[1]) * 1237)]
source = '''
class Node:
    def __init__(self, name): self.name = name
def tell(nodes, words, it, f, g):
    return words
words = {"alpha", "beta", "gamma"} | {("x", i) for i in range(5)}
made = [Node(name) for name in "abcdefg"]
tell(set(made), words, iter(words), made.append, (n for n in words))
'''
for event in record_here(source).events:
    print(event_row(event))
"""


def test_a_trace_is_the_same_whatever_the_hash_seed_and_the_addresses() -> None:
    def output(seed: int) -> str:
        command = [sys.executable, "-c", UNSTABLE, str(seed)]
        environment = {**os.environ, "PYTHONHASHSEED": str(seed)}
        return subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout

    first = output(1)
    assert first == output(2) and "{Node#1(name='a'), Node#2(name='b')" in first


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


# ---- the shorter ways: which values take them, and where their texts end ----


def short(value: object) -> str | None:
    """The text by a shorter way than the writer's, if there is one."""
    return Values()._short(value, type(value))


def digits(count: int) -> int:
    return 10 ** (count - 1)


@pytest.mark.parametrize("value", [
    [], (), (7,), [1, "a", b"b", None, 2.5], [1] * 66, (digits(195), 1), [digits(198)], ["x" * 193, 1],
    {}, {1: "a", "b": None}, {n: n for n in range(20)}, {1: digits(195)},
], ids=lambda value: type(value).__name__)  # fmt: skip
def test_lists_tuples_and_dicts_of_atoms_are_whole_up_to_the_limit(value: object) -> None:
    assert short(value) == Values().text(value) == repr(value)
    assert len(repr(value)) <= LIMIT


@pytest.mark.parametrize(("value", "text"), [
    ([1] * 67, f"[{'1, ' * 53}...] (len 67)"),
    ((1,) * 67, f"({'1, ' * 53}...) (len 67)"),
    ([1] * 67 + [[]], f"[{'1, ' * 53}...] (len 68)"),
    ([1, digits(196)], "[1, ...] (len 2)"),
    ([digits(158), digits(158)], f"[{digits(158)}, ...] (len 2)"),
    (["a" * 156, "b" * 156], f"['{'a' * 156}', ...] (len 2)"),
    ([b"a" * 155, b"b" * 156], f"[b'{'a' * 155}', ...] (len 2)"),
    (["'" * 156, "b" * 156], f"[\"{chr(39) * 156}\", ...] (len 2)"),
    ([1, "a, b" * 40, "c" * 80], "[1, ...] (len 3)"),
    ({digits(18) + n: digits(18) for n in range(6)},
     f"{{{''.join(f'{digits(18) + n}: {digits(18)}, ' for n in range(4))}...}} (len 6)"),
    ({digits(18) + n: "x" * 16 for n in range(6)},
     f"{{{''.join(f'{digits(18) + n}: {chr(39)}{"x" * 16}{chr(39)}, ' for n in range(4))}...}} (len 6)"),
    ({1: digits(182), 2: 33333, 3: 4}, f"{{1: {digits(182)}, ...}} (len 3)"),
    ({n: n for n in range(100, 200)}, f"{{{''.join(f'{n}: {n}, ' for n in range(100, 116))}...}} (len 100)"),
], ids=lambda value: type(value).__name__)  # fmt: skip
def test_longer_ones_end_between_elements_after_four_fifths_of_the_limit(value: object, text: str) -> None:
    assert short(value) == Values().text(value) == text and len(text) <= LIMIT


@pytest.mark.parametrize("value", [
    [[]], (1, [2]), [digits(199)], [digits(159), digits(158)], ["a" * 157, "b" * 156], [1] * 66 + [[], 1], [10**5000],
    {1: []}, {(1,): 2}, {**{n: n for n in range(40)}, 5: []}, {1: digits(183), 2: 33333, 3: 4}, {1: digits(196)},
    {1: "x" * 170, 2: digits(40), 3: 4}, {1: b"x" * 170, 2: digits(40), 3: 4}, {"x" * 170: 1, 2: digits(40), 3: 4},
    set(), {(1,)}, {digits(199)}, set(range(67)), frozenset({1}), Numbers([1]), Word("a"), len, Plain(),
    instance({"a": [1]}), instance({"a": Numbers()}), instance({"a": digits(190)}),
], ids=lambda value: type(value).__name__)  # fmt: skip
def test_for_other_values_there_is_only_the_writer(value: object) -> None:
    assert short(value) is None
    whole = Writer(Values(), LIMIT).write(value)
    assert Values().text(value) == (whole or Writer(Values(), LIMIT, cut=True).write_cut(value))


def test_sets_and_plain_objects_take_shorter_ways_too() -> None:
    assert short({3, 1, 2}) == "{1, 2, 3}" and short({"b", "a"}) == "{'a', 'b'}"
    assert short({digits(198)}) == f"{{{digits(198)}}}"
    assert short(instance({"a": 1, "b": "x"})) == "Plain#1(a=1, b='x')"
    assert short(instance({"a": instance({}), "b": None})) == "Plain#1(a=Plain#2, b=None)"
    assert short(instance({"a": digits(189)})) == f"Plain#1(a={digits(189)})"


def test_a_limit_of_ones_own() -> None:
    assert Values().limit == LIMIT == 200
    assert Values(12).text([1, 2, 3, 4]) == "[1, 2, 3, 4]"
    assert Values(12).text(10**20).endswith("(len 21)")


def test_an_exception_is_its_name_and_arguments() -> None:
    values = Values()
    assert values.exception(KeyError()) == "KeyError()"
    assert values.exception(ValueError("a, b", [1])) == "ValueError('a, b', [1])"
    assert values.exception(ValueError(digits(188))) == f"ValueError({digits(188)})"
    assert values.exception(ValueError(*range(300))) == "ValueError(" + ", ".join(map(str, range(300)))[:185] + "...)"


# ---- labels ----


def test_an_object_has_one_label_as_long_as_it_lives() -> None:
    values, value = Values(), Plain()
    assert values.known_label(value) is None
    label = values.identity(value)
    assert values.identity(value) is label and label.text == "Plain#1" and label() is value  # type: ignore[operator]
    assert values.known_label(value) == values.label(value) == "Plain#1"
    assert values.label(Numbers()) == "Numbers#1" and values.label(Plain()) == "Plain#2"
    assert list(values.labels) == [id(value)]  # those of the dead are gone
    del value
    assert values.labels == {}


def test_what_cannot_be_watched_is_kept() -> None:
    class Bare:
        __slots__ = ()

    values = Values()
    assert [values.label(Bare()) for _ in range(3)] == ["Bare#1", "Bare#2", "Bare#3"]
    value = Bare()
    kept = values.identity(value)
    assert isinstance(kept, KeptLabel) and kept.value is value and kept.text == "Bare#4"
    assert values.identity(value) is kept and values.known_label(value) == "Bare#4"
    assert KeptLabel(value).text == ""


def test_a_class_is_looked_into_once_and_told_if_it_shows_more_than_a_name() -> None:
    values, met = Values(), []
    values.met = met.append
    assert values.storage(Plain) is values.storage(Plain) and values.storage(Plain) is not values.storage(Numbers)
    assert met == [Plain, Numbers]
    values.storage(type(len))
    assert met == [Plain, Numbers]
