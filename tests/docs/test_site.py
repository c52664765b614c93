"""The built site: every link leads somewhere, nothing is loaded from elsewhere, every page can be reached and searched."""

import json
from pathlib import Path

import pytest

from tests.docs.links import Page, lost


@pytest.fixture(scope="session")
def pages(site: Path) -> list[Page]:
    return [Page(path) for path in sorted(site.rglob("*.html")) if path.name != "404.html"]


def test_every_link_and_anchor_leads_somewhere(site: Path, pages: list[Page]) -> None:
    assert len(pages) > 40 and sum(len(page.links) for page in pages) > 1000
    assert lost(pages, site) == []


def test_a_link_that_leads_nowhere_is_found(tmp_path: Path) -> None:
    (tmp_path / "a.html").write_text(
        '<h2 id="here">A</h2><a href="b.html#there">b</a><img src="no.png"><a href="#here">'
    )
    (tmp_path / "b.html").write_text('<a href="a.html#here">a</a><a href="c.html">c</a><a href="https://x.org">x</a>')
    found = lost([Page(tmp_path / "a.html"), Page(tmp_path / "b.html")], tmp_path)
    assert found == ["a.html -> b.html#there", "a.html -> no.png", "b.html -> c.html"]


def test_nothing_is_loaded_from_elsewhere(site: Path, pages: list[Page]) -> None:
    assert [load for page in pages for load in page.loads if "//" in load] == []
    for style in site.rglob("*.css"):
        assert "url(http" not in style.read_text() and "@import" not in style.read_text(), style


def test_a_bar_in_a_cell_is_a_bar(site: Path) -> None:
    assert "<code>&lt;|line_sep|&gt;" in (site / "training.html").read_text()


def test_every_page_can_be_reached_from_home(site: Path, pages: list[Page]) -> None:
    home = next(page for page in pages if page.path == site / "index.html")
    reached, waiting = {home.path}, [home]
    known = {page.path: page for page in pages}
    while waiting:
        page = waiting.pop()
        targets = {(page.path.parent / link.partition("#")[0]).resolve() for link in page.links if "//" not in link}
        waiting += [known[path] for path in targets if path in known and path not in reached]
        reached |= targets & known.keys()
    assert reached == known.keys()


def test_the_search_knows_what_people_look_for(site: Path) -> None:
    entries = json.loads((site / "search/search_index.json").read_text())["docs"]
    for word, place in {
        "narration": "concepts.html",
        "optimizer.muon_learning_rate": "configuration/sft.html",
        "RecordingSampler": "extending.html",
        "seccomp": "limits.html",
        "verl": "comparison.html",
    }.items():
        assert any(word in entry["text"] and entry["location"].startswith(place) for entry in entries), word
