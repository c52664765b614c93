"""The prompts: explain, simulate, solve, submit_or_fix. The only place where anything is put before a model.

A prompt set is a folder of Jinja templates, one file a prompt (`default` for models that do as they are told,
`few_shot` for models that follow examples, `micro` for tiny ones, or your own). An unknown variable is an error. What
each prompt can hold is fixed by what its template is given:

    explain, simulate   a program and its input; never an expected output
    solve               a statement and the public tests
    submit_or_fix       a statement, one program, and per public test input, expected and observed (or predicted)
output

Private tests reach none of them. A template is one user message, unless it has Jinja blocks named system, user or
assistant: then each block is a message, in the order system, user, assistant.

More files are optional. `examples.toml` holds worked examples (examples.py), which go before explain and simulate as
earlier turns, asked in the same words; `translations.toml` holds those of translate. `direct.j2` is what simulate
becomes when the output alone is asked for; `translate.j2` and `propose.j2` are what dataset building asks a model: to
tell a recorded run, which it is shown, in prose, and to think up calls of a function. `default` lends its own three.
`{% include "default/solve.j2" %}` takes over a shipped template.
"""

from collections.abc import Callable, Mapping, Sequence
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jinja2
from deskcheck_tracer.program import Program

from deskcheck_agent.errors import PromptError
from deskcheck_agent.examples import Example, load_examples
from deskcheck_agent.problem import Problem
from deskcheck_agent.sampler import Message

if TYPE_CHECKING:
    from deskcheck_agent.feedback import TestFeedback

NAMES = ("explain", "simulate", "solve", "submit_or_fix")
LENT = ("direct", "translate", "propose")
"""Prompts that a set may leave to `default`."""
ROLES = ("system", "user", "assistant")
_SHIPPED = Path(str(files("deskcheck_agent"))) / "prompts"


class Prompts:
    """One prompt set. Two calls with equal arguments give equal messages."""

    def __init__(
        self,
        name: str,
        templates: Mapping[str, jinja2.Template],
        examples: Mapping[str, Sequence[Example]] | None = None,
    ) -> None:
        self.name = name
        self._templates = templates
        self._examples = examples or {}

    @classmethod
    def load(cls, name_or_folder: str | Path = "default") -> "Prompts":
        """A shipped set by name, or a folder of your own. Raises PromptError for one that is missing or incomplete."""
        folder = _folder(str(name_or_folder))
        environment = _environment(folder)
        templates = {name: _template(environment, folder / f"{name}.j2") for name in NAMES}
        for name in LENT:
            lender = folder if (folder / f"{name}.j2").exists() else _SHIPPED / "default"
            templates[name] = _template(environment, lender / f"{name}.j2")
        examples = load_examples(folder / "examples.toml")
        told = load_examples(folder / "translations.toml")
        return cls(str(name_or_folder), templates, {"explain": examples, "simulate": examples, "translate": told})

    def direct(self) -> "Prompts":
        """The same set, whose simulate prompt asks for the output alone and whose examples there show nothing else."""
        bare = [example.output_alone() for example in self._examples.get("simulate", ())]
        templates = {**self._templates, "simulate": self._templates["direct"]}
        return Prompts(self.name, templates, {**self._examples, "simulate": bare})

    def explain(self, program: Program) -> list[Message]:
        """Ask for a step-by-step explanation that ends in the output (the NLEX form)."""
        return self._ask("explain", program)

    def simulate(self, program: Program) -> list[Message]:
        """Ask for the output of a program; the model sees source and input, nothing else."""
        return self._ask("simulate", program)

    def translate(self, program: Program, told: str) -> list[Message]:
        """Ask for prose about a recorded run; `told` is its narration, output block included."""
        return self._ask("translate", program, lambda example: {"told": example.record}, told=told)

    def propose(self, source: str, entry_point: str, count: int) -> list[Message]:
        """Ask for `count` calls of a function, with literal arguments, one a line."""
        return self._render("propose", source=source, entry_point=entry_point, count=count)

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

    def _ask(
        self, name: str, program: Program, shown: Callable[[Example], dict[str, str]] = lambda _: {}, **more: str
    ) -> list[Message]:
        """The prompt about a program, worked examples before it as turns that went the same way; `shown` is of an
        example what `more` is of the program."""
        question = self._about(name, program, **more)
        turns: list[Message] = []
        for example in self._examples.get(name, ()):
            asked = self._about(name, example.program, **shown(example))
            turns += [message for message in asked if message["role"] == "user"]
            turns.append(Message(role="assistant", content=example.answer))
        start = 1 if question[0]["role"] == "system" else 0
        return [*question[:start], *turns, *question[start:]]

    def _about(self, name: str, program: Program, **more: str) -> list[Message]:
        return self._render(name, source=program.source, stdin=program.stdin, call=program.call, **more)

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
        except jinja2.TemplateError as error:  # of a template that it includes
            raise PromptError(f"prompt {self.name}/{name}.j2: {type(error).__name__}: {error}") from None


def _folder(name: str) -> Path:
    for folder in (_SHIPPED / name, Path(name)):
        if folder.is_dir():
            return folder
    names = ", ".join(sorted(each.name for each in _SHIPPED.iterdir() if each.is_dir()))
    raise PromptError(
        f"prompt set {name!r} is neither shipped ({names}) nor a folder; expected one with {_expected_files()}"
    )


def _environment(folder: Path) -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader([folder, _SHIPPED]),
        undefined=jinja2.StrictUndefined,
        keep_trailing_newline=False,
        autoescape=False,
    )
    environment.filters["one_line"] = lambda text: " / ".join(text.strip().splitlines())
    environment.filters["chomp"] = lambda text: text.removesuffix("\n")
    return environment


def _template(environment: jinja2.Environment, path: Path) -> jinja2.Template:
    try:
        return environment.from_string(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise PromptError(f"prompt set {path.parent} has no {path.name}, expected {_expected_files()}") from None
    except jinja2.TemplateSyntaxError as error:
        raise PromptError(f"{path}:{error.lineno}: {error.message}") from None


def _expected_files() -> str:
    return ", ".join(f"{name}.j2" for name in NAMES)
