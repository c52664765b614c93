"""NLEX rows as they lie on disk: one training example each, in sharded Parquet of one schema.

A row is a prompt and its completion in the conversational form that TRL's SFTTrainer takes as it is, beside what the
row was made from (program, input, true output, origin, licence), so that other renderings (bare outputs, predictions)
need no second run of the program. Ids are content hashes: the same example has the same id wherever it was built.
Neither torch nor TRL is needed to read or write a row. Source: paper section 1 (NLEX data).
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from deskcheck_tracer.errors import InputError
from deskcheck_tracer.narrate import count_words

SCHEMA_VERSION = 1

MANIFEST = "manifest.json"


class Task(StrEnum):
    """What a row teaches."""

    explain = "explain"
    """Program and input -> narration that ends in the output."""
    solve = "solve"
    """Problem -> program."""
    fix = "fix"
    """Problem, program and executed feedback -> `#SUBMIT` or a new program."""
    predict_output = "predict_output"
    """Program and input -> the output alone."""
    predict_input = "predict_input"
    """Program and output -> an input that gives it."""
    cwm = "cwm"
    """Marked source and call -> frames, in the tokens of Code World Model (no chat: encode contents as they are)."""
    scratchpad = "scratchpad"
    """Program and input -> the run in short lines, ending in the output."""
    next_state = "next_state"
    """Program, input and the variables before one line -> the variables after it."""
    branch = "branch"
    """Program, input and one evaluation of a condition -> whether it holds, and the line that runs next."""


class Reason(StrEnum):
    """Why an item gave no row. Counted in the manifest; the item itself is kept aside."""

    unreadable = "unreadable"
    """A malformed line or a file that is not text."""
    oversize = "oversize"
    """A line or file over the size limit of the source."""
    duplicate = "duplicate"
    """Same program and input (or same problem and answer) as an earlier item."""
    near_duplicate = "near_duplicate"
    """A program that is nearly an earlier one, see near_duplicates.py."""
    contaminated = "contaminated"
    """Overlaps with a benchmark, see decontaminate.py."""
    syntax = "syntax"
    """The program does not compile."""
    raised = "raised"
    exited = "exited"
    """Ended by `exit` with a code other than 0."""
    cpu = "cpu"
    wall = "wall"
    memory = "memory"
    output = "output"
    events = "events"
    bytes = "bytes"
    killed = "killed"
    no_inputs = "no_inputs"
    """A function without a known input, whose parameters tell nothing to draw one by."""
    no_new_path = "no_new_path"
    """An input along paths that inputs before it took, or one more than asked for."""
    given_up = "given_up"
    """An input that was not tried: the first `inputs.patience` of its function all ended at a limit."""
    not_alone = "not_alone"
    """A function that cannot stand alone (what it needs cannot come along), or that no plain call shows."""
    method = "method"
    """The methods of a class, which are not harvested; `detail` counts them."""
    trivial = "trivial"
    """Fewer executed lines than `filters.min_lines`, or nothing printed and nothing returned."""
    nondeterministic = "nondeterministic"
    """A second run in a fresh process with another hash seed did something else."""
    too_long = "too_long"
    """The narration (or another rendering's answer) does not fit `max_tokens`, or the record a model's prompt."""
    no_claims = "no_claims"
    claim_false = "claim_false"
    """A statement of the narration (or another rendering's answer) does not hold in the trace."""
    wrong_output = "wrong_output"
    """The narration's output block is not what the program printed."""
    misread = "misread"
    """The answer would not be read back as what it says: the input holds a tag, the source a special token."""
    not_applicable = "not_applicable"
    """None of the renderings asked for applies to the run."""
    no_answer = "no_answer"
    """A model gave none: the prompt overflows its context, or the server refused it."""
    empty_answer = "empty_answer"
    cut_off = "cut_off"
    """A model's text was cut at its token limit before it stated an output."""
    no_output = "no_output"
    """A model's text states no output."""
    copied = "copied"
    """A model handed the record back instead of telling it."""
    low_coverage = "low_coverage"
    """Too little of a model's text could be checked."""
    little_told = "little_told"
    """A model's text speaks of too little of the run."""
    wrong_reference = "wrong_reference"
    """A reference program fails its own problem's tests."""


Messages = list[dict[str, str]]
"""Chat messages: `[{"role": ..., "content": ...}, ...]`."""


@dataclass(frozen=True, kw_only=True)
class Row:
    """One example. `id` is the hash of task, prompt and completion."""

    task: Task
    prompt: Messages
    completion: Messages
    """One assistant message."""
    source: str
    """The program the row is about: the one explained, the answer of `solve`, the candidate of `fix`."""
    stdin: str = ""
    call: str | None = None
    output: str = ""
    """True stdout, or repr of the call's value; empty for solve and fix rows."""
    style: str = ""
    """Narration style; empty for solve and fix rows."""
    events: int = 0
    lines: int = 0
    """Executed lines (steps of the trace)."""
    tokens: int = 0
    """Size of prompt and completion: in tokens of the tokenizer chosen, else (0 asks for it) in words and symbols."""
    origin: str = ""
    licence: str | None = None
    id: str = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "id", content_id(self.task, self.prompt, self.completion))
        if not self.tokens:
            object.__setattr__(self, "tokens", self.size(words_and_symbols))

    def size(self, count: Callable[[str], int]) -> int:
        """Size of prompt and completion as `count` counts a content."""
        return sum(count(message["content"]) for message in [*self.prompt, *self.completion])


@dataclass(frozen=True, kw_only=True)
class Rejected:
    """An item that gave no row, and why; `detail` says it in words for a person."""

    reason: Reason
    detail: str
    origin: str
    source: str = ""
    stdin: str = ""
    call: str | None = None
    narration: str | None = None


_MESSAGES = pa.list_(pa.struct([("role", pa.string()), ("content", pa.string())]))

ROW_SCHEMA = pa.schema(
    [
        ("id", pa.string()),
        ("task", pa.string()),
        ("prompt", _MESSAGES),
        ("completion", _MESSAGES),
        ("source", pa.string()),
        ("stdin", pa.string()),
        ("call", pa.string()),
        ("output", pa.string()),
        ("style", pa.string()),
        ("events", pa.int32()),
        ("lines", pa.int32()),
        ("tokens", pa.int32()),
        ("origin", pa.string()),
        ("licence", pa.string()),
    ],
    metadata={"deskcheck.nlex": str(SCHEMA_VERSION)},
)

REJECTED_SCHEMA = pa.schema(
    [(name, pa.string()) for name in ("reason", "detail", "origin", "source", "stdin", "call", "narration")],
    metadata={"deskcheck.nlex.rejected": str(SCHEMA_VERSION)},
)


def content_id(*parts: object) -> str:
    """128 bits of SHA-256 over the JSON of `parts`, in hex."""
    text = json.dumps(parts, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]


def words_and_symbols(text: str) -> int:
    """How many words (or numbers) and single symbols `text` holds."""
    return count_words(text)


def messages(prompt: Sequence[object]) -> Messages:
    """A prompt as plain dictionaries."""
    return [dict(message) for message in prompt]  # type: ignore[call-overload]


def answer(text: str) -> Messages:
    """One assistant message."""
    return [{"role": "assistant", "content": text}]


def to_table(rows: Sequence[Row]) -> pa.Table:
    """The rows as an Arrow table of `ROW_SCHEMA`."""
    return pa.Table.from_pydict({n: [getattr(r, n) for r in rows] for n in ROW_SCHEMA.names}, schema=ROW_SCHEMA)


def rejected_table(rejected: Sequence[Rejected]) -> pa.Table:
    """The rejected items as an Arrow table of `REJECTED_SCHEMA`."""
    names = REJECTED_SCHEMA.names
    return pa.Table.from_pydict({n: [getattr(r, n) for r in rejected] for n in names}, schema=REJECTED_SCHEMA)


def shard_paths(folder: Path | str) -> list[Path]:
    """The row shards of a finished dataset, in order.

    Raises:
        InputError: the folder holds no finished dataset, or one of another schema version.
    """
    folder = Path(folder)
    try:
        manifest = json.loads((folder / MANIFEST).read_text())
        version, shards = manifest["schema"], manifest["shards"]
    except FileNotFoundError:
        raise InputError(
            f"{folder} holds no finished NLEX dataset: {MANIFEST} is missing. Run deskcheck-collect; it resumes."
        ) from None
    except (ValueError, KeyError, TypeError) as e:
        raise InputError(f"{folder / MANIFEST} is not a manifest of deskcheck-collect ({e!r}).") from None
    if version != SCHEMA_VERSION:
        raise InputError(f"{folder} has row schema {version}, expected {SCHEMA_VERSION}: build it again.")
    return [folder / shard["rows_file"] for shard in shards if shard["rows_file"]]


def read_table(folder: Path | str, columns: list[str] | None = None) -> pa.Table:
    """All rows of a finished dataset (`columns` only, if given). Raises InputError as `shard_paths`."""
    tables = [pq.read_table(path, columns=columns) for path in shard_paths(folder)]
    if tables:
        return pa.concat_tables(tables)
    empty = ROW_SCHEMA.empty_table()
    return empty.select(columns) if columns else empty


def read_rows(folder: Path | str) -> Iterator[Row]:
    """The rows of a finished dataset, one shard in memory at a time. Raises InputError as `shard_paths`."""
    names = {f.name for f in dataclasses.fields(Row) if f.init}
    for path in shard_paths(folder):
        for values in pq.read_table(path).to_pylist():
            yield Row(**{**{n: values[n] for n in names}, "task": Task(values["task"])})
