"""report.html of a dataset: how many rows of what size and origin, what was left out and why, and rows to look at.

One file with nothing loaded from elsewhere. Programs and narrations are untrusted text: everything is escaped, there is
no script and the page's own policy allows none, and characters that would change how a text reads (controls, changes
of writing direction) are shown by their codes. Its size is bounded whatever the dataset's.
"""

from __future__ import annotations

import random
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

import jinja2
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from deskcheck_conf import write_atomic
from deskcheck_evals.constructs import constructs

from deskcheck_trainer.nlex.card import NO_LICENCE
from deskcheck_trainer.nlex.row import read_table, shard_paths
from deskcheck_trainer.nlex.samples import Tracer, cut, draw_samples

MOST_BARS = 14
PARSED = 2_000
"""Programs read for their constructs."""
SHARDS_READ = 4
"""Shards whose programs are looked at, drawn by seed."""
MOST_IDS = 200
"""Ids of one benchmark that are listed."""


@dataclass(frozen=True)
class Bar:
    """One line of a chart."""

    label: str
    count: int
    width: float
    """Percent of the longest."""
    share: float
    """Of all that is counted, in percent."""


@dataclass(frozen=True)
class Chart:
    """Counts as horizontal bars."""

    title: str
    bars: list[Bar]
    note: str = ""


@dataclass(frozen=True)
class Example:
    """What one reason for rejection looks like."""

    reason: str
    count: int
    rejected: dict[str, str | None]
    """The first row of rejected/ with this reason."""


def write_page(folder: Path, facts: Mapping[str, Any], config: Mapping[str, Any], trace: Tracer, seed: int) -> Path:
    """Write report.html into the dataset's folder; `trace` records the programs of the samples again."""
    environment = jinja2.Environment(
        autoescape=True,
        finalize=lambda value: shown(value) if type(value) is str else value,  # every text, whatever the template says
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["shown"] = shown
    text = files("deskcheck_trainer").joinpath("templates/dataset.html.j2").read_text("utf-8")
    page = environment.from_string(text).render(
        facts=facts,
        config=config,
        charts=counts(folder),
        sizes=histograms(folder),
        constructs=construct_chart(folder, seed),
        examples=examples(folder, facts["rejected"]),
        most_ids=MOST_IDS,
        samples=draw_samples(folder, trace, seed),
    )
    write_atomic(folder / "report.html", page)
    return folder / "report.html"


def shown(text: str | None) -> str:
    """A text as a page may show it: cut, and characters that hide or reorder others by their codes."""
    return _HIDDEN.sub(lambda found: f"\\u{ord(found[0]):04x}", cut(text or ""))


_HIDDEN = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff]")


def counts(folder: Path) -> list[Chart]:
    """Rows by task, licence and origin."""
    table = read_table(folder, ["task", "licence", "origin"])
    origins = Counter(place_of(origin or "") for origin in table["origin"].to_pylist())
    return [
        chart("Tasks", _values(table["task"])),
        chart("Licences", _values(table["licence"], NO_LICENCE)),
        chart("Origins", origins),
    ]


def place_of(origin: str) -> str:
    """Where a row comes from, without which one of its programs: the file, folder or package, numbers left out."""
    return re.sub(r"\d+", "N", re.split(r"[#/:]", origin)[0]) or "not stated"


def histograms(folder: Path) -> list[Chart]:
    """Sizes of rows: tokens of all, executed lines and events of those about runs."""
    table = read_table(folder, ["tokens", "lines", "events"])
    runs = table.filter(pc.field("events") > 0)
    found = [
        histogram("Words and symbols of a row", table["tokens"]),
        histogram("Executed lines of a run", runs["lines"]),
        histogram("Events of a run", runs["events"]),
    ]
    return [one for one in found if one.bars]


def histogram(title: str, column: pa.ChunkedArray) -> Chart:
    """Counts between 1, 2, 5, 10, 20, 50 ...: sizes spread over many orders."""
    values = column.to_numpy()
    if not len(values):
        return Chart(title, [])
    edges = [step * 10**power for power in range(10) for step in (1, 2, 5)]
    pairs = [(low, high) for low, high in zip([0, *edges], edges, strict=False) if low <= values.max()]
    found = {f"{low:,}": int(((values >= low) & (values < high)).sum()) for low, high in pairs}
    labels = [f"{low:,} to {high - 1:,}" if high - 1 > low else f"{low:,}" for low, high in pairs]
    first = next(i for i, count in enumerate(found.values()) if count)
    median = sorted(values)[len(values) // 2]
    bars = _bars(list(zip(labels, found.values(), strict=True))[first:], len(values))
    return Chart(title, bars, f"median {median:,}, longest {values.max():,}")


def construct_chart(folder: Path, seed: int) -> Chart:
    """Share of programs that use each construct."""
    rng = random.Random(f"constructs-{seed}")
    paths = shard_paths(folder)
    read = sorted(rng.sample(paths, min(len(paths), SHARDS_READ)))
    columns = (pq.read_table(path, columns=["source"])["source"] for path in read)
    sources = sorted({text for column in columns for text in column.unique().to_pylist()})
    drawn = rng.sample(sources, min(len(sources), PARSED))
    found = Counter(name for source in drawn for name in constructs(source))
    bars = _bars(sorted(found.items(), key=lambda pair: (-pair[1], pair[0])), len(drawn))
    part = "all" if len(drawn) == len(sources) and len(read) == len(paths) else "drawn by seed"
    return Chart("Constructs", bars, f"of {len(drawn):,} distinct programs, {part}")


def examples(folder: Path, rejected: Mapping[str, int]) -> list[Example]:
    """Each reason with its count and the first thing rejected for it."""
    first: dict[str, dict[str, str | None]] = {}
    for path in sorted((folder / "rejected").glob("*.parquet")):
        if len(first) == len(rejected):
            break
        table = pq.read_table(path)
        for reason in set(table["reason"].unique().to_pylist()) - first.keys():
            first[reason] = table.slice(pc.index(table["reason"], reason).as_py(), 1).to_pylist()[0]
    order = sorted(rejected.items(), key=lambda pair: (-pair[1], pair[0]))
    return [Example(reason, count, first[reason]) for reason, count in order]


def chart(title: str, counted: Mapping[str, int], note: str = "") -> Chart:
    """The most frequent first; the others in one bar."""
    order = sorted(counted.items(), key=lambda pair: (-pair[1], pair[0]))
    if len(order) > MOST_BARS:
        rest = order[MOST_BARS - 1 :]
        order = [*order[: MOST_BARS - 1], (f"{len(rest):,} others", sum(count for _, count in rest))]
    return Chart(title, _bars(order, sum(counted.values())), note)


def _values(column: pa.ChunkedArray, missing: str = "") -> Counter[str]:
    pairs: Iterable[dict[str, Any]] = column.value_counts().to_pylist()
    return Counter({pair["values"] or missing: pair["counts"] for pair in pairs})


def _bars(pairs: Sequence[tuple[str, int]], total: int) -> list[Bar]:
    longest = max((count for _, count in pairs), default=1) or 1
    return [Bar(label, count, 100 * count / longest, 100 * count / (total or 1)) for label, count in pairs]
