"""Where a text of the repository stands on the site, and the other way round.

A text has one home, in the repository, where its links are right for whoever reads it there. The site shows READMEs as
pages of its own, so a link is followed in the repository first and then told from page to page. What is linked and is
no page (code, a script) is named without a link.
"""

import posixpath
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

ELSEWHERE = {
    "tracer.md": "packages/tracer/README.md",
    "solving.md": "packages/agent/README.md",
    "evaluation.md": "packages/evals/README.md",
    "training.md": "packages/trainer/README.md",
    "configuration/index.md": "conf/README.md",
    "models.md": "models/README.md",
    "programs.md": "examples/programs/README.md",
    "contributing.md": "CONTRIBUTING.md",
    "changes/tracer.md": "packages/tracer/CHANGELOG.md",
    "changes/agent.md": "packages/agent/CHANGELOG.md",
    "changes/evals.md": "packages/evals/CHANGELOG.md",
    "changes/trainer.md": "packages/trainer/CHANGELOG.md",
    "changes/conf.md": "conf/CHANGELOG.md",
    "changes/models.md": "models/CHANGELOG.md",
}
"""Pages whose text is not below docs/: place on the site -> file of the repository."""

_PAGES = {file: page for page, file in ELSEWHERE.items()} | {"README.md": "index.md"}
_LINK = re.compile(r"(!?)\[((?:[^\[\]]|\[[^\]]*\])*)\]\(([^)\s]+)\)")
_CODE = re.compile(r"^(```|~~~).*?^\1", re.M | re.S)


def file_of(page: str) -> str:
    """The file of the repository that a page's text comes from."""
    return ELSEWHERE.get(page, f"docs/{page}")


def page_of(file: str) -> str | None:
    """Where the site has a file of the repository; None if it has not."""
    return _PAGES.get(file) or (file.removeprefix("docs/") if file.startswith("docs/") else None)


def relinked(text: str, page: str) -> str:
    """The text of a page with the links of its home made into links of the site; fenced code stays as it is."""
    parts, at = [], 0
    for code in _CODE.finditer(text):
        parts += [_relinked(text[at : code.start()], page), code[0]]
        at = code.end()
    return "".join([*parts, _relinked(text[at:], page)])


def _relinked(text: str, page: str) -> str:
    here = posixpath.dirname(file_of(page))

    def replaced(link: re.Match[str]) -> str:
        target, mark, anchor = link[3].partition("#")
        if not target or "://" in target or target.startswith("mailto:"):
            return link[0]
        file = posixpath.normpath(posixpath.join(here, target))
        there = page_of(file)
        if there is None:
            return link[2] if (ROOT / file).exists() else link[0]  # what is nowhere, mkdocs tells
        return f"{link[1]}[{link[2]}]({posixpath.relpath(there, posixpath.dirname(page))}{mark}{anchor})"

    return _LINK.sub(replaced, text)
