"""Inputs drawn for functions: of the right kinds, fitting each other, the same everywhere, and without running anything."""

import ast
import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
from deskcheck_trainer.nlex.strategies import drawn_calls


def values(source: str, count: int = 40, name: str = "f", seed: str = "0") -> list[list]:
    """The arguments of the drawn calls, as values."""
    calls = [ast.parse(call, mode="eval").body for call in drawn_calls(textwrap.dedent(source), name, count, seed)]
    return [[ast.literal_eval(part) for part in [*call.args, *(k.value for k in call.keywords)]] for call in calls]


def share(flags) -> float:
    flags = list(flags)
    assert flags
    return sum(flags) / len(flags)


# ---- annotations and defaults ----


@pytest.mark.parametrize(
    ("annotation", "fits"),
    [
        ("int", lambda v: type(v) is int),
        ("float", lambda v: type(v) is float),
        ("bool", lambda v: type(v) is bool),
        ("str", lambda v: type(v) is str),
        ("bytes", lambda v: type(v) is bytes),
        ("list[str]", lambda v: type(v) is list and all(type(x) is str for x in v)),
        ("'List[List[int]]'", lambda v: all(type(x) is int for row in v for x in row)),
        ("dict[str, list[float]]", lambda v: all(type(k) is str and type(x) is list for k, x in v.items())),
        ("typing.Set[int]", lambda v: type(v) is set),
        ("tuple[int, str]", lambda v: type(v[0]) is int and type(v[1]) is str and len(v) == 2),
        ("tuple[int, ...]", lambda v: all(type(x) is int for x in v)),
        ("int | None", lambda v: v is None or type(v) is int),
        ("Optional[str]", lambda v: v is None or type(v) is str),
        ("Literal['up', 'down']", lambda v: v in ("up", "down")),
        ("Sequence[bool]", lambda v: all(type(x) is bool for x in v)),
        ("Annotated[Mapping[int, int], 'x']", lambda v: type(v) is dict),
    ],
)
def test_an_annotation_is_kept_to(annotation: str, fits) -> None:
    drawn = values(f"def f(x: {annotation}):\n    return x\n")
    assert drawn and all(fits(value) for [value] in drawn)


def test_a_default_tells_the_kind_and_is_often_left_in_place() -> None:
    drawn = values("def f(a: int, sep=', ', *, deep=False):\n    return a\n")
    assert {type(row[1]) for row in drawn if len(row) == 3} == {str} and any(len(row) == 1 for row in drawn)


def test_a_positional_only_parameter_is_given_by_place() -> None:
    calls = drawn_calls("def f(a: int, b: int = 1, c: int = 2, /, d: int = 3):\n    return a\n", "f", 30, "0")
    assert calls and not any("b=" in call or "c=" in call for call in calls)
    for call in calls:
        exec(f"def f(a, b=1, c=2, /, d=3): return a\n{call}")


def test_the_classes_of_the_module_are_written_as_calls() -> None:
    source = """
    @dataclass
    class Point:
        x: int
        tag: str = ""
    class Color(Enum):
        RED = 1
        BLUE = 2
    def f(p: Point, c: Color):
        return p.x if c is Color.RED else 0
    """
    calls = drawn_calls(textwrap.dedent(source), "f", 20, "0")
    assert calls and all(call.startswith("f(Point(") for call in calls)
    assert {call.split(", ")[-1] for call in calls} == {"Color.RED)", "Color.BLUE)"}


# ---- usage ----


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        ("return x[1:] + 'a'", str),
        ("return x.split()", str),
        ("return [w.upper() for w in x][0].strip()", list),
        ("x.append(1)\n    return x", list),
        ("return {v: k for k, v in x.items()}", dict),
        ("return x['name'] + x['age']", dict),
        ("return x % 2 == 0", int),
        ("return [i for i in range(x)]", int),
        ("return 1 if x > 0.25 else 2", float),
        ("return sum(x) / len(x)", list),
        ("return g(x)", list),
        ("return sum(ord(c) for c in x)", str),
        ("return isinstance(x, str) and len(x)", str),
        ("return x.union({1})", set),
        ("return x == 'yes'", str),
        ("return Box(x).largest()", list),
    ],
)
def test_what_a_body_does_with_a_parameter_tells_its_kind(body: str, kind: type) -> None:
    source = f"""def g(items):
    items.sort()
    return items
class Box:
    def __init__(self, content):
        self.content = content
    def largest(self):
        return sorted(self.content)[-1] + 1
def f(x):
    {body}
"""
    assert share(type(value) is kind for [value] in values(source)) >= 0.9


