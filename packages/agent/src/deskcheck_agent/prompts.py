"""The four prompts: explain, simulate, solve, submit_or_fix. The only place where anything is put before a model.

A prompt set is a folder of Jinja templates, one file a prompt (`default` for real models, `micro` for tiny ones, or
your own). An unknown variable is an error. What each prompt can hold is fixed by what its template is given:

    explain, simulate   a program and its input; never an expected output
    solve               a statement and the public tests
    submit_or_fix       a statement, one program, and per public test input, expected and observed (or predicted)
output

Private tests reach none of them. A template is one user message, unless it has Jinja blocks named system, user or
assistant: then each block is a message, in the order system, user, assistant.
"""

from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jinja2
from deskcheck_tracer.program import Program

from deskcheck_agent.errors import PromptError
from deskcheck_agent.problem import Problem
from deskcheck_agent.sampler import Message

if TYPE_CHECKING:
    from deskcheck_agent.feedback import TestFeedback

NAMES = ("explain", "simulate", "solve", "submit_or_fix")
ROLES = ("system", "user", "assistant")


class Prompts:
    """One prompt set. Two calls with equal arguments give equal messages."""

    def __init__(self, name: str, templates: dict[str, jinja2.Template]) -> None:
        self.name = name
        self._templates = templates

    @classmethod
    def load(cls, name_or_folder: str | Path = "default") -> "Prompts":
        """A shipped set by name, or a folder of your own. Raises PromptError for one that is missing or incomplete."""
        folder = _folder(str(name_or_folder))
        environment = jinja2.Environment(
            undefined=jinja2.StrictUndefined, keep_trailing_newline=False, autoescape=False
        )
        environment.filters["one_line"] = lambda text: " / ".join(text.strip().splitlines())
        environment.filters["chomp"] = lambda text: text.removesuffix("\n")
        templates: dict[str, jinja2.Template] = {}
        for name in NAMES:
            try:
                templates[name] = environment.from_string((folder / f"{name}.j2").read_text(encoding="utf-8"))
            except FileNotFoundError:
                raise PromptError(f"prompt set {folder} has no {name}.j2, expected {_expected_files()}") from None
            except jinja2.TemplateSyntaxError as error:
                raise PromptError(f"{folder / name}.j2:{error.lineno}: {error.message}") from None
        return cls(str(name_or_folder), templates)

    def explain(self, program: Program) -> list[Message]:
        """Ask for a step-by-step explanation that ends in the output (the NLEX form)."""
        return self._render("explain", source=program.source, stdin=program.stdin, call=program.call)

    def simulate(self, program: Program) -> list[Message]:
        """Ask for the output of a program; the model sees source and input, nothing else."""
        return self._render("simulate", source=program.source, stdin=program.stdin, call=program.call)

    def solve(self, problem: Problem) -> list[Message]:
        """Ask for a program, showing the public tests as examples."""
        return self._render(
            "solve", statement=problem.statement, entry_point=problem.entry_point, tests=problem.public_tests
        )

    def submit_or_fix(self, problem: Problem, code: str, feedback: Sequence["TestFeedback"]) -> list[Message]:
        """Ask to submit a program or to give a better one, showing how it did on each public test."""
        return self._render(
            "submit_or_fix", statement=problem.statement, entry_point=problem.entry_point, code=code, feedback=feedback
        )

    def _render(self, name: str, **values: Any) -> list[Message]:
        template = self._templates[name]
        try:
            blocks = [role for role in ROLES if role in template.blocks]
            if not blocks:
                return [Message(role="user", content=template.render(**values))]
            context = template.new_context(values)
            return [Message(role=role, content="".join(template.blocks[role](context)).strip("\n")) for role in blocks]
        except jinja2.UndefinedError as error:
            raise PromptError(f"prompt {self.name}/{name}.j2: {error}; it is given: {', '.join(values)}") from None


def _folder(name: str) -> Path:
    shipped = Path(str(files("deskcheck_agent"))) / "prompts"
    for folder in (shipped / name, Path(name)):
        if folder.is_dir():
            return folder
    names = ", ".join(sorted(each.name for each in shipped.iterdir() if each.is_dir()))
    raise PromptError(
        f"prompt set {name!r} is neither shipped ({names}) nor a folder; expected one with {_expected_files()}"
    )


def _expected_files() -> str:
    return ", ".join(f"{name}.j2" for name in NAMES)
