"""CachedSampler: a completion is paid for once.

Content-addressed: the key of one completion is the hash of (model id, revision, prompt, sampling, seed, index), so a
rerun of the same run costs nothing, a longer one costs only what is new, and two configurations never mix. SQLite
from the standard library: several processes may share a file, and a kill leaves it whole. What was not sampled
(StopReason.error, budget) is not kept. Where the inner sampler tells of each completion as it comes, each is kept as it
comes: a server that dies in the middle of a call costs what it had not answered. What is being asked for is waited for:
attempts that meet in one program ask for its predictions once.
"""

import asyncio
import hashlib
import itertools
import json
import sqlite3
from collections.abc import Callable, Container, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Protocol, runtime_checkable

from deskcheck_agent.errors import SamplerError
from deskcheck_agent.sampler import (
    Completion,
    Message,
    Sampler,
    SamplingParams,
    StopReason,
    completion_from_json,
    params_per_prompt,
)

FILE = "completions.sqlite"


@runtime_checkable
class TellingSampler(Protocol):
    """A sampler that can tell of each completion as it comes."""

    async def sample_each(
        self,
        prompts: Sequence[list[Message]],
        params: SamplingParams | Sequence[SamplingParams],
        on_answer: Callable[[int, int, Completion], None],
    ) -> list[list[Completion]]:
        """As Sampler.sample, and `on_answer(place, index, completion)` for each, in the order they come."""
        ...


