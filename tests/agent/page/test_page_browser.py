"""The page in a real browser (headless Chromium): reading, clicking, keys, both themes, narrow screens, a large run. Run
by `make proof`."""

import random
import shutil
import statistics
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from deskcheck_tracer import Sandbox, TestCase
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.agent.page.material import RIGHT, SUM, WRONG, Run, fenced, told

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]
SUBMIT = "```\n#SUBMIT\n```"
SLIP = told(WRONG, "1 2\n").replace("int('2') = 3", "int('2') = 7").replace("\n4\n", "\n8\n")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        yield opened
        opened.close()


@pytest.fixture(scope="module")
def three(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A repaired problem, a ranked one, and one without a program; executed, as our own programs may be."""
    run = Run(tmp_path_factory.mktemp("three"), name="three")
    right = [told(RIGHT, stdin) for stdin in ("1 2\n", "1 2\n", "5\n", "5\n")]
    run.fix(SUM, [fenced(WRONG), fenced(RIGHT), SUBMIT], [SLIP, SLIP, told(WRONG, "5\n"), told(WRONG, "5\n"), *right])
    ranked = replace(SUM, id="ranked", statement="Sum <img src=x onerror=alert(1)> and ![p](http://a.example/p.png)")
    run.verify(ranked, [fenced(WRONG), fenced(RIGHT), fenced(RIGHT)], [SLIP, *right[1:]], n=1)
    return run.fix(replace(SUM, id="nothing"), ["I do not know."])


@pytest.fixture
def show(browser: Browser) -> Iterator[Callable[..., Page]]:
    """show(path) opens a page; any error, and any request for another file or place, fails the test."""
    faults: list[str] = []
    asked: list[str] = []

    def opened(path: Path, theme: str = "light", width: int = 1200, scripts: bool = True) -> Page:
        context = browser.new_context(
            viewport={"width": width, "height": 800},
            color_scheme=theme,  # pyright: ignore[reportArgumentType]
            java_script_enabled=scripts,
        )
        tab = context.new_page()
        tab.on("pageerror", lambda error: faults.append(str(error)))
        tab.on("console", lambda message: faults.append(message.text) if message.type == "error" else None)
        tab.on("dialog", lambda dialog: faults.append(dialog.message))
        tab.on("request", lambda request: asked.append(request.url))
        tab.goto(path.as_uri())
        return tab

    yield opened
    assert not faults and all(url.startswith("file:") and url.endswith(".html") for url in asked)


@pytest.fixture(scope="module")
def page(three: Run) -> Path:
    with Sandbox(isolation="process", workers=1) as sandbox:
        return three.page(sandbox)


def test_a_click_in_the_index_opens_the_problem(show: Callable[..., Page], page: Path) -> None:
    tab = show(page)
    expect(tab.locator("article").first).to_be_hidden()
    tab.get_by_role("link", name="sum").click()
    expect(tab.locator("article").first).to_be_visible()
    tab.get_by_role("link", name="2 changes").click()
    expect(tab.get_by_text("changes the program")).to_be_in_viewport()
    assert "".join(tab.locator(".code .gone mark").all_inner_texts()) == " + 1"


def test_the_first_false_statement_is_in_sight_when_its_prediction_is_opened(
    show: Callable[..., Page], page: Path
) -> None:
    tab = show(page)
    tab.get_by_role("link", name="sum").click()
    vote = tab.locator(".vote").first
    expect(vote.locator(".pair.first")).to_be_hidden()
    vote.locator("summary").click()
    expect(vote.locator(".pair.first span").first).to_have_text("total = 1 + int('2') = 7")
    expect(vote.locator(".pair.first span").nth(1)).to_have_text("total = 1 + int('2') = 3")
    expect(vote.locator(".pair.first")).to_be_in_viewport()


def test_problems_are_filtered_by_status_and_by_words(show: Callable[..., Page], page: Path) -> None:
    tab = show(page)
    rows = tab.locator("table.index tbody tr:visible")
    expect(rows).to_have_count(3)
    tab.get_by_role("button", name="no program").click()
    expect(rows).to_have_count(1)
    expect(tab.locator("details.problem:visible")).to_have_count(1)
    tab.get_by_role("button", name="all", exact=True).click()
    tab.keyboard.press("/")
    tab.keyboard.type("rank")
    expect(rows).to_have_count(1)
    expect(tab.locator("#shown")).to_have_text("1 of 3")


def test_keys_walk_unfold_and_change_the_colours(show: Callable[..., Page], page: Path) -> None:
    tab = show(page)
    tab.keyboard.press("j")
    tab.keyboard.press("j")
    expect(tab.locator("#problem-2")).to_be_visible()
    tab.keyboard.press("o")
    expect(tab.locator("#problem-2 .vote pre, #problem-2 .vote .beside").first).to_be_visible()
    paper = "getComputedStyle(document.body).backgroundColor"
    light = tab.evaluate(paper)
    tab.keyboard.press("t")
    assert tab.evaluate(paper) != light
    tab.keyboard.press("t")
    assert tab.evaluate(paper) == light


def test_it_reads_without_javascript(show: Callable[..., Page], page: Path) -> None:
    tab = show(page, scripts=False)
    expect(tab.locator("#search")).to_be_hidden()
    tab.locator("details.problem > summary").first.click()
    tab.locator(".vote > summary").first.click()
    expect(tab.locator(".pair.first").first).to_be_visible()
    expect(tab.locator("article").nth(1).get_by_text("<img src=x onerror=alert(1)>")).to_have_count(1)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_it_fits_narrow_screens_in_both_themes(show: Callable[..., Page], page: Path, theme: str) -> None:
    tab = show(page, theme, width=390)
    for _ in range(2):
        tab.keyboard.press("j")
        tab.keyboard.press("o")
    assert tab.evaluate("document.documentElement.scrollWidth") <= 390
    ink, paper = tab.evaluate(
        "[getComputedStyle(document.body).color, getComputedStyle(document.body).backgroundColor]"
    )
    assert brightness(ink) < brightness(paper) if theme == "light" else brightness(ink) > brightness(paper)


def brightness(colour: str) -> int:
    return sum(int(part) for part in colour.removeprefix("rgb(").removesuffix(")").split(","))


def test_a_large_run_is_an_index_that_opens_at_once(show: Callable[..., Page], tmp_path: Path) -> None:
    rng = random.Random(0)
    run = Run(tmp_path, name="large")
    steps = "\n".join(f"Line {line}, `x += {line}`: x becomes {line} + {line} = {2 * line}." for line in range(20))
    for number in range(500):
        tests = tuple(TestCase(f"{rng.random()}\n", f"{rng.randrange(9)}\n") for _ in range(3))
        programs = [fenced(RIGHT.replace("total", f"total_{rng.randrange(12)}")) for _ in range(20)]
        predictions = [f"{steps}\n<output>\n{rng.randrange(9)}\n</output>" for _ in range(7)]
        run.verify(replace(SUM, id=f"p{number}", public_tests=tests), programs, predictions, n=5)
    began = time.perf_counter()
    index = run.page()
    made = time.perf_counter() - began
    sizes = [path.stat().st_size for path in (tmp_path / "solve").iterdir()]
    took = {path.name: opening(show, path) for path in (index, tmp_path / "solve" / "0250-p249.html")}
    print(
        f"\n500 problems x 20 candidates: made in {made:.0f} s; index {index.stat().st_size / 1000:.0f} kB, a problem"
    )
    print(
        f"{statistics.mean(sizes) / 1000:.0f} kB; opened in",
        ", ".join(f"{s:.2f} s ({name})" for name, s in took.items()),
    )
    assert len(sizes) == 500 and max(took.values()) < 5
    tab = show(index)
    tab.get_by_role("link", name="p249").click()
    expect(tab.locator("details.place")).not_to_have_count(0)
    tab.get_by_role("link", name="large").click()
    expect(tab.locator("table.index tbody tr")).to_have_count(500)


def opening(show: Callable[..., Page], path: Path) -> float:
    """Seconds from asking for a page to its second frame; the median of three."""
    times = []
    for _ in range(3):
        began = time.perf_counter()
        tab = show(path)
        tab.evaluate("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
        times.append(time.perf_counter() - began)
        tab.close()
    return statistics.median(times)
