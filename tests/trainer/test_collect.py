"""deskcheck-collect end to end: only verified rows come out, every item is accounted for, and a kill changes no byte."""

import dataclasses
import json
import random
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from deskcheck_agent.parse import parse_solution
from deskcheck_agent.problem import Problem
from deskcheck_conf.entry import load_config
from deskcheck_evals.micro import micro_problems
from deskcheck_tracer import Limits, Narrator, Program, TestCase, Trace, check, claims, narrate, stated_output
from deskcheck_tracer.engine import record_here
from deskcheck_trainer.collect import collect, main, make_recipe
from deskcheck_trainer.collect_config import CollectConfig, Style
from deskcheck_trainer.make_source import make_source
from deskcheck_trainer.nlex import MANIFEST, Reason, Rejected, Row, Task, read_rows
from deskcheck_trainer.nlex.build import Recipe
from deskcheck_trainer.nlex.own_process import OwnProcess
from deskcheck_trainer.nlex.parts import unique
from deskcheck_trainer.nlex.recording import difference
from deskcheck_trainer.nlex.sources import Explain, Fix, Solve
from deskcheck_trainer.nlex.sources.micro import MicroSource
from deskcheck_trainer.nlex.telling import narration_fault

from tests.trainer.nlex.test_tokenizer import characters

EXAMPLES = Path(__file__).parents[2] / "examples/programs"
MICRO = Recipe(prompts="micro", style="compact", own_process=True, check_determinism=False)


def run(output_root: Path, *overrides: str) -> int:
    return main(["wandb=disabled", f"output_root={output_root}", *overrides])


def tree(folder: Path) -> dict[str, bytes]:
    """Every file of the dataset itself, with its bytes."""
    paths = [folder / MANIFEST, *(p for part in ("data", "rejected", "shards") for p in (folder / part).rglob("*"))]
    return {str(path.relative_to(folder)): path.read_bytes() for path in paths}


def reasons(folder: Path) -> Counter[str]:
    found = Counter[str]()
    for path in (folder / "rejected").glob("*.parquet"):
        found.update(pq.read_table(path, columns=["reason"])["reason"].to_pylist())
    return found


# ---- the command ----


def test_a_bare_command_builds_a_dataset(tmp_path, capsys) -> None:
    assert run(tmp_path) == 0
    folder = tmp_path / "collect-smoke-s0"
    rows, manifest = list(read_rows(folder)), json.loads((folder / MANIFEST).read_text())
    assert manifest["rows"] == len(rows) and {row.task for row in rows} == {Task.explain, Task.solve, Task.fix}
    assert manifest["items"] == len(rows) + sum(manifest["rejected"].values())
    assert reasons(folder) == manifest["rejected"]
    assert len({row.id for row in rows}) == len(rows)
    shown = capsys.readouterr().out
    assert shown.startswith(f"{len(rows)} rows of {manifest['items']} items in {folder}") and "lines (median)" in shown


def test_it_is_the_same_bytes_again_and_other_bytes_for_another_seed(tmp_path) -> None:
    folders = []
    for name, seed in (("a", 0), ("b", 0), ("c", 1)):
        assert run(tmp_path / name, f"seed={seed}") == 0
        folders.append(tree(tmp_path / name / f"collect-smoke-s{seed}"))
    assert folders[0] == folders[1] != folders[2]


def test_a_finished_run_is_told_again_without_work(tmp_path, capsys) -> None:
    run(tmp_path)
    first = capsys.readouterr().out
    before = {p: p.stat().st_mtime_ns for p in (tmp_path / "collect-smoke-s0/data").iterdir()}
    assert run(tmp_path) == 0
    assert capsys.readouterr().out == first
    assert before == {p: p.stat().st_mtime_ns for p in (tmp_path / "collect-smoke-s0/data").iterdir()}


SMALL_SHARDS = ("source.problems=24", "items_per_shard=12", "items_per_part=5")