def test_constants_and_their_neighbours_are_tried() -> None:
    drawn = {value for [value] in values("def f(x):\n    if x > 730:\n        return 1\n    return x * 2\n")}
    assert drawn & {729, 730, 731} and drawn - {729, 730, 731}
    texts = {value for [value] in values("def f(op):\n    return {'add': 1, 'mul': 2}[op]\n")}
    assert {"add", "mul"} <= texts


def test_texts_are_made_of_the_characters_that_are_looked_for() -> None:
    source = "def f(x):\n    n = 0\n    for c in x:\n        if c == '(':\n            n += 1\n        elif c == ')':\n            n -= 1\n    return n\n"
    assert share("(" in value or ")" in value for [value] in values(source)) > 0.8


def test_texts_are_read_back_as_they_are_split() -> None:
    drawn = values("def f(x):\n    return [int(p) for p in x.split(';')]\n")
    assert share(all(p.isdigit() for p in value.split(";")) for [value] in drawn) > 0.85
    assert any(";" in value for [value] in drawn)


def test_texts_have_as_many_pieces_as_are_unpacked() -> None:
    drawn = values("def f(x):\n    name, low = x.split(':')\n    return name * int(low)\n")
    assert share(value.count(":") == 1 and value.split(":")[1].isdigit() for [value] in drawn) > 0.8


def test_what_is_given_as_keywords_is_a_dictionary_of_them() -> None:
    source = (
        "class V:\n    def __init__(self, a, b):\n        self.n = a * 2 + len(b)\ndef f(x):\n    return V(**x).n\n"
    )
    assert share(set(value) == {"a", "b"} for [value] in values(source)) > 0.8


def test_a_docstring_tells_kinds() -> None:
    source = '''
    def f(a, b, c, d, e):
        """Do it.

        Args:
            a (list of str): the words
            b (dict[str, int]): counts
            mode
        Parameters
        ----------
        c : float, optional
        :type d: bool
        :param str e: one of 'left', 'right'
        """
        return [a, b, c, d, e]
    '''
    for a, b, c, d, e in values(source):
        assert all(type(word) is str for word in a) and type(b) is dict
        assert (type(c), type(d), type(e)) == (float, bool, str)
    assert {"left", "right"} <= {row[4] for row in values(source)}


def test_dates_are_written_in_their_format() -> None:
    drawn = values("def f(x):\n    return datetime.datetime.strptime(x, '%d/%m/%Y').year\n")
    assert all(len(value) == 10 and value[2] == value[5] == "/" for [value] in drawn)
    hostile = values("def f(x):\n    return datetime.strptime(x, '%999999999d')\n")
    assert all(len(value) < 100 for [value] in hostile)


# ---- arguments that fit each other ----


def test_a_size_is_the_size_of_its_list() -> None:
    drawn = values("def f(arr, n):\n    t = 0\n    for i in range(n):\n        t += arr[i]\n    return t\n")
    assert share(n <= len(arr) for arr, n in drawn) > 0.75


def test_lists_that_are_walked_together_are_equally_long() -> None:
    drawn = values("def f(a, b):\n    return [a[i] * b[i] for i in range(len(a))]\n")
    assert share(len(a) == len(b) for a, b in drawn) > 0.75


def test_matrices_are_rectangular_as_a_rule() -> None:
    drawn = values("def f(m):\n    return [[m[r][c] for r in range(len(m))] for c in range(len(m[0]))]\n")
    assert share(len({len(row) for row in m}) <= 1 for [m] in drawn) > 0.6


def test_an_element_is_looked_for_that_is_there() -> None:
    drawn = values(
        "def f(xs, x):\n    for i, y in enumerate(xs):\n        if x == y:\n            return i\n    return -1\n"
    )
    assert 0.1 < share(x in xs for xs, x in drawn) < 0.9


# ---- whatever the text is ----


