"""The site in a real browser, opened from the disk, where no network could help: home, search, narrow and dark.

Where Chromium is installed this is part of the ordinary tests; elsewhere `make proof` wants it."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")
pytestmark = [pytest.mark.timeout(120)] + ([pytest.mark.slow] if CHROMIUM is None else [])
ABORTED = "net::ERR_ABORTED"
"""What was still being loaded when the next page was asked for."""
LOOKED_AT = ("index", "quickstart", "configuration/rl", "configuration/groups", "extending", "results", "comparison")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield opened
        opened.close()


@pytest.fixture
def tab(browser: Browser) -> Iterator[Page]:
    """A tab; an error on its console, or a request for anything but files, fails the test."""
    faults: list[str] = []
    opened = browser.new_page(viewport={"width": 1280, "height": 900})
    opened.on("pageerror", lambda error: faults.append(str(error)))
    opened.on("console", lambda message: faults.append(message.text) if message.type in ("error", "warning") else None)
    opened.on("request", lambda asked: faults.append(asked.url) if asked.url[:5] not in ("file:", "data:") else None)
    opened.on("requestfailed", lambda asked: faults.append(asked.url) if asked.failure != ABORTED else None)
    yield opened
    opened.close()
    assert faults == []


def test_home_has_the_claim_the_table_and_the_ways_on(tab: Page, site: Path) -> None:
    tab.goto((site / "index.html").as_uri())
    assert tab.title() == "deskcheck"
    expect(tab.get_by_role("heading", level=1)).to_contain_text("run programs in their heads")
    expect(tab.locator("table").first).to_contain_text("65.9")
    assert tab.locator(".md-tabs__link").all_inner_texts() == [
        "Home",
        "Start",
        "Guides",
        "Reference",
        "Results",
        "Project",
    ]
    tab.get_by_role("link", name="Quickstart").first.click()
    expect(tab.get_by_role("heading", level=1)).to_contain_text("Quickstart")


def test_the_search_finds_narration(tab: Page, site: Path) -> None:
    tab.goto((site / "index.html").as_uri())
    tab.keyboard.press("/")
    tab.keyboard.type("narration")
    result = tab.locator(".md-search-result__item").first
    expect(result).to_contain_text("Narration", timeout=30_000)
    result.get_by_role("link").first.click()
    expect(tab.locator("article")).to_contain_text("Narration")
    assert "index.html" not in tab.url


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_pages_fit_narrow_screens(tab: Page, site: Path, theme: str) -> None:
    tab.set_viewport_size({"width": 390, "height": 900})
    tab.emulate_media(color_scheme=theme)  # pyright: ignore[reportArgumentType]
    for name in LOOKED_AT:
        tab.goto((site / f"{name}.html").as_uri())
        assert tab.evaluate("document.documentElement.scrollWidth") <= 390, name
        assert tab.evaluate("document.body.dataset.mdColorScheme") == ("slate" if theme == "dark" else "default")
