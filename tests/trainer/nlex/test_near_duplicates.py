"""Near duplicates: what differs in layout, comments or a little is dropped once; inputs and other programs stay."""

import os
import subprocess
import sys

from deskcheck_tracer import Program
from deskcheck_trainer.nlex import Reason, Rejected
from deskcheck_trainer.nlex.code_tokens import code_tokens, comment_tokens, ngrams
from deskcheck_trainer.nlex.near_duplicates import NearDuplicates, bands_for
from deskcheck_trainer.nlex.sources import Explain, Explore

LONG = "def order(items):\n    seen = []\n" + "".join(
    f"    if len(items) > {i}:\n        seen.append(items[{i}] * {i + 3} - len(seen))\n" for i in range(12)
)
OTHER = "def spell(word):\n    out = ''\n    for letter in word.lower():\n        out = letter + out + '-'\n    return out\n"


def explain(source: str, name: str, call: str = "f()") -> Explain:
    return Explain(program=Program(source, call=call), origin=name)


def reasons(items) -> list[str]:
    return [str(item.reason) if isinstance(item, Rejected) else item.origin for item in items]


def test_comments_layout_and_one_changed_line_make_no_new_program() -> None:
    commented = LONG.replace("    seen = []\n", "    # where they go\n\n    seen   =   []\n")
    changed = LONG.replace("* 7 -", "* 70 -")
    found = list(
        NearDuplicates()([explain(t, n) for n, t in zip("abcd", (LONG, commented, changed, OTHER), strict=True)])
    )
    assert reasons(found) == ["a", "near_duplicate", "near_duplicate", "d"]
    assert found[1].detail == "about 100% of its token shingles are those of a" and found[1].source == commented
    assert found[2].detail.endswith("those of a") and found[2].origin == "c"


def test_a_program_is_kept_on_all_its_inputs_wherever_they_come() -> None:
    items = [
        explain(LONG, "1", "order([1])"),
        explain(LONG, "2", "order([2])"),
        explain(OTHER, "3"),
        explain(LONG, "4", "order([])"),
    ]
    assert reasons(NearDuplicates()(items)) == ["1", "2", "3", "4"]


def test_functions_to_explore_are_compared_too_and_rejections_pass() -> None:
    rejected = Rejected(reason=Reason.unreadable, detail="", origin="r")
    explored = Explore(source=LONG + "\n# more\n", entry_point="order", origin="x")
    assert reasons(NearDuplicates()([explain(LONG, "a"), rejected, explored])) == ["a", "unreadable", "near_duplicate"]


def test_a_function_is_explored_once_and_another_of_its_module_too() -> None:
    both = LONG + OTHER
    items = [
        Explore(source=both, entry_point="order", calls=("order([1])",), origin="a"),
        Explore(source=both, entry_point="order", calls=("order([2])",), origin="b"),
        Explore(source=both, entry_point="spell", origin="c"),
        explain(both, "d", "spell('x')"),
    ]
    found = list(NearDuplicates()(items))
    assert reasons(found) == ["a", "near_duplicate", "c", "d"] and found[1].detail.endswith("those of a")


def test_the_threshold_decides() -> None:
    half = LONG.splitlines(keepends=True)
    shorter = "".join(half[: len(half) * 2 // 3])
    pair = [explain(LONG, "a"), explain(shorter, "b")]
    assert reasons(NearDuplicates(threshold=0.9)(pair)) == ["a", "b"]
    assert reasons(NearDuplicates(threshold=0.5)(pair)) == ["a", "near_duplicate"]


def test_a_lower_threshold_gets_a_finer_index() -> None:
    assert [bands_for(threshold) for threshold in (1.0, 0.9, 0.8, 0.7, 0.5, 0.01)] == [8, 16, 16, 32, 64, 128]


def test_programs_shorter_than_a_shingle_are_compared_whole() -> None:
    items = [explain(text, text) for text in ("x=1", "x = 1", "y = 1", "")]
    assert reasons(NearDuplicates()(items)) == ["x=1", "near_duplicate", "y = 1", ""]


def test_signatures_are_the_same_in_every_process() -> None:
    code = f"from deskcheck_trainer.nlex.near_duplicates import NearDuplicates as N; print(N()._signature({LONG!r}).digest())"
    told = {
        subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert told == {f"{NearDuplicates()._signature(LONG).digest()}\n"}


def test_tokens_are_words_and_symbols_without_comments() -> None:
    text = "x = 1  # set x\n## more\nfoo_2(x)"
    assert code_tokens(text) == ["x", "=", "1", "foo_2", "(", "x", ")"]
    assert comment_tokens(text) == ["set", "x", "more"]
    assert ngrams("abcd", 3) == [("a", "b", "c"), ("b", "c", "d")] and ngrams("ab", 3) == []
