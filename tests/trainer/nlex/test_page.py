"""The dataset's page and card: every count is there, hostile text stays text, and the size is bounded."""

import random
import re
from collections.abc import Sequence
from html.parser import HTMLParser
from pathlib import Path

import pytest
from deskcheck_tracer import Limits, Program, Trace
from deskcheck_tracer.engine import record_here
from deskcheck_trainer.nlex import MANIFEST, SCHEMA_VERSION, Reason, Rejected, Row, Task
from deskcheck_trainer.nlex.card import write_card
from deskcheck_trainer.nlex.decontaminate import Match
from deskcheck_trainer.nlex.page import chart, histogram, place_of, shown, write_page
from deskcheck_trainer.nlex.row import answer
from deskcheck_trainer.nlex.shards import ShardStore, write_json
from deskcheck_trainer.nlex.summary import overlaps, summary

ATTACK = "</pre><script>alert(1)</script><img src=x onerror=alert(2)>\u202e{{ 7 * 7 }}"
CONFIG = {
    "run_name": "shown",
    "seed": 3,
    "style": "step",
    "source": {"kind": "jsonl"},
    "filters": {"decontaminate": {"benchmarks": [], "files": ["b.jsonl"], "ngram": 10, "threshold": 0.5}},
}


def here(programs: Sequence[Program]) -> list[Trace]:
    return [record_here(p.source, p.stdin, p.call, Limits()) for p in programs]


def row(number: int, source: str = "x = 1\nfor i in range(3):\n    x += i\nprint(x)", **more) -> Row:
    prompt = [{"role": "user", "content": f"{number}: {source}"}]
    values = {"task": Task.explain, "events": 12, "lines": 9, "output": "4\n", "origin": f"pool.jsonl#{number}", **more}
    return Row(prompt=prompt, completion=answer(f"x becomes {number}"), source=source, **values)


def dataset(folder: Path, rows: Sequence[Row], rejected: Sequence[Rejected] = ()) -> dict:
    """A finished dataset of one shard; returns its facts."""
    shard = ShardStore(folder).write(0, "key", len(rows) + len(rejected), [*rows, *rejected])
    files = [shard.rejected_file] if shard.rejected_file else []
    counts = {"items": shard.items, "rows": len(rows), "tasks": shard.tasks, "rejected": shard.rejected}
    more = {"schema": SCHEMA_VERSION, "contaminated": overlaps(folder, files), "config_hash": "", "rows_hash": ""}
    more["config"] = {"tokenizer": None}
    write_json(folder / MANIFEST, {**counts, **more, "shards": [{"rows_file": shard.rows_file}]})
    return summary(folder)


def page_of(folder: Path, *outcomes, config=CONFIG) -> str:
    rows = [one for one in outcomes if isinstance(one, Row)]
    facts = dataset(folder, rows, [one for one in outcomes if isinstance(one, Rejected)])
    return write_page(folder, facts, config, here, seed=0).read_text()


class Tags(HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.seen: set[str] = set()
        self.attributes: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag: str, attrs) -> None:
        self.seen.add(tag)
        self.attributes |= {name for name, _ in attrs}


def test_hostile_text_stays_text_everywhere(tmp_path) -> None:
    hostile = row(1, source=f"x = 1\ny = {ATTACK!r}\nprint(y)", licence=ATTACK, origin=ATTACK, output=ATTACK)
    rejected = Rejected(
        reason=Reason.syntax, detail=ATTACK, origin=ATTACK, source=ATTACK, stdin=ATTACK, call=ATTACK, narration=ATTACK
    )
    text = page_of(tmp_path, hostile, rejected)
    tags = Tags(text)
    assert not tags.seen & {"script", "img", "a", "iframe", "link"} and not any(
        a.startswith("on") for a in tags.attributes
    )
    assert text.count("&lt;script&gt;") > 8 and "\u202e" not in text and "\\u202e" in text and "{{ 7 * 7 }}" in text
    assert "default-src &#39;none&#39;" in text or "default-src 'none'" in text