@pytest.mark.parametrize("kills", [2, pytest.param(50, marks=[pytest.mark.slow, pytest.mark.timeout(3600)])])
def test_killed_anywhere_and_run_again_gives_the_bytes_of_one_run(tmp_path, kills: int) -> None:
    """Also: two workers give what one process gives, and a run may be continued with another number of them."""
    assert run(tmp_path / "whole", *SMALL_SHARDS) == 0
    whole = tree(tmp_path / "whole/collect-smoke-s0")
    folder, rng = tmp_path / "killed/collect-smoke-s0", random.Random(kills)
    overrides = ["wandb=disabled", f"output_root={tmp_path / 'killed'}", "pool=local", "workers=2", *SMALL_SHARDS]
    total = sum(name.startswith("shards/") for name in whole)
    for kill in range(kills):
        child = start(overrides)
        while child.poll() is None and len(list(folder.glob("shards/*.json"))) <= kill * total // (kills + 1):
            time.sleep(0.002)
        time.sleep(rng.random() * 0.05)
        child.kill()
        child.wait()
    last = ["pool=local", "workers=1", "items_per_part=3"]
    assert start([*overrides[:2], *SMALL_SHARDS[:2], *last]).wait() == 0
    assert tree(folder) == whole


def start(overrides: list[str]) -> subprocess.Popen:
    command = [sys.executable, "-m", "deskcheck_trainer.collect", *overrides]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def test_a_source_that_changed_under_a_run_is_refused(tmp_path, capsys) -> None:
    file = tmp_path / "rows.jsonl"
    file.write_text('{"source": "print(1)"}\n' * 2)
    config = ["experiment=collect/folder", "source=jsonl", f"source.path={file}", "filters.min_lines=1", "pool=serial"]
    assert run(tmp_path, *config) == 0
    folder = tmp_path / "collect-folder-s0"
    (folder / "done.json").unlink()
    file.write_text('{"source": "print(2)"}\n' * 2)
    assert run(tmp_path, *config) == 2
    assert "source has changed" in capsys.readouterr().err


# ---- programs that are not ours: the jail ----


def test_harvested_functions_become_rows_in_the_jail(tmp_path) -> None:
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / "LICENSE").write_text("Permission is hereby granted, free of charge, to any person")
    (folder / "a.py").write_text(
        "import sys\nSTEP = 2\nprint('on import')\n\ndef climb(n):\n    found = []\n    while n > 0:\n"
        "        found.append(n)\n        n -= STEP\n    return found\n\nassert climb(1) == [1]\n"
    )
    (folder / "test_a.py").write_text("from a import climb\n\ndef test_climb():\n    assert climb(5) == [5, 3, 1]\n")
    assert run(tmp_path, "experiment=collect/functions", f"source.path={folder}", "pool=serial") == 0
    rows = {row.call: row for row in read_rows(tmp_path / "collect-functions-s0")}
    row = rows["climb(1)"]
    assert (row.output, row.licence) == ("[1]", "MIT") and row.origin.startswith("mine/a.py:climb#climb(1)")
    assert row.source.startswith("STEP = 2\n\n\ndef climb(n):") and "import" not in row.source


def test_our_example_programs_become_rows_in_the_jail(tmp_path) -> None:
    assert run(tmp_path, "experiment=collect/folder", f"source.path={EXAMPLES}", "pool=serial") == 0
    rows = list(read_rows(tmp_path / "collect-folder-s0"))
    outputs = {row.origin.removeprefix("programs/"): row.output for row in rows}
    assert outputs["collatz.py#collatz.in"] == "8 16\n"
    assert outputs["change.py#change.inputs.jsonl:1"] == "2"
    assert outputs["runs.py#encode('aaabcc')"] == "'a3b1c2'"
    assert outputs["words.py#words.in"].startswith("the 3\n")
    assert outputs["primes.py"] == "[2, 3, 5, 7, 11, 13, 17, 19]\n"
    for row in rows:
        trace = record_here(row.source, row.stdin, row.call, Limits())
        text = row.completion[0]["content"]
        checks = check(claims(text), trace)
        assert checks and all(c.holds for c in checks) and stated_output(text) == row.output.removesuffix("\n")


