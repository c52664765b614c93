"""Run folders to make pages of: a solver and a simulator with scripts, over problems of our own."""

import asyncio
import json
from collections.abc import Coroutine, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

from deskcheck_agent.config import SolveConfig
from deskcheck_agent.fix import self_fix
from deskcheck_agent.page import write_page
from deskcheck_agent.problem import Problem
from deskcheck_agent.sampler import ScriptedSampler
from deskcheck_agent.solver import Solved
from deskcheck_agent.trajectory import TrajectoryFile
from deskcheck_agent.verify import self_verify
from deskcheck_conf import ModelConfig, SamplerConfig, SamplerKind
from deskcheck_tracer import Program, Sandbox, TestCase, narrate, record

VOID = {"meta", "br", "hr", "input"}
WRONG = "total = 0\nfor x in input().split():\n    total += int(x)\n\nprint(total + 1)\n"
RIGHT = "total = 0\nfor x in input().split():\n    total += int(x)\n\nprint(total)\n"
SUM = Problem(
    "sum",
    "Print the **sum**.\n\n- numbers on one line\n",
    (TestCase("1 2\n", "3\n"), TestCase("5\n", "5\n")),
    (TestCase("PRIVATEINPUTq7Xz\n", "PRIVATEOUTPUTw9\n"),),
)


def fenced(source: str) -> str:
    return f"Let me see.\n```python\n{source}```\n"


def told(source: str, stdin: str) -> str:
    """The true narration of a run, of our own code."""
    return narrate(record(Program(source, stdin=stdin), isolation="process"), style="compact")


def finished[T](work: Coroutine[Any, Any, T]) -> T:
    """What a coroutine returns, run in a thread: a browser test has a running loop in its own."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, work).result()


class Run:
    """A run folder that is filled problem by problem."""

    def __init__(self, folder: Path, name: str = "t") -> None:
        self.folder = folder
        self.config = SolveConfig(
            run_name=name,
            problems="p.jsonl",
            sampler=SamplerConfig(kind=SamplerKind.openai, model=ModelConfig(path="some/model"), base_url="http://x"),
            simulator=SamplerConfig(kind=SamplerKind.openai, model=ModelConfig(path="some/model"), base_url="http://x"),
        )
        self.problems: list[Problem] = []
        self.rows: list[Solved] = []
        folder.mkdir(parents=True, exist_ok=True)

    def fix(
        self,
        problem: Problem,
        answers: Sequence[str],
        predictions: Sequence[str] = (),
        *,
        ends: bool = True,
        **settings,
    ) -> "Run":
        """One trajectory; without `ends` as a kill would leave it."""
        file, key = TrajectoryFile(self.folder / "trajectories.jsonl"), f"{problem.id} 0"
        done = finished(
            self_fix(
                problem,
                ScriptedSampler(list(answers)),
                ScriptedSampler(list(predictions) or ["<output>\n?\n</output>"]),
                max_turns=len(answers),
                on_turn=lambda turn: file.turn(key, turn),
                **{"n": 2, **settings},
            )
        )
        if ends:
            file.end(key, done)
        return self._solved(problem, done.code, done.status.value, done.status.value == "submitted", len(done.turns))

    def verify(self, problem: Problem, answers: Sequence[str], predictions: Sequence[str], **settings) -> "Run":
        ranking = finished(
            self_verify(
                problem,
                ScriptedSampler(list(answers)),
                ScriptedSampler(list(predictions)),
                k=len(answers),
                **{"n": 2, **settings},
            )
        )
        row = {"schema": 1, **asdict(ranking), "feedback": ranking.feedback.value}
        with open(self.folder / "rankings.jsonl", "a", encoding="utf-8") as file:
            file.write(json.dumps(row) + "\n")
        return self._solved(problem, ranking.best.code, "ranked", ranking.believed, len(answers))

    def _solved(self, problem: Problem, code: str | None, status: str, believed: bool | None, turns: int) -> "Run":
        self.problems.append(problem)
        self.rows.append(Solved(problem.id, code, status, believed, turns, 1234))
        return self

    def page(self, sandbox: Sandbox | None = None, **settings) -> Path:
        return write_page(self.folder, self.config, self.problems, self.rows, sandbox, **settings)

    def read(self, sandbox: Sandbox | None = None) -> "Parsed":
        return parsed(self.page(sandbox).read_text("utf-8"))


class Parsed(HTMLParser):
    """A page taken apart: its elements as (tag, attributes, text inside), and whether every tag is closed in order."""

    def __init__(self) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None], list[str]]] = []
        self.open: list[int] = []
        self.faults: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs), []))
        if tag not in VOID:
            self.open.append(len(self.elements) - 1)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)  # `<br />`, as Markdown writes it

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.elements[self.open[-1]][0] != tag:
            self.faults.append(f"</{tag}> where <{self.elements[self.open[-1]][0] if self.open else ''}> is open")
        else:
            self.open.pop()

    def handle_data(self, data: str) -> None:
        for place in self.open:
            self.elements[place][2].append(data)

    def texts(self, tag: str, **wanted: str) -> list[str]:
        """The texts of the elements with this tag and, as `klass`, one of their classes."""
        klass = wanted.get("klass")
        return [
            "".join(text)
            for name, attributes, text in self.elements
            if name == tag and (klass is None or klass in (attributes.get("class") or "").split())
        ]

    @property
    def text(self) -> str:
        return "".join("".join(text) for name, _, text in self.elements if name == "main")


def parsed(html: str) -> Parsed:
    page = Parsed()
    page.feed(html)
    page.close()
    return page
