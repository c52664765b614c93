"""What the documents tell a user to type exists: every experiment, every path, every make target."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
PAGES = sorted(
    [*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), *ROOT.glob("*/README.md"), *ROOT.glob("packages/*/README.md")]
)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_what_a_page_tells_to_type_is_there(page: Path) -> None:
    text = page.read_text()
    experiments = set(re.findall(r"experiment=([a-z]+/[a-z0-9-]+)", text))
    missing = [name for name in experiments if not (ROOT / f"conf/deskcheck_conf/experiment/{name}.yaml").is_file()]
    targets = set(re.findall(r"^(\w+):", (ROOT / "Makefile").read_text(), re.M))
    missing += [
        f"make {name}"
        for name in re.findall(r"`make (\w+)|^make (\w+)", text, re.M)
        for name in name
        if name and name not in targets
    ]
    links = [link for link in re.findall(r"\]\(([^)#]+)[^)]*\)", text) if "://" not in link]
    missing += [link for link in links if not (page.parent / link).exists()]
    assert missing == []


def test_the_pages_are_found() -> None:
    names = {str(page.relative_to(ROOT)) for page in PAGES}
    assert {"README.md", "docs/decisions.md", "packages/tracer/README.md", "conf/README.md"} <= names