BAD = {
    "syntax": "def f(:",
    "raised": "x = 1\ny = 2\nprint(x)\nprint(y / 0)",
    "exited": "import sys\nprint(1)\nx = 1\nsys.exit(3)",
    "trivial": "print(1)",
    "events": "x = 0\nwhile True:\n    x += 1",
    "wall": "import time\nx = 1\nprint(x)\ntime.sleep(60)",
    "output": "x = 1\ny = 2\nprint('a' * 3_000_000)",
    "nondeterministic": "import random\nx = 1\ny = random.random()\nprint(x)",
    "duplicate": "import random\nx = 1\ny = random.random()\nprint(x)",
}


def test_what_cannot_be_taught_is_dropped_with_its_reason(tmp_path) -> None:
    file = tmp_path / "bad.jsonl"
    good = "s = 0\nfor c in sorted(set('bca')):\n    s += ord(c)\nprint(s)"
    file.write_text(
        "".join(json.dumps({"source": text, "id": name}) + "\n" for name, text in {**BAD, "good": good}.items())
    )
    overrides = ["source=jsonl", f"source.path={file}", "limits.wall_s=1", "limits.output_bytes=1000000", "pool=serial"]
    assert run(tmp_path, "experiment=collect/folder", *overrides) == 0
    folder = tmp_path / "collect-folder-s0"
    (path,) = (folder / "rejected").iterdir()
    kept_aside = {row["origin"].split("#")[1]: row["reason"] for row in pq.read_table(path).to_pylist()}
    assert kept_aside == {name: name for name in BAD}
    assert [row.origin for row in read_rows(folder)] == ["bad.jsonl#good"]


def test_what_depends_on_the_hash_seed_is_dropped() -> None:
    source = "x = 1\ny = hash('a') % 1000\nprint(x)"
    builder = Recipe().builder()
    (outcome,) = builder([Explain(program=Program(source), origin="o")])
    builder.close()
    assert isinstance(outcome, Rejected) and outcome.reason is Reason.nondeterministic


@pytest.mark.parametrize("style", list(Style))
def test_any_style_is_one_override(tmp_path, style: Style) -> None:
    assert run(tmp_path, f"style={style}", "source.problems=2", "source.solve=false", "source.fix=false") == 0
    rows = list(read_rows(tmp_path / "collect-smoke-s0"))
    assert rows and not reasons(tmp_path / "collect-smoke-s0").keys() - {Reason.duplicate, Reason.trivial}
    for row in rows:
        trace = record_here(row.source, row.stdin or "", row.call, Limits())
        assert row.style == style and row.completion[0]["content"] == narrate(trace, style=style)


def test_a_run_gives_a_row_of_every_kind_asked_for(tmp_path) -> None:
    assert run(tmp_path, "experiment=collect/renderings", "source.problems=4", "items_per_shard=7") == 0
    rows = list(read_rows(tmp_path / "collect-renderings-s0"))
    kinds = ["explain", "predict_output", "predict_input", "scratchpad", "next_state", "branch"]
    assert [row.task.value for row in rows[:6]] == kinds and len(rows) == 6 * len({row.origin for row in rows})
    assert all(" 1  " in row.prompt[-1]["content"] for row in rows)
    first = {row.prompt[-1]["content"].partition("\n")[0] for row in rows if row.task is Task.explain}
    assert len(first) > 3
    assert run(tmp_path / "again", "experiment=collect/renderings", "source.problems=4", "items_per_shard=7") == 0
    assert tree(tmp_path / "again/collect-renderings-s0") == tree(tmp_path / "collect-renderings-s0")


