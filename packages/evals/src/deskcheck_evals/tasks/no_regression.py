"""No-regression checks: does a model still do what it did before? lm-eval asks and compares, its rows come here.

One row a question, with every score that lm-eval gives it (for programs the verdict of our sandbox), so that two models
can be compared question by question. lm-eval's own results lie beside the rows in lm_eval.json. What a model said is
kept in lm-eval's cache as it comes, in the run folder; a run that was killed asks only for the rest, and scores anew.
"""

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from deskcheck_conf import SamplerConfig, write_atomic

from deskcheck_evals.harness.programs import METRIC, Scored
from deskcheck_evals.rows import Rows, content_key
from deskcheck_evals.tasks.gathering import Advance, Unscored

if TYPE_CHECKING:
    from lm_eval.api.task import ConfigurableTask

RESULTS, CACHE = "lm_eval.json", "lm_eval_cache"


@dataclass(frozen=True)
class Questions:
    """A task of lm-eval, and how many of its questions are asked."""

    task: "ConfigurableTask"
    limit: int | None

    @cached_property
    def rows(self) -> list[dict[str, Any]]:
        """The benchmark's rows that are asked, in lm-eval's order."""
        found = [dict(row) for row in self.task.eval_docs]
        return found[: self.limit]

    @cached_property
    def keys(self) -> list[str]:
        """What the row of each question is stored under."""
        return [content_key([place, row]) for place, row in enumerate(self.rows)]

    def id_of(self, place: int) -> str:
        """The question's own id, or its place."""
        row = self.rows[place]
        name = row.get("task_id", row.get("unique_id"))
        return f"{self.task.config.task}/{place}" if name is None else str(name)


def ask(
    questions: Questions, sampler: SamplerConfig, folder: Path, rows: Rows, unscored: Unscored, advance: Advance,
    *, chat: bool,
) -> None:  # fmt: skip
    """Have lm-eval ask all questions, and add a row for each that has none."""
    from lm_eval.evaluator import simple_evaluate
    from lm_eval.tasks import TaskManager

    from deskcheck_evals.harness.models import make_lm

    results = simple_evaluate(
        model=make_lm(sampler, chat=chat),
        tasks=[questions.task],
        task_manager=TaskManager(include_defaults=False),  # reading all of lm-eval's YAML takes seconds
        limit=questions.limit,
        apply_chat_template=chat,
        use_cache=str(folder / CACHE),
    )
    assert results is not None  # None is for the other ranks of a distributed run
    samples = results.pop("samples")[questions.task.config.task]
    write_atomic(folder / RESULTS, json.dumps(results, indent=1, default=repr))
    for place, found in sorted(_by_question(samples).items()):
        if questions.keys[place] not in rows:
            _add(questions, place, found, rows, unscored)
            advance()


def _by_question(samples: Iterable[Mapping[str, Any]]) -> dict[int, list[Mapping[str, Any]]]:
    """lm-eval's samples, one for each way of reading an answer (a "filter"), by the place of their question."""
    found: dict[int, list[Mapping[str, Any]]] = defaultdict(list)
    for sample in samples:
        found[sample["doc_id"]].append(sample)
    return found


def _add(questions: Questions, place: int, samples: list[Mapping[str, Any]], rows: Rows, unscored: Unscored) -> None:
    name = questions.id_of(place)
    if row := row_of(name, samples):
        rows.add(questions.keys[place], row)
    else:
        unscored.add(name)


def row_of(name: str, samples: list[Mapping[str, Any]]) -> dict[str, Any] | None:
    """What a report needs of one question, and the texts for a reader; None if it has no score."""
    many = len(samples) > 1
    scores = {
        f"{metric} ({sample['filter']})" if many else metric: float(sample[metric])
        for sample in samples
        for metric in sample["metrics"]
    }
    if not scores:
        return None
    first = samples[0]
    row = {
        "id": name,
        "problem": name,
        "prompt": first["arguments"][0][0],
        "completion": first["resps"][0][0],
        "scores": scores,
    }
    return row | _judged(first["filtered_resps"][0]) if METRIC in scores else row


def _judged(found: list[Scored]) -> dict[str, Any]:
    [scored] = found
    return {"program": scored.source, "verdict": str(scored.verdict), "detail": scored.detail}