class CachedSampler:
    """Answers from the cache what is there, and asks the inner sampler for the rest.

    With `texts_only` token ids and log-probabilities are not kept, only how many tokens there were: for who reads and
    counts what was said, and never trains on it.
    """

    def __init__(self, inner: Sampler, folder: str | Path, revision: str = "", *, texts_only: bool = False) -> None:
        self.inner, self.revision, self.texts_only = inner, revision, texts_only
        self.model_id: str = inner.model_id
        self.hits = self.misses = 0
        self._asking: dict[str, asyncio.Future[None]] = {}
        self._path = Path(folder) / FILE
        self._opened: sqlite3.Connection | None = None
        if self._path.exists() or not self._path.parent.is_dir():
            self._db()

    def _db(self) -> sqlite3.Connection:
        """The database, made with the first answer: a run that got none leaves nothing behind."""
        if self._opened is not None:
            return self._opened
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            opened = sqlite3.connect(self._path, timeout=60, isolation_level=None)
            opened.execute("pragma journal_mode=wal")
            # A commit does not wait for the disk: a kill loses nothing, a power cut the last answers and not the file.
            opened.execute("pragma synchronous=normal")
            opened.execute(
                "create table if not exists completions (key text primary key, completion text) without rowid"
            )
        except (OSError, sqlite3.Error) as error:
            raise SamplerError(
                f"cannot use the completion cache {self._path}: {error}; set sampler.cache to another folder"
            ) from None
        self._opened = opened
        return opened

    async def sample(
        self, prompts: Sequence[list[Message]], params: SamplingParams | Sequence[SamplingParams]
    ) -> list[list[Completion]]:
        each = params_per_prompt(prompts, params)
        contents = [self._content(prompt, one) for prompt, one in zip(prompts, each, strict=True)]
        rows = [self._read(content, one.indices) for content, one in zip(contents, each, strict=True)]
        whole = sum(len(row) == one.n for row, one in zip(rows, each, strict=True))
        self.hits += whole
        self.misses += len(rows) - whole
        while True:
            mine, others = self._divide(contents, each, rows)
            if not mine and not others:
                return [[row[index] for index in one.indices] for one, row in zip(each, rows, strict=True)]
            try:
                for place, row in await self._ask(prompts, each, mine):
                    rows[place].update(row)
            finally:
                for key in mine.values():
                    self._asking.pop(key).set_result(None)
            if others:
                await asyncio.wait(others)
                rows = [
                    row | self._read(content, one.indices)
                    for row, content, one in zip(rows, contents, each, strict=True)
                ]

    def _divide(
        self, contents: Sequence[bytes], each: Sequence[SamplingParams], rows: Sequence[Container[int]]
    ) -> "tuple[dict[tuple[int, int], str], list[asyncio.Future[None]]]":
        """What is missing: (place, index) of what this call asks for, and what is waited for as others ask for it."""
        mine: dict[tuple[int, int], str] = {}
        others: list[asyncio.Future[None]] = []
        for place, (content, one) in enumerate(zip(contents, each, strict=True)):
            for index in one.indices:
                if index in rows[place]:
                    continue
                key = _key(content, index)
                if key in self._asking:
                    others.append(self._asking[key])
                else:
                    self._asking[key] = asyncio.get_running_loop().create_future()
                    mine[place, index] = key
        return mine, others

    async def _ask(
        self, prompts: Sequence[list[Message]], each: Sequence[SamplingParams], mine: dict[tuple[int, int], str]
    ) -> list[tuple[int, dict[int, Completion]]]:
        """Ask the inner sampler; (place, completions by index)."""
        gaps = [(place, gap) for place, one in enumerate(each) for gap in _gaps(one, place, mine)]
        if not gaps:
            return []
        asked, params = [prompts[place] for place, _ in gaps], [gap for _, gap in gaps]

        def keep(at: int, index: int, completion: Completion) -> None:
            self._write([(mine[gaps[at][0], index], completion)])

        if isinstance(self.inner, TellingSampler):
            fresh = await self.inner.sample_each(asked, params, keep)
            return _placed(gaps, fresh)
        found = _placed(gaps, await self.inner.sample(asked, params))
        self._write([(mine[place, index], said) for place, row in found for index, said in row.items()])
        return found

    def _read(self, content: bytes, indices: range) -> dict[int, Completion]:
        """The known completions, by index."""
        found: dict[int, Completion] = {}
        if self._opened is None and not self._path.exists():
            return found
        for index in indices:
            key = _key(content, index)
            row = self._db().execute("select completion from completions where key = ?", (key,)).fetchone()
            if row is not None:
                found[index] = completion_from_json(json.loads(row[0]))
        return found

    def _write(self, answers: Sequence[tuple[str, Completion]]) -> None:
        kept = [
            (key, json.dumps(vars(_text_of(completion) if self.texts_only else completion)))
            for key, completion in answers
            if completion.stop not in (StopReason.error, StopReason.budget)
        ]
        if not kept:
            return
        self._db().execute("begin immediate")
        self._db().executemany("insert or replace into completions values (?, ?)", kept)
        self._db().execute("commit")

    def _content(self, prompt: list[Message], params: SamplingParams) -> bytes:
        # n and first are left out: completion `index` does not depend on how many were asked for.
        sampling = (params.temperature, params.top_p, params.max_tokens, params.stop, params.seed)
        said = [[message["role"], message["content"]] for message in prompt]
        return json.dumps([self.model_id, self.revision, said, sampling]).encode()


def _text_of(completion: Completion) -> Completion:
    return replace(completion, prompt_ids=(), token_ids=(), logprobs=None, counted=completion.tokens)


def _key(content: bytes, index: int) -> str:
    return hashlib.sha256(content + b"#%d" % index).hexdigest()


def _placed(
    gaps: Sequence[tuple[int, SamplingParams]], rows: Sequence[Sequence[Completion]]
) -> list[tuple[int, dict[int, Completion]]]:
    """The answers to each gap, by index, with the place of its prompt."""
    return [(place, dict(zip(gap.indices, row, strict=True))) for (place, gap), row in zip(gaps, rows, strict=True)]


def _gaps(params: SamplingParams, place: int, wanted: Container[tuple[int, int]]) -> Iterator[SamplingParams]:
    """The same request for each run of indices that is wanted."""
    indices = [index for index in params.indices if (place, index) in wanted]
    for _, run in itertools.groupby(enumerate(indices), lambda pair: pair[1] - pair[0]):
        gap = [index for _, index in run]
        yield replace(params, first=gap[0], n=len(gap))