def test_sizes_are_in_tokens_of_the_tokenizer_named(tmp_path, capsys) -> None:
    overrides = ["source.problems=2", f"tokenizer={characters(tmp_path)}", "max_tokens=1500", "style=compact"]
    assert run(tmp_path, *overrides) == 0
    assert "tokens of " in capsys.readouterr().out
    for row in read_rows(tmp_path / "collect-smoke-s0"):
        assert row.tokens == sum(len(message["content"]) for message in [*row.prompt, *row.completion])


# ---- the builder ----


def trace_of(source: str, stdin: str = "") -> Trace:
    return record_here(source, stdin, None, Limits())


def test_a_false_statement_blocks_a_narration() -> None:
    trace = trace_of("a = [3, 1]\ns = 0\nfor x in a:\n    s += x\nprint(s)")
    narrator = Narrator(trace)
    for style in Style:
        text = narrator.narrate(style)
        assert narration_fault(text, narrator, None) is None
        assert narration_fault(text.replace("<output>\n4", "<output>\n5"), narrator, None) is not None
        assert (narration_fault(text.replace("3", "7"), narrator, None) or ("", ""))[0] == Reason.claim_false
        assert (narration_fault("<output>\n4\n</output>", narrator, None) or ("", ""))[0] == Reason.no_claims
        assert (narration_fault(text, narrator, 5) or ("", ""))[0] == Reason.too_long


def test_runs_that_differ_are_told_apart() -> None:
    first, same, other = (trace_of(f"x = {n}\nprint(1)") for n in (1, 1, 2))
    assert difference(first, same) is None
    assert difference(first, other) == (Reason.nondeterministic, "line 2 goes another way")
    assert difference(first, trace_of("x = 1\nprint(2)")) == (
        Reason.nondeterministic,
        "the output changes from run to run",
    )


def test_fix_rows_answer_by_what_the_model_sees() -> None:
    micro = micro_problems("train", 1, 5)[0]
    builder = MICRO.builder()
    wrong = "print('nothing')"
    good, bad = builder([fix(micro, micro.reference), fix(micro, wrong)])
    assert isinstance(good, Row) and isinstance(bad, Row)
    assert parse_solution(good.completion[0]["content"]).submit
    reply = parse_solution(bad.completion[0]["content"])
    assert not reply.submit and (reply.code or "").strip() == micro.reference.strip()
    assert "nothing" in bad.prompt[-1]["content"]


def test_a_candidate_that_passes_the_public_tests_alone_is_submitted() -> None:
    micro = micro_problems("train", 1, 5)[0]
    tests = micro.problem.public_tests
    lucky = f"print({ {t.input.strip(): t.output.strip() for t in tests}!r}[input().strip()])"
    (row,) = MICRO.builder()([fix(micro, lucky)])
    assert isinstance(row, Row) and parse_solution(row.completion[0]["content"]).submit


def test_a_reference_that_fails_its_own_tests_teaches_nothing() -> None:
    micro = micro_problems("train", 1, 5)[0]
    builder = MICRO.builder()
    solve = Solve(problem=micro.problem, reference="print(0)", origin="o")
    for outcome in builder([solve, dataclasses.replace(fix(micro, "print(0)"), reference="print(1)")]):
        assert isinstance(outcome, Rejected) and outcome.reason is Reason.wrong_reference


def fix(micro, candidate: str) -> Fix:
    return Fix(problem=micro.problem, reference=micro.reference, candidate=candidate, origin="o")


def test_private_tests_enter_no_row() -> None:
    sentinel = "Q7fK2mX9pLw4TzR1"
    tests = [TestCase(text + "\n", text[::-1] + "\n") for text in ("abc", "xy", sentinel)]
    problem = Problem("p", "Print the line backwards.", tuple(tests[:2]), tuple(tests[2:]))
    reference = "print(input()[::-1])"
    outcomes = MICRO.builder()(
        [
            Solve(problem=problem, reference=reference, origin="o"),
            *(
                Fix(problem=problem, reference=reference, candidate=code, origin="o")
                for code in (reference, "print(0)")
            ),
        ]
    )
    assert all(isinstance(row, Row) for row in outcomes)
    assert sentinel not in repr(outcomes) and sentinel[::-1] not in repr(outcomes)


