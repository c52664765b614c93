"""CachedSampler: a completion is paid for once.

Content-addressed: the key of one completion is the hash of (model id, revision, prompt, sampling, seed, index), so a
rerun of the same run costs nothing, a longer one costs only what is new, and two configurations never mix. SQLite
from the standard library: several processes may share a file, and a kill leaves it whole. What was not sampled
(StopReason.error, budget) is not kept.
"""

import hashlib
import json
import sqlite3
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path

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


class CachedSampler:
    """Answers from the cache what is there, and asks the inner sampler for the rest: of a prompt's n completions, those
    after the last one known."""

    def __init__(self, inner: Sampler, folder: str | Path, revision: str = "") -> None:
        self.inner, self.revision = inner, revision
        self.model_id: str = inner.model_id
        self.hits = self.misses = 0
        path = Path(folder) / FILE
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._db = sqlite3.connect(path, timeout=60, isolation_level=None)
            self._db.execute("pragma journal_mode=wal")
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
        keys = [self._keys(prompt, one) for prompt, one in zip(prompts, each, strict=True)]
        rows = [self._read(row) for row in keys]
        missing = [place for place, row in enumerate(rows) if len(row) < len(keys[place])]
        self.hits += len(rows) - len(missing)
        self.misses += len(missing)
        if missing:
            rest = [_after(each[place], len(rows[place])) for place in missing]
            fresh = await self.inner.sample([prompts[place] for place in missing], rest)
            self._write([(keys[place][len(rows[place]) :], row) for place, row in zip(missing, fresh, strict=True)])
            for place, row in zip(missing, fresh, strict=True):
                rows[place] += row
        return rows

    def _keys(self, prompt: list[Message], params: SamplingParams) -> list[str]:
        # n is left out: completion `index` does not depend on how many were asked for.
        sampling = (params.temperature, params.top_p, params.max_tokens, params.stop, params.seed)
        said = [[message["role"], message["content"]] for message in prompt]
        content = json.dumps([self.model_id, self.revision, said, sampling]).encode()
        return [hashlib.sha256(content + b"#%d" % index).hexdigest() for index in params.indices]

    def _read(self, keys: list[str]) -> list[Completion]:
        """The known completions up to the first one that is not."""
        found: list[Completion] = []
        for key in keys:
            row = self._db.execute("select completion from completions where key = ?", (key,)).fetchone()
            if row is None:
                break
            found.append(completion_from_json(json.loads(row[0])))
        return found

    def _write(self, rows: list[tuple[list[str], list[Completion]]]) -> None:
        kept = [
            (key, json.dumps(asdict(completion)))
            for keys, completions in rows
            for key, completion in zip(keys, completions, strict=True)
            if completion.stop not in (StopReason.error, StopReason.budget)
        ]
        self._db.execute("begin immediate")
        self._db.executemany("insert or replace into completions values (?, ?)", kept)
        self._db.execute("commit")


def _after(params: SamplingParams, known: int) -> SamplingParams:
    return replace(params, first=params.first + known, n=params.n - known)
