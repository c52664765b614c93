"""CachedSampler: a completion is paid for once.

Content-addressed: the key of one completion is the hash of (model id, revision, prompt, sampling, seed, index), so a
rerun of the same run costs nothing, a longer one costs only what is new, and two configurations never mix. SQLite
from the standard library: several processes may share a file, and a kill leaves it whole. What was not sampled
(StopReason.error, budget) is not kept. Where the inner sampler tells of each completion as it comes, each is kept as it
comes: a server that dies in the middle of a call costs what it had not answered.
"""

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
    """Answers from the cache what is there, and asks the inner sampler for the rest."""

    def __init__(self, inner: Sampler, folder: str | Path, revision: str = "") -> None:
        self.inner, self.revision = inner, revision
        self.model_id: str = inner.model_id
        self.hits = self.misses = 0
        path = Path(folder) / FILE
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._db = sqlite3.connect(path, timeout=60, isolation_level=None)
            self._db.execute("pragma journal_mode=wal")
            # A commit does not wait for the disk: a kill loses nothing, a power cut the last answers and not the file.
            self._db.execute("pragma synchronous=normal")
            self._db.execute(
                "create table if not exists completions (key text primary key, completion text) without rowid"
            )
        except (OSError, sqlite3.Error) as error:
            raise SamplerError(
                f"cannot use the completion cache {path}: {error}; set sampler.cache to another folder"
            ) from None

    async def sample(
        self, prompts: Sequence[list[Message]], params: SamplingParams | Sequence[SamplingParams]
    ) -> list[list[Completion]]:
        each = params_per_prompt(prompts, params)
        rows = [self._read(prompt, one) for prompt, one in zip(prompts, each, strict=True)]
        # (place of the prompt, what of it is missing): one for every gap among its completions
        gaps = [(place, gap) for place, one in enumerate(each) for gap in _gaps(one, rows[place])]
        missing = len({place for place, _ in gaps})
        self.hits += len(rows) - missing
        self.misses += missing
        for (place, gap), row in zip(gaps, await self._ask(prompts, gaps), strict=True):
            rows[place].update(zip(gap.indices, row, strict=True))
        return [[row[index] for index in one.indices] for one, row in zip(each, rows, strict=True)]

    async def _ask(
        self, prompts: Sequence[list[Message]], gaps: Sequence[tuple[int, SamplingParams]]
    ) -> list[list[Completion]]:
        if not gaps:
            return []
        asked, params = [prompts[place] for place, _ in gaps], [gap for _, gap in gaps]
        if isinstance(self.inner, TellingSampler):
            return await self.inner.sample_each(
                asked, params, lambda at, index, said: self._write([(asked[at], params[at], index, said)])
            )
        fresh = await self.inner.sample(asked, params)
        self._write(
            [
                (prompt, one, index, completion)
                for prompt, one, row in zip(asked, params, fresh, strict=True)
                for index, completion in zip(one.indices, row, strict=True)
            ]
        )
        return fresh

    def _read(self, prompt: list[Message], params: SamplingParams) -> dict[int, Completion]:
        """The known completions, by index."""
        content, found = self._content(prompt, params), {}
        for index in params.indices:
            key = _key(content, index)
            row = self._db.execute("select completion from completions where key = ?", (key,)).fetchone()
            if row is not None:
                found[index] = completion_from_json(json.loads(row[0]))
        return found

    def _write(self, answers: Sequence[tuple[list[Message], SamplingParams, int, Completion]]) -> None:
        kept = [
            (_key(self._content(prompt, params), index), json.dumps(vars(completion)))
            for prompt, params, index, completion in answers
            if completion.stop not in (StopReason.error, StopReason.budget)
        ]
        self._db.execute("begin immediate")
        self._db.executemany("insert or replace into completions values (?, ?)", kept)
        self._db.execute("commit")

    def _content(self, prompt: list[Message], params: SamplingParams) -> bytes:
        # n and first are left out: completion `index` does not depend on how many were asked for.
        sampling = (params.temperature, params.top_p, params.max_tokens, params.stop, params.seed)
        said = [[message["role"], message["content"]] for message in prompt]
        return json.dumps([self.model_id, self.revision, said, sampling]).encode()


def _key(content: bytes, index: int) -> str:
    return hashlib.sha256(content + b"#%d" % index).hexdigest()


def _gaps(params: SamplingParams, known: Container[int]) -> Iterator[SamplingParams]:
    """The same request for each run of indices that is not known."""
    missing = [index for index in params.indices if index not in known]
    for _, run in itertools.groupby(enumerate(missing), lambda pair: pair[1] - pair[0]):
        indices = [index for _, index in run]
        yield replace(params, first=indices[0], n=len(indices))
