"""Real benchmark rows, where DESKCHECK_DATA names them, put into the shapes that the loaders read.

Counts are facts of those files; programs of the data run in the sandbox alone.
"""

import ast
import json
import os
from pathlib import Path

import pytest
from deskcheck_evals.benchmarks import SHAPES, BenchmarkConfig, BenchmarkName
from deskcheck_evals.benchmarks.collection import Collection, collect
from deskcheck_evals.lint import Severity, lint
from deskcheck_tracer import Limits, Program, default_sandbox


def load(name: str, path: Path, **more) -> Collection:
    return collect(SHAPES[BenchmarkName(name)], BenchmarkConfig(name=BenchmarkName(name), path=str(path), **more))


def errors(found: Collection, *, execute: bool = False) -> list[str]:
    references = {entry.problem.id: entry.references for entry in found.entries}
    findings = lint(found.problems, default_sandbox() if execute else None, references)
    return [f"{one.problem} {one.rule}" for one in findings if one.severity is Severity.error]


def write(path: Path, rows: list[dict]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def recorded(row: dict) -> Program:
    """HumanEval's own check, on a canonical solution that notes what it is asked."""
    noting = (
        f"seen = []\ndef note(*given):\n    seen.append(repr(list(given)))\n    return {row['entry_point']}(*given)\n"
    )
    return Program(f"{row['prompt']}{row['canonical_solution']}\n{row['test']}\n{noting}check(note)\n", call="seen")


if "DESKCHECK_DATA" in os.environ:  # the real data is no part of the repository
    DATA = Path(os.environ["DESKCHECK_DATA"])

    def rows_of(name: str) -> list[dict]:
        return [json.loads(line) for line in (DATA / name).read_text().split("\n") if line]

    def test_code_jam_is_whole_where_it_says_so():
        found = load("codejam", DATA / "codejam_kickstart" / "codejam_dev.jsonl")
        assert (len(found.entries), len(found.left)) == (108, 136) and errors(found) == []

    def test_contest_rows_by_their_public_tests():
        found = load("codejam", DATA / "lcb_stdio" / "lcb_stdio_dev.jsonl", public_only=True)
        assert len(found.entries) == 244 and sum(len(problem.public_tests) for problem in found.problems) == 679

    def test_humaneval_in_evalplus_format_passes_its_own_tests(tmp_path):
        rows = rows_of("humaneval/HumanEval.jsonl")
        results = default_sandbox().run_many(
            [recorded(row) for row in rows], Limits(cpu_s=20, wall_s=60, memory_mb=1024)
        )
        for row, result in zip(rows, results, strict=True):
            asked = dict.fromkeys(ast.literal_eval(result.returned or ""))
            row["base_input"] = [ast.literal_eval(given) for given in asked]
        found = load("evalplus", write(tmp_path / "h.jsonl", rows))
        assert len(found.entries) == 164 and not found.left
        assert sum(bool(problem.public_tests) for problem in found.problems) == 76
        assert errors(Collection(found.entries[:20]), execute=True) == []

    def apps_rows() -> list[dict]:
        """Stdio problems with a solution that a real process was seen to pass."""
        rows = []
        for row in rows_of("apps_mapcoder/apps_dev.jsonl"):
            solved = [one["code"] for one in row["solutions"] if (one.get("real") or {}).get("all_ac")]
            if row["kind"] == "stdin" and solved:
                tested = {
                    "inputs": [one["input"] for one in row["tests"]],
                    "outputs": [one["output"] for one in row["tests"]],
                }
                base = {"id": row["id"], "question": row["statement"], "solutions": json.dumps(solved[:1])}
                rows.append(base | {"input_output": json.dumps(tested)})
        return rows

    def test_apps_in_its_own_format_passes_with_the_solutions_that_really_pass(tmp_path):
        found = load("apps", write(tmp_path / "a.jsonl", apps_rows()))
        assert len(found.entries) >= 8
        assert errors(Collection(found.entries[:8]), execute=True) == []

    @pytest.mark.parametrize("is_columns", [True, False])
    def test_codecontests_in_both_shapes(tmp_path, is_columns):
        rows = []
        for row in rows_of("codecontests20/codecontests20_dev.jsonl"):
            keys = ("input", "output")
            tests = {key: [test[key] for test in row["tests"]] for key in keys} if is_columns else row["tests"]
            rows.append({"name": row["id"], "description": row["statement"], "private_tests": tests})
        found = load("codecontests", write(tmp_path / "c.jsonl", rows))
        assert len(found.entries) == 10 and all(len(one.private_tests) >= 35 for one in found.problems)
