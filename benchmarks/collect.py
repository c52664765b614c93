"""Finished rows a second and core of deskcheck-collect, split by stage: `python benchmarks/collect.py CODEIO.jsonl.gz`.

Programs with input generators (codeio's layout) go through the builder that the command's workers use: draw inputs,
record them in the jail, record them again in the other order under another hash seed, narrate, verify. One worker is a
process and its two jails, of which one works at a time: a core. Then the whole command runs with one and with two
workers on the same programs; its bytes must be equal, or nothing is reported. From the rate follow the core-hours of
the paper's 30 million functions, beside what starting an interpreter for each run would cost alone.
"""

import argparse
import gc
import json
import os
import platform
import statistics
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from deskcheck_conf.entry import load_config
from deskcheck_tracer import Program
from deskcheck_trainer.collect import GC_THRESHOLD, make_recipe
from deskcheck_trainer.collect_config import CollectConfig
from deskcheck_trainer.make_source import make_source
from deskcheck_trainer.nlex.build import Builder
from deskcheck_trainer.nlex.row import Row

PAPER_FUNCTIONS = 30e6


class Timed:
    """Passes calls on and adds up how long they take."""

    def __init__(self, inner: Any) -> None:
        self.inner, self.seconds = inner, 0.0

    def __call__(self, *args: Any) -> Any:
        begun = time.perf_counter()
        try:
            return self.inner(*args)
        finally:
            self.seconds += time.perf_counter() - begun


class TimedRunner:
    """A sandbox whose stages are timed."""

    def __init__(self, inner: Any) -> None:
        self.run_many, self.trace_many, self.series = (
            Timed(inner.run_many),
            Timed(inner.trace_many),
            Timed(inner.series),
        )
        self.inner = inner

    @property
    def recording(self) -> float:
        return self.trace_many.seconds + self.series.seconds


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("path", type=Path)
    parser.add_argument("--programs", type=int, default=200)
    parser.add_argument("--inputs", type=int, default=10, help="inputs kept a program")
    parser.add_argument("--max-events", type=int, default=10_000)
    parser.add_argument("overrides", nargs="*", help="more of the command's own, such as style=summary")
    options = parser.parse_args()
    overrides = [
        "experiment=collect/codeio", f"source.path={options.path}", f"limit={options.programs}", "inputs.novel=false",
        f"inputs.keep={options.inputs}", f"inputs.tries={options.inputs}", f"limits.max_events={options.max_events}",
        "items_per_part=8", *options.overrides,
    ]  # fmt: skip
    print(f"Python {platform.python_version()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")
    stages(overrides)
    rates = commands(overrides)
    runs = PAPER_FUNCTIONS / rates[1] / 3600
    print(f"30 million rows at {rates[1]:.0f} a second: {runs:,.0f} core-hours")
    print(f"starting `python -c pass` 30 million times: {PAPER_FUNCTIONS * startup() / 3600:,.0f} core-hours")


def stages(overrides: Sequence[str]) -> None:
    """One builder in this process: where its time goes."""
    config = load_config("collect", CollectConfig, [*overrides])
    items = list(make_source(config.source, config.seed).items())[: config.limit]
    gc.set_threshold(GC_THRESHOLD)  # as the command's workers do
    builder: Builder = make_recipe(config).builder()
    first, second = TimedRunner(builder.recording.runner), TimedRunner(builder.recording.second)
    for runner in (first, second):  # started, and warm
        runner.inner.trace_many([Program("print(1)")])
    builder.recording.runner, builder.recording.second = first, second  # type: ignore[assignment]
    builder.telling = telling = Timed(builder.telling)  # type: ignore[assignment]
    begun = time.perf_counter()
    outcomes = builder(items)
    took = time.perf_counter() - begun
    builder.close()
    rows = [one for one in outcomes if isinstance(one, Row)]
    print(f"{len(items)} programs, {len(outcomes)} outcomes, {len(rows)} rows: {len(rows) / took:.0f} rows a second")
    print(f"events a row: median {statistics.median(row.events for row in rows):.0f}, "
          f"mean {statistics.mean(row.events for row in rows):.0f}")  # fmt: skip
    print("rejected:", dict(Counter(str(one.reason) for one in outcomes if not isinstance(one, Row)).most_common()))
    spent = {
        "draw inputs": first.run_many.seconds,
        "record": first.recording,
        "record again": second.recording,
        "narrate, verify": telling.seconds,
    }
    for name, seconds in {**spent, "the rest": took - sum(spent.values())}.items():
        print(f"  {name:16} {1e3 * seconds / len(rows):6.2f} ms a row  {seconds / took:4.0%}")


def commands(overrides: Sequence[str]) -> dict[int, float]:
    """Rows a second of the command, from its start to its end, by workers."""
    rates: dict[int, float] = {}
    hashes = set[str]()
    for workers in (1, 2):
        with TemporaryDirectory() as folder:
            command = [sys.executable, "-m", "deskcheck_trainer.collect", *overrides, "pool=local"]
            command += [f"workers={workers}", f"output_root={folder}", "wandb=disabled"]
            begun = time.perf_counter()
            subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            took = time.perf_counter() - begun
            [path] = Path(folder).glob("*/manifest.json")
            manifest = json.loads(path.read_text())
        hashes.add(manifest["rows_hash"])
        rates[workers] = manifest["rows"] / took
        print(f"command, {workers} workers: {manifest['rows']} rows in {took:.1f} s, {rates[workers]:.0f} a second")
    if len(hashes) > 1:
        raise SystemExit("one and two workers gave different rows: nothing is reported")
    print(f"two workers: {rates[2] / rates[1]:.2f} times one")
    return rates


def startup() -> float:
    """Seconds that a bare interpreter takes to start and end: the median of 20."""
    return statistics.median(_seconds([sys.executable, "-c", "pass"]) for _ in range(20))


def _seconds(command: list[str]) -> float:
    begun = time.perf_counter()
    subprocess.run(command, check=True)
    return time.perf_counter() - begun


if __name__ == "__main__":
    main()
