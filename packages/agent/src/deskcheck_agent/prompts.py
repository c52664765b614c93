"""The prompts: explain, simulate, solve, submit_or_fix. The only place where anything is put before a model.

A prompt set is a folder of Jinja templates, one file a prompt (`default` for models that do as they are told,
`few_shot` for models that follow examples, `micro` for tiny ones, or your own). An unknown variable is an error. What
each prompt can hold is fixed by what its template is given:

    explain, simulate   a program and its input; never an expected output
    find_input          a program and its output; of its input only the name of the called function
    solve               a statement and the public tests
    submit_or_fix       a statement, one program, and per public test input, expected and observed (or predicted)
output

Private tests reach none of them. A template is one user message, unless it has Jinja blocks named system, user or
assistant: then each block is a message, in the order system, user, assistant.

More files are optional. `examples.toml` holds worked examples (examples.py), which go before explain and simulate as
earlier turns, asked in the same words; `inputs.toml` holds those of find_input, `translations.toml` those of translate.
`direct.j2` is what simulate becomes when the output alone is asked for, `predict_input.j2` is what find_input becomes
when the input alone is; training data asks predict_input too, and `scratchpad.j2`, `next_state.j2` and `branch.j2`.
`translate.j2` and `propose.j2` are what dataset building asks a model: to tell a recorded run, which it is shown, in
prose, and to think up calls of a function; `propose_inputs.j2` asks for inputs of a problem. `default` lends its own.
`explain.2.j2`, `explain.3.j2` ... say explain in other words, for training data too: models are evaluated on
`explain.j2`.
`{% include "default/solve.j2" %}` takes over a shipped template.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jinja2
from deskcheck_tracer.claims import OUTPUT_OPEN
from deskcheck_tracer.program import Program
from deskcheck_tracer.statements import source_lines

from deskcheck_agent.errors import PromptError
from deskcheck_agent.examples import Example, load_examples
from deskcheck_agent.parse import INPUT_CLOSE, INPUT_OPEN
from deskcheck_agent.problem import Problem
from deskcheck_agent.sampler import Message

if TYPE_CHECKING:
    from deskcheck_agent.feedback import TestFeedback

NAMES = ("explain", "simulate", "solve", "submit_or_fix")
LENT = (
    "direct",
    "find_input",
    "predict_input",
    "scratchpad",
    "next_state",
    "branch",
    "translate",
    "propose",
    "propose_inputs",
)
"""Prompts that a set may leave to `default`."""
ROLES = ("system", "user", "assistant")
_SHIPPED = Path(str(files("deskcheck_agent"))) / "prompts"


@dataclass(frozen=True)
class LineAsked:
    """One run of one line, as a question names it."""

    line: int
    text: str
    """The statement on it."""
    time: int
    """How often the line has begun to run by then, counted from 1 over the whole run."""
    function: str | None = None
    """The function that the line belongs to; None for the program's own body."""