def test_outcomes_keep_the_order_of_items() -> None:
    items = list(MicroSource(problems=3, seed=1).items())
    outcomes = MICRO.builder()(items)
    assert [o.origin for o in outcomes] == [i.origin for i in items]
    for item, outcome in zip(items, outcomes, strict=True):
        if isinstance(item, Explain) and isinstance(outcome, Row):
            assert (outcome.source, outcome.stdin) == (item.program.source, item.program.stdin)
            assert outcome.output == record_here(item.program.source, item.program.stdin, None, Limits()).stdout


def test_repeated_items_are_counted_as_duplicates() -> None:
    item = Explain(program=Program("print(1)"), origin="a")
    again = dataclasses.replace(item, origin="b")
    other = dataclasses.replace(item, program=Program("print(1)", stdin="x"))
    found = list(unique([item, again, other]))
    assert found[0] == item and found[2] == other
    assert isinstance(found[1], Rejected) and (found[1].reason, found[1].origin) == (Reason.duplicate, "b")


# ---- our own process ----


def test_our_own_process_runs_like_the_sandbox() -> None:
    own = OwnProcess()
    cases = {
        "print(input()[::-1])": ("ok", "cba\n"),
        "print(1)\nraise ValueError": ("error", "1\n"),
        "def f(:": ("compile", ""),
        "import sys\nsys.exit(0)": ("ok", ""),
        "import sys\nsys.exit(3)": ("error", ""),
        "while True:\n    pass": ("cpu", ""),
        "print('a' * 2000)": ("output", "a" * 1000),
    }
    results = own.run_many([Program(source, "abc\n") for source in cases], Limits(cpu_s=0.2, output_bytes=1000))
    assert [(r.outcome, r.stdout) for r in results] == list(cases.values())
    assert own.run(Program("def f(x):\n    return [x]", call="f('a')")).returned == "['a']"


# ---- bad input ----


@pytest.mark.parametrize(
    ("overrides", "said"),
    [
        (["source=folder"], "source.path"),
        (["source=folder", "source.path=/nowhere"], "/nowhere is not a folder"),
        (["source=folder", "source.path=/nowhere", "isolation=process"], "isolation=nsjail"),
        (["source.problem=3"], "problem"),
        (["source.problems=many"], "many"),
        (["source.explain=10"], "nine inputs"),
        (["style=haiku"], "compact"),
        (["filters.hash_seeds=3"], "expected 2"),
        (["renderings=[explain,haiku]"], "haiku"),
        (["renderings=[]"], "expected at least one"),
        (["renderings=[explain,branch,explain]"], "none twice"),
        (["phrasings=11"], "prompt set default has 10"),
        (["phrasings=2", "prompts=micro"], "explain.2.j2"),
        (["tokenizer=/nowhere"], "/nowhere does not exist"),
        (["items_per_shard=0"], "at least 1"),
        (["prompts=/nowhere/prompts"], "/nowhere/prompts"),
        (["limits.max_events=null"], "max_events"),
    ],
)
def test_a_users_mistake_is_one_message_and_exit_code_2(tmp_path, capsys, overrides: list[str], said: str) -> None:
    assert run(tmp_path, *overrides) == 2
    told = capsys.readouterr()
    assert said in told.err and "Traceback" not in told.err and told.out == ""
    assert not list(tmp_path.rglob("*.parquet"))


def test_a_dataset_of_no_rows_is_done_and_the_answer_is_no(tmp_path, capsys) -> None:
    assert run(tmp_path, "filters.min_lines=100000", "source.solve=false", "source.fix=false") == 1
    assert "trivial" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["smoke", "micro", "folder", "cruxeval"])
