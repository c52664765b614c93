"""What W&B gets of an evaluation and of a report: tables to look at, and files to keep.

Tables show numbers with their intervals, and some of the items; the artifacts hold what everything is computed from
(rows.jsonl) or written to (the report), with the run's whole configuration.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from deskcheck_conf import Run

from deskcheck_evals.measures import Measure
from deskcheck_evals.page import Document, slug
from deskcheck_evals.results import Result
from deskcheck_evals.rows import Json
from deskcheck_evals.shards import row_files

MOST_SAMPLES = 200
"""Items of a run that its table of samples shows; rows.jsonl has all."""
MOST_IN_CELL = 2_000
"""Characters of a text in a table."""


def track_result(run: Run, result: Result, measures: Mapping[str, Measure]) -> None:
    """Measures and samples as tables, rows.jsonl as an artifact."""
    run.table("measures", [_measure(measure) for measure in measures.values()])
    run.table("samples", samples(result))
    run.artifact("evaluation", row_files(result.folder))


def track_report(run: Run, document: Document, written: Sequence[Path]) -> None:
    """Every table of the report, and its files as an artifact."""
    for chapter in document.chapters:
        for table in chapter.tables:
            rows = [
                {name or "-": cell.text for name, cell in zip(table.columns, row, strict=True)} for row in table.rows
            ]
            run.table(f"{slug(chapter.title)}/{slug(table.title)}", rows)
    run.artifact("report", written)


def samples(result: Result) -> list[dict[str, Any]]:
    """The first MOST_SAMPLES rows, as far as they fit into a table."""
    show = SHOWN[result.task]
    rows = [show(row) for row in result.rows[:MOST_SAMPLES]]
    return [
        {key: value[:MOST_IN_CELL] if isinstance(value, str) else value for key, value in row.items()} for row in rows
    ]


def _measure(measure: Measure) -> dict[str, Any]:
    interval = measure.interval
    return {
        "measure": measure.name,
        "mean": interval.mean,
        "low": interval.low,
        "high": interval.high,
        "problems": interval.problems,
    }


def _predicted(row: Json) -> dict[str, Any]:
    said = row["inputs"] if "inputs" in row else row["outputs"]
    return {
        "id": row["id"],
        "program": row["source"],
        "input": row["input"] or "",
        "expected": row["expected"],
        "right": sum(row["right"]) / len(row["right"]),
        "first prediction": said[0] or "",
        "status": row["statuses"][0],
        "narration": row["narrations"][0],
    }


def _candidates(row: Json) -> dict[str, Any]:
    candidates = row["candidates"]
    first = candidates[0]
    return {
        "id": row["id"],
        "candidates": len(candidates),
        "passing": sum(each["passed"] for each in candidates),
        "first candidate": first["code"] or "",
        "status": first["status"],
        "verdict": first["verdict"] or "",
        "public": sum(first["public"]),
        "public tests": len(first["public"]),
    }


def _fixed(row: Json) -> dict[str, Any]:
    return {
        "id": row["id"],
        "first passed": row["first"]["passed"],
        "submitted passed": row["submitted"]["passed"],
        "turns": row["turns"],
        "status": row["status"],
        "submitted program": row["submitted"]["code"] or "",
    }


def _answered(row: Json) -> dict[str, Any]:
    return {"id": row["id"], "prompt": row["prompt"], "completion": row["completion"], **row["scores"]}


SHOWN = {
    "output_prediction": _predicted,
    "input_prediction": _predicted,
    "self_verify": _candidates,
    "self_fix": _fixed,
    "no_regression": _answered,
}
"""Task -> what of a row a table shows."""