@pytest.mark.parametrize(
    "source",
    [
        "def g(x): return x",
        "def f(x:",
        "\0",
        "def f(x): return " + "(" * 5000 + "x" + ")" * 5000,
        "def f(x): return " + "-" * 50_000 + "x",
        "class f:\n    pass",
        "async def f(x): return x",
        "def f(g): return g(1)",
        "def f(x): return x.name + x.children[0].name",
        "f = lambda x: x",
    ],
)
def test_nothing_is_drawn_where_nothing_can_be_given(source: str) -> None:
    assert drawn_calls(source, "f", 5, "0") == []


@pytest.mark.parametrize(
    "source",
    [
        "def f(x): return f(x)",
        "def f(x): return g(x)\ndef g(x): return f([x])",
        "def f(x):\n    x = [x]\n    return f(x) + x[0] + x",
        "def f(x):\n    while x:\n        x = x['next']",
        "def f(*args, **kwargs): return args, kwargs",
        "def f(): return 1",
        "class A:\n    def __init__(self, a): self.a = A(a)\ndef f(x): return A(x).a.a",
        "def f(x):\n" + "    x = x + 1\n" * 12_000,
        "def f(x):\n    del x\n    match 1:\n        case [y, *z]: pass",
        "def f(x, y): x.same = y; y.same = x; x == y; x[y] = y[x]; return x",
    ],
)
def test_odd_functions_end_in_calls_or_in_none(source: str) -> None:
    for call in drawn_calls(source, "f", 10, "0"):
        assert call.startswith("f(") and len(call) <= 2000
        ast.parse(call, mode="eval")


def test_nothing_of_the_function_is_run(tmp_path: Path) -> None:
    touch = f"open({str(tmp_path / 'touched')!r}, 'w')"
    source = f"""{touch}
@({touch})
class A({touch}):
    b = {touch}
    def __init__(self, x: {touch} = {touch}): pass
def f(x: '{touch.replace("'", '"')}' = {touch}, y: A = {touch}, z=[{touch}]):
    {touch}
    return x + 1
"""
    assert drawn_calls(source, "f", 10, "0")
    assert list(tmp_path.iterdir()) == []


# ---- the same everywhere ----

MANY = """
def f(text, names: set, k=3, ratio: float = 0.5, table: dict[str, set[str]] = None):
    for c in text:
        if c in 'aeiou':
            k += 1
    return names, k, table
"""


def test_another_seed_gives_other_calls_and_the_same_seed_the_same() -> None:
    first = drawn_calls(MANY, "f", 20, "a")
    assert len(set(first)) == 20 and first == drawn_calls(MANY, "f", 20, "a") != drawn_calls(MANY, "f", 20, "b")


def test_every_process_draws_the_same_and_leaves_nothing_behind(tmp_path: Path) -> None:
    """Under another hash seed, and with modules of constants loaded, which hypothesis would take up in a test run."""
    (tmp_path / "constants.py").write_text("A = [7, 77, 777]\nB = 'seven'\nC = 7.7\n")
    program = (
        "import sys, random, constants\nrandom.seed(5)\nfrom deskcheck_trainer.nlex.strategies import drawn_calls\n"
        "print(drawn_calls(sys.stdin.read(), 'f', 20, 'a'))"
    )
    environment = {**os.environ, "PYTHONHASHSEED": "1"}
    environment["PYTHONPATH"] = os.pathsep.join([p for p in sys.path if p] + [str(tmp_path)])
    done = subprocess.run(
        [sys.executable, "-c", program], input=MANY, capture_output=True, text=True, env=environment, cwd=tmp_path
    )
    assert done.stdout.strip() == str(drawn_calls(MANY, "f", 20, "a")), done.stderr
    assert not (tmp_path / ".hypothesis").exists()


def test_random_numbers_of_the_process_are_left_alone() -> None:
    import random

    random.seed(1)
    expected = random.Random(1).random()
    drawn_calls(MANY, "f", 5, "0")
    assert random.random() == expected


def test_few_calls_where_there_are_few() -> None:
    assert sorted(drawn_calls("def f(x: bool):\n    return not x\n", "f", 20, "0")) == ["f(False)", "f(True)"]
    assert drawn_calls("def f():\n    return 1\n", "f", 20, "0") == ["f()"]
