"""How our pages look: colours, templates and filters that the pages of other packages share.

The colours are the trace viewer's: its style sheet names them twice, for light and for dark, and a page follows the
reader's system until its button says otherwise.
"""

import re
from functools import lru_cache
from importlib.resources import files

import jinja2
from markupsafe import Markup

from deskcheck_agent.page.texts import visible
from deskcheck_agent.page.words import PREDICTIONS, VERDICTS, counted

_ROOT = re.compile(r":root(?:\[[^]]*\])? \{(.*?)\}", re.DOTALL)


def style(*rules: str) -> Markup:
    """A style sheet: the colours, light and dark, and then `rules`."""
    theirs = files("deskcheck_tracer").joinpath("viewer/page.css").read_text(encoding="utf-8")
    light, dark = _ROOT.findall(theirs)
    chosen = f':root[data-theme="dark"] {{{dark}}}'
    system = f'@media (prefers-color-scheme: dark) {{ :root:not([data-theme="light"]) {{{dark}}} }}'
    return Markup("\n".join([f":root {{{light}}}", system, chosen, *rules]))


def solve_file(name: str) -> str:
    """A file beside the templates of `solve.html`: its style sheet, its script."""
    return files("deskcheck_agent").joinpath(f"templates/solve/{name}").read_text(encoding="utf-8")


@lru_cache
def environment(executes: bool, *packages: tuple[str, str]) -> jinja2.Environment:
    """The templates of `solve.html` after those of `packages` (name, folder), compiled once a process.

    Everything is escaped. Macros that are imported see globals alone, so `executes` is one.
    """
    folders = [*packages, ("deskcheck_agent", "templates/solve")]
    made = jinja2.Environment(
        loader=jinja2.ChoiceLoader([jinja2.PackageLoader(*folder) for folder in folders]),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.globals |= {"executes": executes, "verdict_words": VERDICTS, "prediction_words": PREDICTIONS}
    made.filters |= {"visible": visible, "count": counted}
    return made
