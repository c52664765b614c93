"""The prompts of an evaluation: a prompt set of deskcheck-agent, as it is or asking for the output alone.

`step_by_step` is the set's own simulate prompt (narrate, then answer). `direct` swaps that one prompt for
`templates/direct.j2`; the answer is parsed the same way, so the two modes differ in what is asked and in nothing
else.
"""

from importlib.resources import files

from deskcheck_agent.prompts import Prompts
from deskcheck_tracer import Program
from jinja2 import Environment, StrictUndefined

Message = dict[str, str]


class DirectPrompts(Prompts):
    """A prompt set whose simulate prompt asks for the output alone."""

    def __init__(self, inner: Prompts) -> None:
        self.__dict__.update(inner.__dict__)
        source = files("deskcheck_evals").joinpath("templates/direct.j2").read_text(encoding="utf-8")
        self._direct = Environment(undefined=StrictUndefined).from_string(source)

    def simulate(self, program: Program) -> list:
        """Ask for the output of a program, without working it out in words."""
        content = self._direct.render(source=program.source, stdin=program.stdin, call=program.call)
        return [{"role": "user", "content": content}]
