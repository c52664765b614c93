"""Where the links of built pages lead, and which lead nowhere."""

from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

REFERRING = {"a": "href", "link": "href", "script": "src", "img": "src", "iframe": "src", "source": "src"}


class Page(HTMLParser):
    """The anchors of a page, what it links to, and what it loads."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.path = path
        self.anchors: set[str] = set()
        self.links: list[str] = []
        self.loads: list[str] = []
        self.feed(path.read_text())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.anchors |= {name for name in (given.get("id"), given.get("name")) if name}
        target = given.get(REFERRING.get(tag, ""))
        if target and given.get("rel") != "canonical":
            (self.links if tag == "a" else self.loads).append(target)


def lost(pages: list[Page], root: Path) -> list[str]:
    """`page -> target` of everything inside the site that is not there, file or anchor."""
    known = {page.path.resolve(): page for page in pages}
    found = []
    for page in pages:
        for link in [*page.links, *page.loads]:
            parts = urlsplit(link)
            if parts.scheme or parts.netloc:
                continue
            path = (page.path.parent / unquote(parts.path)).resolve() if parts.path else page.path.resolve()
            path = path / "index.html" if path.is_dir() else path
            target = known.get(path)
            if not path.is_file() or (target and parts.fragment and unquote(parts.fragment) not in target.anchors):
                found.append(f"{page.path.relative_to(root)} -> {link}")
    return found
