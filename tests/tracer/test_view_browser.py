"""The page in a real browser (headless Chromium): walking, keys, both themes, 10,000 events. Run by `make proof`."""

import re
import shutil
import statistics
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from deskcheck_tracer import Limits, Trace
from deskcheck_tracer.engine import record_here
from deskcheck_tracer.view import page
from playwright.sync_api import Browser, CDPSession, Page, expect, sync_playwright

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

FACTORIAL = """\
def fact(n):
    if n == 0:
        return 1
    rest = fact(n - 1)
    return n * rest


numbers = [3, 1]
for n in numbers:
    numbers[0] = fact(n)
    print(n, numbers)
"""
LONG = """\
def collatz(n, seen):
    while n != 1:
        if n in seen:
            return seen[n]
        n = n // 2 if n % 2 == 0 else 3 * n + 1
    return 1
seen, names, total = {}, [f"name{i}" for i in range(30)], 0
for start in range(1, 10_000):
    seen[start] = collatz(start, seen)
    total += seen[start]
    if start % 10 == 0:
        print(start, total)
"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        yield opened
        opened.close()


@pytest.fixture
def show(browser: Browser, tmp_path: Path) -> Iterator[Callable[..., Page]]:
    """show(trace) opens the page of a trace; any error or any request to elsewhere fails the test."""
    faults: list[str] = []

    def opened(trace: Trace, theme: str = "light", width: int = 1280) -> Page:
        (tmp_path / "page.html").write_text(page(trace, "program.py"), encoding="utf-8")
        tab = browser.new_page(viewport={"width": width, "height": 800}, color_scheme=theme)
        tab.on("pageerror", lambda error: faults.append(str(error)))
        tab.on("console", lambda message: faults.append(message.text) if message.type == "error" else None)
        tab.on("request", lambda asked: faults.append(asked.url) if not asked.url.startswith("file:") else None)
        tab.goto((tmp_path / "page.html").as_uri())
        return tab

    yield opened
    assert not faults


def stack(tab: Page) -> list[str]:
    return tab.locator(".frame .function").all_inner_texts()


def test_walking_shows_line_state_stack_output_and_words(show: Callable[..., Page]) -> None:
    tab = show(record_here(FACTORIAL))
    assert tab.locator("#count").inner_text().startswith("1 / ")
    seen = []
    for _ in range(200):
        seen.append((tab.locator(".line.now b").inner_text(), len(stack(tab)), tab.locator("#sentence").inner_text()))
        tab.keyboard.press("ArrowRight")
        if tab.locator("#count").inner_text().split(" / ")[0] == str(len(seen)):
            break  # it went no further: this was the last one
    assert max(depth for _, depth, _ in seen) == 5 and seen[0][2].startswith("Line 1, def fact(n)")
    assert [line for line, _, _ in seen][:6] == ["1", "8", "9", "10", "1", "2"]
    assert tab.locator("#output").inner_text() == "3 [6, 1]\n1 [1, 1]\n"
    tab.keyboard.press("Home")
    assert tab.locator("#output").inner_text() == "" and stack(tab) == ["module"]


def test_what_just_changed_is_marked_inside_the_value(show: Callable[..., Page]) -> None:
    tab = show(record_here(FACTORIAL))
    for _ in range(9):
        if tab.locator(".line.now .note").all_inner_texts() == ["numbers = [6, 1]"]:
            break
        tab.keyboard.press("Shift+ArrowRight")
    row = tab.locator("tr.changed")
    assert row.locator("mark").inner_text() == "6" and row.locator(".was").inner_text() == "was [3, 1]"
    assert tab.locator(".line.now .note").inner_text() == "numbers = [6, 1]"
    tab.keyboard.press("ArrowRight")
    assert tab.locator("#output mark").inner_text() == "3 [6, 1]\n"


def test_callers_open_and_show_their_variables(show: Callable[..., Page]) -> None:
    tab = show(record_here(FACTORIAL))
    for _ in range(20):
        if len(stack(tab)) < 3:
            tab.keyboard.press("ArrowRight")
    assert stack(tab) == ["fact", "fact", "module"] and tab.locator(".line.caller").count() == 2
    tab.locator(".frame .head").nth(1).click()
    assert tab.locator(".frame").nth(1).locator("td").all_inner_texts() == ["n", "3"]
    tab.keyboard.press("ArrowUp")
    assert len(stack(tab)) == 2 and tab.locator("#sentence").inner_text().startswith("Back on line 4")


def test_slider_buttons_line_numbers_and_address(show: Callable[..., Page]) -> None:
    tab = show(record_here(FACTORIAL))
    tab.locator("#at").fill("5")
    assert tab.locator("#count").inner_text().startswith("6 / ")
    tab.locator(".line b").nth(10).click()
    assert tab.locator(".line.now b").inner_text() == "11"
    first = tab.locator("#count").inner_text()
    tab.keyboard.press("n")
    assert tab.locator(".line.now b").inner_text() == "11" and tab.locator("#count").inner_text() != first
    tab.keyboard.press("p")
    assert tab.locator("#count").inner_text() == first
    number = first.split(" / ")[0]
    expect(tab).to_have_url(re.compile(f"#{number}$"))
    tab.reload()
    assert tab.locator("#count").inner_text() == first
    tab.locator("#last").click()
    tab.locator("#back").click()
    tab.locator("#help").click()
    assert tab.locator("#keys").is_visible()
    tab.keyboard.press("Escape")
    assert not tab.locator("#keys").is_visible()


def test_playing_walks_by_itself_and_stops_at_the_end(show: Callable[..., Page]) -> None:
    tab = show(record_here("x = 1\ny = 2\n"))
    tab.locator("#play").click()
    expect(tab.locator("#count")).to_have_text("2 / 2")
    expect(tab.locator("#play")).to_have_text("▶")


def test_input_exceptions_and_elided_values_are_told_apart(show: Callable[..., Page]) -> None:
    tab = show(record_here("n = input()\nx = list(range(500))\ny = 1 / 0\n", "seven\n"))
    assert tab.locator("#output i").inner_text() == "seven\n"
    tab.keyboard.press("ArrowRight")
    assert tab.locator(".cut").inner_text() == " (len 500)"
    tab.keyboard.press("End")
    assert "ZeroDivisionError" in tab.locator("tr.bad").inner_text() and tab.locator("#summary .bad").count() == 1


def test_both_themes_and_a_narrow_screen(show: Callable[..., Page]) -> None:
    trace = record_here(FACTORIAL)
    colour = "getComputedStyle(document.body).backgroundColor"
    light, dark = show(trace, "light"), show(trace, "dark")
    assert light.evaluate(colour) != dark.evaluate(colour)
    dark.keyboard.press("t")
    assert dark.evaluate(colour) == light.evaluate(colour)
    narrow = show(trace, width=480)
    assert narrow.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def test_ten_thousand_events_load_and_step_at_once(show: Callable[..., Page]) -> None:
    trace = record_here(LONG, limits=Limits(max_events=10_000, max_bytes=None))
    assert len(trace.events) >= 10_000
    start = time.process_time()
    size = len(page(trace))
    built = time.process_time() - start
    loads, steps = [], []
    for _ in range(3):
        tab = show(trace)
        loads.append(tab.evaluate("performance.getEntriesByType('navigation')[0].loadEventEnd"))
        meter = tab.context.new_cdp_session(tab)
        meter.send("Performance.enable", {"timeDomain": "threadTicks"})  # CPU time: other work here does not count
        before = cpu_s(meter)
        tab.evaluate(WALK)
        steps.append(1000 * (cpu_s(meter) - before) / 400)
    figures = (
        f"{len(trace.events)} events: page of {size / 1e6:.1f} MB, built in {built:.1f} s of CPU time; medians of 3: "
        f"loaded in {statistics.median(loads):.0f} ms, {statistics.median(steps):.1f} ms of CPU time a step"
    )
    print(figures)
    assert statistics.median(loads) < 2000 and statistics.median(steps) < 16, figures


WALK = """() => { for (let i = 0; i < 400; i++) { go(total - 1 - i * 20); document.body.getBoundingClientRect(); } }"""


def cpu_s(meter: CDPSession) -> float:
    """Seconds of CPU time that the page's thread has used."""
    metrics = meter.send("Performance.getMetrics")["metrics"]
    return next(metric["value"] for metric in metrics if metric["name"] == "TaskDuration")