class Prompts:
    """One prompt set. Two calls with equal arguments give equal messages."""

    def __init__(
        self,
        name: str,
        templates: Mapping[str, jinja2.Template],
        examples: Mapping[str, Sequence[Example]] | None = None,
        *,
        is_numbered: bool = False,
    ) -> None:
        self.name = name
        self._templates = templates
        self._examples = examples or {}
        self._is_numbered = is_numbered

    @classmethod
    def load(cls, name_or_folder: str | Path = "default") -> "Prompts":
        """A shipped set by name, or a folder of your own. Raises PromptError for one that is missing or incomplete."""
        folder = _folder(str(name_or_folder))
        environment = _environment(folder)
        templates = {name: _template(environment, folder / f"{name}.j2") for name in NAMES}
        for name in LENT:
            lender = folder if (folder / f"{name}.j2").exists() else _SHIPPED / "default"
            templates[name] = _template(environment, lender / f"{name}.j2")
        templates |= {path.stem: _template(environment, path) for path in _other_words(folder)}
        examples = load_examples(folder / "examples.toml")
        told = load_examples(folder / "translations.toml")
        inputs = load_examples(folder / "inputs.toml", INPUT_OPEN, INPUT_CLOSE)
        shown = {"explain": examples, "simulate": examples, "translate": told, "find_input": inputs}
        return cls(str(name_or_folder), templates, shown)

    def direct(self) -> "Prompts":
        """The same set, whose simulate and find_input prompts ask for the answer alone and whose examples there show
        nothing else."""
        templates = {**self._templates, "simulate": self._templates["direct"]}
        templates["find_input"] = self._templates["predict_input"]
        outputs = [example.block_alone(OUTPUT_OPEN) for example in self._examples.get("simulate", ())]
        inputs = [example.block_alone(INPUT_OPEN) for example in self._examples.get("find_input", ())]
        examples = {**self._examples, "simulate": outputs, "find_input": inputs}
        return Prompts(self.name, templates, examples, is_numbered=self._is_numbered)

    def numbered(self) -> "Prompts":
        """The same set, which shows programs to be run with a number before each line."""
        return Prompts(self.name, self._templates, self._examples, is_numbered=True)

    @property
    def phrasings(self) -> int:
        """In how many ways the set can ask for an explanation."""
        return sum(name.partition(".")[0] == "explain" for name in self._templates)

    def explain(self, program: Program, phrasing: int = 1) -> list[Message]:
        """Ask for a step-by-step explanation that ends in the output (the NLEX form); phrasing 1 is the one that
        evaluation uses."""
        return self._ask("explain" if phrasing == 1 else f"explain.{phrasing}", program)

    def scratchpad(self, program: Program) -> list[Message]:
        """Ask for the run as a terse scratchpad that ends in the output."""
        return self._about("scratchpad", program)

    def predict_input(self, program: Program, output: str) -> list[Message]:
        """Ask for an input that gives `output`, and for nothing else: find_input of the direct set."""
        return self.direct().find_input(program, output)

    def next_state(self, program: Program, asked: LineAsked, variables: Sequence[str]) -> list[Message]:
        """Ask what the variables are after a line, given what they are before it, `name = value` each."""
        return self._about("next_state", program, asked=asked, variables=variables)

    def branch(self, program: Program, asked: LineAsked) -> list[Message]:
        """Ask how the condition of a line comes out, and which line runs next."""
        return self._about("branch", program, asked=asked)

    def simulate(self, program: Program) -> list[Message]:
        """Ask for the output of a program; the model sees source and input, nothing else."""
        return self._ask("simulate", program)

    def find_input(self, program: Program, output: str) -> list[Message]:
        """Ask for an input that gives `output`; of the program's own input the prompt holds the called name alone."""
        asked = self._wanted(program, output)
        return self._after_examples("find_input", asked, lambda example: self._wanted(example.program, example.output))

    def translate(self, program: Program, told: str) -> list[Message]:
        """Ask for prose about a recorded run; `told` is its narration, output block included."""
        return self._ask("translate", program, lambda example: {"told": example.record}, told=told)

    def propose(self, source: str, entry_point: str, count: int) -> list[Message]:
        """Ask for `count` calls of a function, with literal arguments, one a line."""
        return self._render("propose", source=source, entry_point=entry_point, count=count)

    def propose_inputs(self, problem: Problem, count: int) -> list[Message]:
        """Ask for `count` inputs to compare programs on; the model sees what a solver sees."""
        return self._render(
            "propose_inputs",
            statement=problem.statement,
            entry_point=problem.entry_point,
            tests=problem.public_tests,
            count=count,
        )

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
        """The prompt about a program and its input; `shown` is of an example what `more` is of the program."""
        question = self._about(name, program, **more)
        ask = partial(self._about, name)
        return self._after_examples(name.partition(".")[0], question, lambda each: ask(each.program, **shown(each)))

    def _after_examples(
        self, name: str, question: list[Message], ask: Callable[[Example], list[Message]]
    ) -> list[Message]:
        """A question with the worked examples before it, as turns that went the same way."""
        turns: list[Message] = []
        for example in self._examples.get(name, ()):
            turns += [message for message in ask(example) if message["role"] == "user"]
            turns.append(Message(role="assistant", content=example.answer))
        start = 1 if question[0]["role"] == "system" else 0
        return [*question[:start], *turns, *question[start:]]

    def _about(self, name: str, program: Program, **more: Any) -> list[Message]:
        return self._render(name, source=self._shown(program.source), stdin=program.stdin, call=program.call, **more)

    def _wanted(self, program: Program, output: str) -> list[Message]:
        function = None if program.call is None else program.call.partition("(")[0]
        return self._render("find_input", source=self._shown(program.source), function=function, output=output)

    def _shown(self, source: str) -> str:
        return numbered(source) if self._is_numbered else source

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


def numbered(source: str) -> str:
    """The source with a number before each line."""
    lines = source_lines(source.removesuffix("\n"))
    width = len(str(len(lines)))
    return "\n".join(f"{number:>{width}}  {line}".rstrip() for number, line in enumerate(lines, 1))


def ordinal(number: int) -> str:
    """1st, 2nd, 3rd, 4th ... 11th ... 21st."""
    ending = "th" if number % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}"


def _other_words(folder: Path) -> list[Path]:
    """`explain.2.j2`, `explain.3.j2` and so on, without a gap."""
    found = {path.name for path in folder.glob("explain.*.j2")}
    expected = [f"explain.{number}.j2" for number in range(2, len(found) + 2)]
    if unknown := sorted(found.difference(expected)):
        raise PromptError(f"prompt set {folder} has {unknown[0]}, expected {expected[0]} and so on without a gap")
    return [folder / name for name in expected]


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
    environment.filters["ordinal"] = ordinal
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
