"""What MkDocs asks while it builds the site: READMEs become pages, the configuration reference is written, links are
followed (places.py, reference.py). `make docs` builds; mkdocs.yml names this file."""

import re
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))  # mkdocs loads this file by its path

from mkdocs.config.defaults import MkDocsConfig  # noqa: E402
from mkdocs.structure.files import File, Files  # noqa: E402
from mkdocs.structure.pages import Page  # noqa: E402

from tools.docs.places import ELSEWHERE, relinked  # noqa: E402
from tools.docs.reference import reference_pages  # noqa: E402

LAST_IN_SEARCH = ("proof/", "changes/", "decisions")
"""Pages for those who know the project; a newcomer's search shows the others first."""


def on_files(files: Files, config: MkDocsConfig) -> Files:
    for page, file in ELSEWHERE.items():
        files.append(File.generated(config, page, abs_src_path=str(ROOT / file)))
    for page, text in reference_pages().items():
        files.append(File.generated(config, page, content=text))
    return files


def on_page_markdown(markdown: str, page: Page, **_: Any) -> str:
    if page.file.src_uri.startswith(LAST_IN_SEARCH):
        page.meta["search"] = {"boost": 0.2}
    return relinked(markdown, page.file.src_uri)


def on_page_content(html: str, **_: Any) -> str:
    """A bar in the code of a table's cell is written `\\|` in the repository, and would keep its backslash."""
    return re.sub(r"<td.*?</td>", lambda cell: cell[0].replace("\\|", "|"), html, flags=re.S)
