"""The real programs that the long proofs of the tracer run on: everything under $DESKCHECK_DATA that has an input.

CRUXEval functions with their own arguments and with those a model proposed, HumanEval and MBPP solutions with their
tests, model solutions of HumanEval with the visible tests, contest solutions with the public tests, codeio programs
with two drawn inputs. All of them are untrusted: run them in the sandbox only. The order is fixed and mixes the sets,
so that any first N programs are a sample of all.
"""

import gzip
import json
import os
import random
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from deskcheck_tracer import Program

MAX_STDIN = 20_000
"""Characters of input above which a test is left out: such programs run for seconds, not for a trace."""


def programs(limit: int | None = None) -> Iterator[tuple[str, Program]]:
    """Name and program, the first `limit` of all; names start with the data set, `cruxeval/sample_0`.

    Raises KeyError if DESKCHECK_DATA is not set, FileNotFoundError if a set is missing there.
    """
    folder = Path(os.environ["DESKCHECK_DATA"])
    found = [item for source in (_cruxeval, _humaneval, _ldb, _mbpp, _lcb, _apps, _codeio) for item in source(folder)]
    known: set[str] = set()
    distinct = [item for item in found if item[1].id not in known and not known.add(item[1].id)]  # type: ignore[func-returns-value]
    random.Random(0).shuffle(distinct)
    yield from distinct[:limit]


def _rows(path: Path) -> Iterator[dict[str, Any]]:
    open_text = gzip.open if path.suffix == ".gz" else open
    with open_text(path, "rt", encoding="utf-8") as lines:
        for line in lines:
            yield json.loads(line)


def _cruxeval(folder: Path) -> Iterator[tuple[str, Program]]:
    codes = {}
    for row in _rows(folder / "cruxeval" / "cruxeval_dev.jsonl"):
        codes[row["id"]] = row["code"]
        yield f"cruxeval/{row['id']}", Program(row["code"], call=f"f({row['input']})")
    for row in _rows(folder / "cruxeval" / "codellama7b_t0.2_input_scored_dev.jsonl"):
        for index, call in enumerate(dict.fromkeys(row["generations"])):
            if row["id"] in codes and call.startswith("f("):
                yield f"cruxeval/{row['id']}/model-{index}", Program(codes[row["id"]], call=call)


def _humaneval(folder: Path) -> Iterator[tuple[str, Program]]:
    for row in _rows(folder / "humaneval" / "HumanEval.jsonl"):
        source = f"{row['prompt']}{row['canonical_solution']}\n{row['test']}\ncheck({row['entry_point']})\n"
        yield f"humaneval/{row['task_id'].partition('/')[2]}", Program(source)


def _ldb(folder: Path) -> Iterator[tuple[str, Program]]:
    for row in _rows(folder / "humaneval" / "ldb_seed_solutions.jsonl"):
        name = f"humaneval/{row['task_id'].partition('/')[2]}/{row['model']}"
        yield name, Program(row["solution"] + "\n\n" + "\n".join(row["visible_tests"]) + "\n")


def _mbpp(folder: Path) -> Iterator[tuple[str, Program]]:
    for row in _rows(folder / "mbpp" / "mbpp_sanitized_codet.jsonl"):
        head = re.sub(
            r"\n +\'\'\'.*?\'\'\'", "", row["prompt"], flags=re.DOTALL
        )  # indented otherwise than the solution
        source = f"{head}{row['canonical_solution']}\n{row['test']}\ncheck({row['entry_point']})\n"
        yield f"mbpp/{row['task_id'].partition('/')[2]}", Program(source)


def _lcb(folder: Path) -> Iterator[tuple[str, Program]]:
    for row in _rows(folder / "lcb_stdio" / "lcb_stdio_dev.jsonl"):
        for solution in row["solutions"]:
            for index, test in enumerate(row["public_tests"]):
                if len(test["input"]) <= MAX_STDIN:
                    yield f"{row['id']}/{solution['model']}/{index}", Program(solution["code"], test["input"])


def _apps(folder: Path) -> Iterator[tuple[str, Program]]:
    for row in _rows(folder / "apps_mapcoder" / "apps_dev.jsonl"):
        for number, solution in enumerate(row["solutions"] if row["kind"] == "stdin" else []):
            for index, test in enumerate(row["public_tests"][:2]):
                if len(test["input"]) <= MAX_STDIN:
                    yield f"{row['id']}/{number}/{index}", Program(solution["code"], test["input"])


def _codeio(folder: Path) -> Iterator[tuple[str, Program]]:
    for number, row in enumerate(_rows(folder / "codeio" / "codeio.jsonl.gz")):
        head = "" if re.search(r"^(from|import) random", row["input_generator"], re.MULTILINE) else _RANDOM
        source = f"{row['code_sample']}\n\n{head}{row['input_generator']}\nimport random\nrandom.seed(0)\n"
        for seed in (1, 2):
            yield f"codeio/{number}/{seed}", Program(source, call=f"main_solution(**generate_inputs(Random({seed})))")


_RANDOM = "from random import Random\n"