def test_every_experiment_composes(name: str, tmp_path) -> None:
    path = [f"source.path={tmp_path}"] if name in ("folder", "cruxeval") else []
    config = load_config("collect", CollectConfig, [f"experiment=collect/{name}", *path])
    assert make_recipe(config) and make_source(config.source, config.seed)
    assert callable(collect)


# ---- programs that are compared with others ----

SORTER = """\
def order(items):
    done = []
    for item in items:
        place = 0
        while place < len(done) and done[place] < item:
            place += 1
        done.insert(place, item)
    return done
"""
TALLEST = """\
def tallest(heights, limit):
    best = None
    for height in heights:
        if height <= limit and (best is None or height > best):
            best = height
    return best
"""


def write_programs(path: Path, *sources_and_calls: tuple[str, str]) -> None:
    path.write_text("".join(json.dumps({"source": source, "call": call}) + "\n" for source, call in sources_and_calls))


def test_copies_of_a_benchmark_and_of_earlier_programs_are_left_out_and_named(tmp_path, capsys) -> None:
    commented = SORTER.replace("    done = []\n", "    done = []  # in order\n")
    calls = (
        (SORTER, "order([3, 1])"),
        (TALLEST, "tallest([1, 2], 3)"),
        (commented, "order([2])"),
        (SORTER, "order([5, 4])"),
    )
    write_programs(tmp_path / "rows.jsonl", *calls)
    (tmp_path / "bench.jsonl").write_text(json.dumps({"task_id": "B/1", "solution": TALLEST}) + "\n")
    source = [
        f"source.path={tmp_path / 'rows.jsonl'}",
        "source=jsonl",
        "experiment=collect/folder",
        "pool=serial",
        "items_per_shard=3",
    ]
    compared = ["filters=training", f"filters.decontaminate.files=[{tmp_path}/b*.jsonl]"]
    assert run(tmp_path, *source, *compared) == 0
    folder = tmp_path / "collect-folder-s0"
    assert reasons(folder) == {"contaminated": 1, "near_duplicate": 1}
    assert [row.call for row in read_rows(folder)] == ["order([3, 1])", "order([5, 4])"]
    assert json.loads((folder / MANIFEST).read_text())["contaminated"] == {"bench.jsonl": {"B/1": 1}}
    assert "benchmark" in capsys.readouterr().out
    page, card = (folder / "report.html").read_text(), (folder / "README.md").read_text()
    assert "B/1" in page and "Real run: finished" in page and "| bench.jsonl | 1 |" in card

    whole = tree(folder)  # the last shard built again: the filters have to know what the first one holds
    for name in ("shards/00001.json", "done.json", MANIFEST):
        (folder / name).unlink()
    assert run(tmp_path, *source, *compared) == 0
    assert tree(folder) == whole


def test_a_benchmark_that_is_not_there_stops_the_run(tmp_path, capsys) -> None:
    write_programs(tmp_path / "rows.jsonl", (SORTER, "order([3, 1])"))
    source = [f"source.path={tmp_path / 'rows.jsonl'}", "source=jsonl", "experiment=collect/folder", "pool=serial"]
    assert run(tmp_path, *source, "filters=training", f"filters.decontaminate.files=[{tmp_path}/none/*.jsonl]") == 2
    told = capsys.readouterr().err
    assert "filters.decontaminate.files[0]" in told and "filters=default" in told
    assert not (tmp_path / "collect-folder-s0").exists()


@pytest.mark.parametrize(
    "wrong",
    [
        "near_duplicates.threshold=1.5",
        "near_duplicates.shingle=0",
        "decontaminate.ngram=0",
        "decontaminate.threshold=0",
    ],
)
def test_filters_out_of_range_name_their_key(tmp_path, capsys, wrong: str) -> None:
    assert run(tmp_path, f"filters.{wrong}") == 2
    assert wrong.split("=")[0] in capsys.readouterr().err
