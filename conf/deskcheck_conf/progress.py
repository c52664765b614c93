"""One progress bar for every long stage, on stderr: share done, rate, time left.

`with progress("collect", total) as advance:` and then `advance(n)` after each piece of work. On a terminal this is a
rich bar; elsewhere (CI, a log file, a pipe) it is a plain line at the start, at most every `PLAIN_INTERVAL_S` seconds,
and at the end. Bars may be nested: an inner one is drawn below the outer one.
"""

import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, ProgressColumn, Task, TextColumn, TimeElapsedColumn
from rich.text import Text

PLAIN_INTERVAL_S = 10.0

Advance = Callable[..., None]
"""advance(n=1): n more units are done."""

_shown: Progress | None = None


@contextmanager
def progress(label: str, total: int | None, *, done: int = 0) -> Iterator[Advance]:
    """Show progress towards `total` units (None: not known); `done` units were finished by an earlier run."""
    show = _nothing if os.environ.get("RANK", "0") != "0" else _bar if sys.stderr.isatty() else _lines
    with show(label, total, done) as advance:
        yield advance


def quiet_libraries() -> None:
    """Hugging Face's bars (loading, tokenising), like ours, only on a terminal: a log takes no carriage returns."""
    if not sys.stderr.isatty():
        for library in ("HUB", "DATASETS"):  # Transformers heeds the hub's; both are read at import
            os.environ.setdefault(f"HF_{library}_DISABLE_PROGRESS_BARS", "1")


@contextmanager
def _nothing(label: str, total: int | None, done: int) -> Iterator[Advance]:
    yield lambda n=1: None


@contextmanager
def _bar(label: str, total: int | None, done: int) -> Iterator[Advance]:
    global _shown
    if _shown is not None:  # an outer bar owns the terminal: add a row to it
        task = _shown.add_task(label, total=total, completed=done, done_before=done)
        outer = _shown
        try:
            yield lambda n=1: outer.advance(task, n)
        finally:
            outer.stop_task(task)
        return
    columns = (
        TextColumn("{task.description}"),
        BarColumn(bar_width=30),
        MofNCompleteColumn(),
        RateAndEta(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=Console(stderr=True)) as shown:
        _shown = shown
        task = shown.add_task(label, total=total, completed=done, done_before=done)
        try:
            yield lambda n=1: shown.advance(task, n)
        finally:
            _shown = None


@contextmanager
def _lines(label: str, total: int | None, done: int) -> Iterator[Advance]:
    start = last = time.monotonic()
    count = done

    def show() -> None:
        of = f"/{total}" if total is not None else ""
        text = rate_and_eta(count - done, time.monotonic() - start, None if total is None else total - count)
        print(f"{label}: {count}{of} {text}".rstrip(), file=sys.stderr, flush=True)

    def advance(n: int = 1) -> None:
        nonlocal count, last
        count += n
        if time.monotonic() - last >= PLAIN_INTERVAL_S:
            last = time.monotonic()
            show()

    show()
    try:
        yield advance
    finally:
        if count != done:
            show()


class RateAndEta(ProgressColumn):
    """Units a second since this process started on the task, and the time left at that rate."""

    def render(self, task: Task) -> Text:
        fresh = int(task.completed - task.fields.get("done_before", 0))
        left = None if task.total is None else int(task.total - task.completed)
        return Text(rate_and_eta(fresh, task.elapsed or 0.0, left), style="cyan")


def rate_and_eta(fresh: int, elapsed_s: float, left: int | None) -> str:
    """`12.5/s ETA 0:01:20`; empty before the first unit, no ETA when the total is not known or nothing is left."""
    if fresh <= 0 or elapsed_s <= 0:
        return ""
    rate = fresh / elapsed_s
    text = f"{rate:.3g}/s" if rate >= 1 else f"{1 / rate:.3g} s each"
    if left is None or left <= 0:
        return text
    seconds = round(left / rate)
    return f"{text} ETA {seconds // 3600}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"