def test_the_page_counts_and_shows_the_real_run(tmp_path) -> None:
    detail = Match("b.jsonl", "B/7", 0.81, 10).detail()
    dropped = [Rejected(reason=Reason.contaminated, detail=detail, origin=f"o{i}", source="s") for i in range(2)]
    solve = Row(task=Task.solve, prompt=[{"role": "user", "content": "q"}], completion=answer("code"), source="s = 1")
    text = page_of(tmp_path, row(1, licence="MIT"), row(2), solve, *dropped)
    plain = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", text))
    assert "3 rows" in plain and "5 items read" in plain and "2 rejected" in plain
    assert "not stated 2 66.7 &nbsp; %" in plain.replace("&nbsp;", " &nbsp; ").replace("  ", " ") and "MIT 1" in plain
    assert "pool.jsonl 2" in plain and "for loop 1" in plain and "of 2 distinct programs, all" in plain
    assert "B/7 (2)" in plain and "holds 81% of the 10-grams of b.jsonl B/7" in plain
    assert "Real run: finished" in plain and "for i in range(3): i = 2" in plain and "prints &#39;4\\n&#39;" in plain


def test_it_says_when_rows_were_compared_with_nothing(tmp_path) -> None:
    none = {**CONFIG, "filters": {"decontaminate": {**CONFIG["filters"]["decontaminate"], "files": []}}}
    assert "compared with no benchmark" in page_of(tmp_path, row(1), config=none)


def test_a_dataset_without_rows_has_a_page(tmp_path) -> None:
    text = page_of(tmp_path, Rejected(reason=Reason.trivial, detail="1 line", origin="o"))
    assert "No item became a row" in text and "trivial" in text


def test_its_size_is_bounded(tmp_path) -> None:
    rng = random.Random(0)
    long = "\n".join(f"x{i} = {'9' * 200!r} + str({i})" for i in range(100)) + "\nprint(x7)"
    rows = [row(i, source=f"{long}\n# {i % 20}", origin=f"{rng.random()}#{i}") for i in range(400)]
    rejected = [
        Rejected(reason=Reason.contaminated, detail=Match("b", f"{i}" * 20, 1.0, 10).detail(), origin="o", source=long)
        for i in range(400)
    ]
    facts = dataset(tmp_path, rows, rejected)
    assert 100_000 < write_page(tmp_path, facts, CONFIG, here, seed=0).stat().st_size < 1_000_000


def test_texts_are_cut_and_what_hides_is_shown() -> None:
    assert shown("a\x00b\u200bc\td\n") == "a\\u0000b\\u200bc\td\n" and shown(None) == ""
    assert shown("x" * 7000).endswith("x ... (1,000 more characters)")


def test_charts_put_the_rest_together_and_sizes_into_bins() -> None:
    import pyarrow as pa

    many = chart("t", {f"n{i:02}": 100 - i for i in range(30)})
    assert len(many.bars) == 14 and many.bars[-1].label == "17 others" and sum(b.count for b in many.bars) == 2565
    bars = histogram("t", pa.chunked_array([[7, 12, 19, 20, 480]]))
    assert [(bar.label, bar.count) for bar in bars.bars] == [
        ("5 to 9", 1), ("10 to 19", 2), ("20 to 49", 1), ("50 to 99", 0), ("100 to 199", 0), ("200 to 499", 1)
    ]  # fmt: skip
    assert bars.note == "median 19, longest 480"


@pytest.mark.parametrize(
    ("origin", "place"),
    [
        ("codeio.jsonl.gz#12", "codeio.jsonl.gz"),
        ("programs/a.py#f(1)", "programs"),
        ("micro-train-0-7#solve", "micro-train-N-N"),
        ("", "not stated"),
    ],
)
def test_the_place_of_an_origin(origin: str, place: str) -> None:
    assert place_of(origin) == place


# ---- reading it with `datasets` ----


def test_datasets_reads_a_finished_folder_as_it_is(tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    datasets = pytest.importorskip("datasets")
    rows = [row(1, licence="MIT"), row(2)]
    facts = dataset(tmp_path / "run", rows, [Rejected(reason=Reason.syntax, detail="d", origin="o", source="s")])
    (tmp_path / "run/metrics.jsonl").write_text('{"step": 1}\n')
    (tmp_path / "run/starts.jsonl").write_text('{"command": "x"}\n')
    card = write_card(tmp_path / "run", facts, CONFIG).read_text()
    assert (
        "| MIT | 1 |" in card and "| not stated | 1 |" in card and "| syntax | 1 |" in card and "load_dataset" in card
    )
    cache = str(tmp_path / "cache")
    whole = datasets.load_dataset(str(tmp_path / "run"), cache_dir=cache)
    assert list(whole) == ["train"] and whole["train"]["id"] == [one.id for one in rows]
    assert whole["train"][0]["prompt"] == rows[0].prompt and "reason" not in whole["train"].column_names
    files = str(tmp_path / "run/data/*.parquet")
    assert datasets.load_dataset("parquet", data_files=files, split="train", cache_dir=cache).num_rows == 2
