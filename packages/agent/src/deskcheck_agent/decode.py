"""Batched decoding of a Hugging Face causal LM: our own loop instead of `model.generate`.

Why our own: RL and evaluation need a seed per request, exact log-probabilities, rows that leave the batch the moment
they finish, and speed on tiny models on CPU, where the cost is memory traffic and dispatch rather than FLOPs. The
loop:

    rebuild   when an eighth of the rows have finished, requests wait or the buffers are full: drop the finished,
              prefill waiting prompts (each distinct one once, its keys and values copied to its samples), trim the
              left edge, make room on the right
    step      one token for every row; a finished row decodes on, ignored, until the next rebuild

The cache's time axis is right-aligned: every row's last token sits in the last column, whatever its length, and
positions are passed explicitly. So rows of any age live side by side, and admitting new ones is a copy. Keys and
values sit in buffers with room to grow: transformers' own DynamicCache copies everything at every token.

Axes: B rows in the batch, F rows just admitted, P distinct prompts, V vocabulary, L cache columns.
Not covered: models whose cache is not keys and values (Mamba-like), encoder-decoders, several devices.
"""

import contextlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy
import torch
from transformers import Cache, DynamicCache
from transformers.cache_utils import DynamicLayer

from deskcheck_agent.attention import full_precision_attention
from deskcheck_agent.draw import draw, uniforms
from deskcheck_agent.sampler import SamplingParams, StopReason

ROOM = 128
"""Columns added to the buffers at a rebuild."""
PATIENCE = 4
"""Steps that a few newcomers wait at most for more: a rebuild copies what all rows have cached."""
PREFILL_TOKENS = 32_768
"""Padded prompt tokens in one forward pass of prefill: bounds its memory."""


@dataclass(eq=False)
class Row:
    """One completion being decoded. `token_ids` includes the end-of-sequence token; `logprobs` as in `Completion`."""

    request: Any
    index: int
    prompt_ids: tuple[int, ...]
    params: SamplingParams
    limit: int
    token_ids: list[int] = field(default_factory=list)
    logprobs: list[float] = field(default_factory=list)
    stop: StopReason | None = None
    text: str | None = None
    """The text before a stop string, where one ended the row."""
    stream: numpy.ndarray = field(default_factory=lambda: numpy.empty(0, numpy.float32))

    @property
    def cached(self) -> int:
        """Tokens whose keys and values are in the cache: all but the last drawn one."""
        return len(self.prompt_ids) + len(self.token_ids) - 1


class _RoomyLayer(DynamicLayer):
    """Keys and values of one layer in buffers with spare columns, written in place."""

    def __init__(self, keys: torch.Tensor, values: torch.Tensor, used: int) -> None:
        super().__init__()
        self.dtype, self.device, self.is_initialized = keys.dtype, keys.device, True
        self.key_buffer, self.value_buffer = keys, values
        self._show(used)

    def _show(self, used: int) -> None:
        self.keys, self.values, self.used = self.key_buffer[:, :, :used], self.value_buffer[:, :, :used], used

    def update(
        self, key_states: torch.Tensor, value_states: torch.Tensor, *args: Any, **kwargs: Any
    ) -> tuple[torch.Tensor, torch.Tensor]:
        start, stop = self.used, self.used + key_states.shape[-2]
        self.key_buffer[:, :, start:stop] = key_states
        self.value_buffer[:, :, start:stop] = value_states
        self._show(stop)
        return self.keys, self.values  # pyright: ignore[reportReturnType]


@dataclass
class _Batch:
    """The rows alive since the last rebuild, and their tensors. `uniforms_BL[:, k]` is used by step k."""

    rows: list[Row]
    cache: Cache
    used: int
    mask_BL: torch.Tensor
    position_B1: torch.Tensor
    next_B1: torch.Tensor
    temperature_B: torch.Tensor
    top_p_B: torch.Tensor
    uniforms_BL: torch.Tensor
    step: int = 0

    @property
    def full(self) -> bool:
        return self.step == self.uniforms_BL.shape[1]


class Decoder:
    """Decodes a changing set of rows: `add` requests and `run`, or `advance` step by step and add meanwhile."""

    def __init__(
        self,
        model: Any,
        eos_ids: frozenset[int],
        decode: Callable[[Sequence[int]], str],
        *,
        batch_size: int = 256,
        autocast: bool = False,
    ) -> None:
        self.model, self.eos_ids, self.decode, self.batch_size, self.autocast = (
            model,
            eos_ids,
            decode,
            batch_size,
            autocast,
        )
        self.device: torch.device = next(model.parameters()).device
        self.context: int = getattr(model.config, "max_position_embeddings", None) or 1 << 30
        self._arrived: list[Row] = []
        self._waiting: list[Row] = []
        self._finished: list[Row] = []
        self._batch: _Batch | None = None

    def add(self, request: Any, prompt_ids: Sequence[int], params: SamplingParams) -> None:
        """Queue the n rows of a request. A prompt that fills the context ends at once with StopReason.error."""
        limit = min(params.max_tokens, self.context - len(prompt_ids))
        for index in params.indices:
            row = Row(request, index, tuple(prompt_ids), params, limit)
            if limit > 0 and prompt_ids:
                self._arrived.append(row)
            else:
                row.stop = StopReason.error
                self._finished.append(row)

    def drop(self, is_unwanted: Callable[[Any], bool]) -> None:
        """Forget the rows of unwanted requests: waiting ones now, living ones at the next rebuild."""
        self._arrived = [row for row in self._arrived if not is_unwanted(row.request)]
        self._waiting = [row for row in self._waiting if not is_unwanted(row.request)]
        self._finished = [row for row in self._finished if not is_unwanted(row.request)]
        for row in self._batch.rows if self._batch else ():
            if is_unwanted(row.request):
                row.stop = StopReason.budget

    def run(self, on_finished: Callable[[Row], None]) -> None:
        """Decode until nothing waits and nothing lives; `on_finished` is called with each row as it ends."""
        with self.awake():
            while self.busy:
                for row in self.advance():
                    on_finished(row)

    @contextlib.contextmanager
    def awake(self) -> Iterator[None]:
        """Around `advance`: the model in eval mode, gradients off; what still lives at the end is forgotten."""
        was_training = self.model.training
        self.model.eval()
        try:
            with torch.no_grad(), self._precision():
                yield
        finally:
            self._batch = None
            self.model.train(was_training)

    @property
    def busy(self) -> bool:
        """Whether anything waits, lives or has ended untold."""
        if self._arrived or self._waiting or self._finished:
            return True
        return self._batch is not None and any(row.stop is None for row in self._batch.rows)

    def advance(self) -> list[Row]:
        """A rebuild or one token more; the rows that ended."""
        # Earlier arrivals first, and the longest prompts among those that arrived together (pop takes the last):
        # rows admitted together have prompts of like length.
        self._waiting[:0] = sorted(self._arrived, key=lambda row: len(row.prompt_ids))
        self._arrived.clear()
        if self._waiting or self._batch:
            self._rebuild() if self._is_due() else self._step()
        finished, self._finished = self._finished, []
        return finished

    @contextlib.contextmanager
    def _precision(self) -> Iterator[None]:
        with contextlib.ExitStack() as stack:
            if self.autocast:
                stack.enter_context(torch.autocast(self.device.type, dtype=torch.bfloat16))
                stack.enter_context(full_precision_attention(self.model))
            yield

    # one token

    def _step(self) -> None:
        batch = self._batch
        assert batch is not None
        logits_BV = self.model(
            input_ids=batch.next_B1,
            attention_mask=batch.mask_BL[:, : batch.used + 1],
            position_ids=batch.position_B1,
            past_key_values=batch.cache,
            use_cache=True,
        ).logits[:, -1]
        ids_B, logprobs_B = draw(logits_BV, batch.temperature_B, batch.top_p_B, batch.uniforms_BL[:, batch.step])
        batch.next_B1 = ids_B[:, None]
        # A finished row decodes on until the next rebuild; its position must stay inside a table of learned positions.
        batch.position_B1 = (batch.position_B1 + 1).clamp_(max=self.context - 1)
        batch.used += 1
        batch.step += 1
        self._book(batch.rows, ids_B, logprobs_B)

    def _book(self, rows: Sequence[Row], ids_B: torch.Tensor, logprobs_B: torch.Tensor) -> None:
        for row, token, logprob in zip(rows, ids_B.tolist(), logprobs_B.tolist(), strict=True):
            if row.stop is None:
                row.token_ids.append(token)
                row.logprobs.append(logprob)
                if token in self.eos_ids or (row.params.stop and self._found_stop_string(row)):
                    row.stop = StopReason.stop
                elif len(row.token_ids) >= row.limit:
                    row.stop = StopReason.length
                if row.stop is not None:
                    self._finished.append(row)

    def _found_stop_string(self, row: Row) -> bool:
        tail = self.decode(row.token_ids[-max(map(len, row.params.stop)) - 1 :])  # a token holds at least one byte
        if not any(stop in tail for stop in row.params.stop):
            return False
        text = self.decode(row.token_ids)
        row.text = text[: min(text.index(stop) for stop in row.params.stop if stop in text)]
        return True

    # who is in the batch

    def _is_due(self) -> bool:
        if self._batch is None or self._batch.full:
            return True
        alive = sum(row.stop is None for row in self._batch.rows)
        if self._waiting:
            is_worth_it = self._batch.step >= PATIENCE or len(self._waiting) > alive // 8
            return alive <= self.batch_size * 7 // 8 and is_worth_it
        return alive <= len(self._batch.rows) * 3 // 4

    def _rebuild(self) -> None:
        old = self._batch
        kept = [slot for slot, row in enumerate(old.rows) if row.stop is None] if old else []
        fresh = [self._waiting.pop() for _ in range(min(len(self._waiting), self.batch_size - len(kept)))]
        sources: list[tuple[Cache, list[Row], list[int]]] = []
        if old and kept:
            sources.append((old.cache, [old.rows[slot] for slot in kept], kept))
        fresh.sort(key=lambda row: len(row.prompt_ids), reverse=True)
        size = max(1, PREFILL_TOKENS // len(fresh[0].prompt_ids)) if fresh else 1
        for start in range(0, len(fresh), size):
            sources.append(self._prefill(fresh[start : start + size]))
        self._batch = self._assemble(sources)

    def _prefill(self, fresh: list[Row]) -> tuple[Cache, list[Row], list[int]]:
        """Run the distinct prompts of `fresh`, draw every row's first token, and return the rows that go on."""
        prompts = {row.prompt_ids: 0 for row in fresh}
        for place, prompt in enumerate(prompts):
            prompts[prompt] = place
        longest = max(map(len, prompts))
        ids_PL = torch.tensor([[0] * (longest - len(prompt)) + list(prompt) for prompt in prompts], device=self.device)
        lengths_P1 = torch.tensor([len(prompt) for prompt in prompts], device=self.device)[:, None]
        columns = torch.arange(longest, device=self.device)
        mask_PL = columns >= longest - lengths_P1
        cache = DynamicCache()
        logits_PV = self.model(
            input_ids=ids_PL,
            attention_mask=mask_PL,
            position_ids=(columns - (longest - lengths_P1)).clamp(min=0),
            past_key_values=cache,
            use_cache=True,
            logits_to_keep=1,
        ).logits[:, -1]
        for row in fresh:
            row.stream = uniforms(row.params.seed, row.prompt_ids, row.index, row.limit)
        places = [prompts[row.prompt_ids] for row in fresh]
        temperature_F, top_p_F = self._knobs(fresh)
        uniform_F = torch.tensor([row.stream[0] for row in fresh], device=self.device)
        self._book(fresh, *draw(logits_PV[places], temperature_F, top_p_F, uniform_F))
        going = [slot for slot, row in enumerate(fresh) if row.stop is None]
        return cache, [fresh[slot] for slot in going], [places[slot] for slot in going]

    def _assemble(self, sources: list[tuple[Cache, list[Row], list[int]]]) -> _Batch | None:
        rows = [row for _, members, _ in sources for row in members]
        if not rows:
            return None
        used = max(row.cached for row in rows)
        room = min(ROOM, max(row.limit - len(row.token_ids) for row in rows))
        columns = torch.arange(used + room, device=self.device)
        lengths_B1 = torch.tensor([row.cached for row in rows], device=self.device)[:, None]
        uniforms_BL = numpy.zeros((len(rows), room), numpy.float32)
        for slot, row in enumerate(rows):
            ahead = row.stream[len(row.token_ids) :][:room]
            uniforms_BL[slot, : len(ahead)] = ahead
        temperature_B, top_p_B = self._knobs(rows)
        return _Batch(
            rows=rows,
            cache=_gather(sources, used, used + room, self._cache_dtype(sources[0][0])),
            used=used,
            mask_BL=columns >= used - lengths_B1,
            position_B1=lengths_B1,
            next_B1=torch.tensor([row.token_ids[-1] for row in rows], device=self.device)[:, None],
            temperature_B=temperature_B,
            top_p_B=top_p_B,
            uniforms_BL=torch.from_numpy(uniforms_BL).to(self.device),
        )

    def _cache_dtype(self, cache: Cache) -> torch.dtype:
        """Autocast leaves keys in float32: attention on a GPU wants them as it computes, attention.py on a CPU as
        they are."""
        keys: Any = cache.layers[0].keys  # pyright: ignore[reportAttributeAccessIssue]
        return torch.bfloat16 if self.autocast and self.device.type != "cpu" else keys.dtype

    def _knobs(self, rows: Sequence[Row]) -> tuple[torch.Tensor, torch.Tensor]:
        knobs_B2 = torch.tensor([[row.params.temperature, row.params.top_p] for row in rows], device=self.device)
        return knobs_B2[:, 0], knobs_B2[:, 1]


def _gather(sources: list[tuple[Cache, list[Row], list[int]]], used: int, capacity: int, dtype: torch.dtype) -> Cache:
    """Copy the named rows of every source, right-aligned at column `used`, into fresh buffers of `capacity` columns.

    Columns left of a row's first token are zero (masked, but 0 * garbage could be NaN); right of `used` they are not
    yet written.
    """
    layers: list[Any] = []
    count = sum(len(places) for _, _, places in sources)
    for depth, first in enumerate(sources[0][0].layers):
        buffers = []
        for name in ("keys", "values"):
            like = getattr(first, name)
            buffer = like.new_empty(count, like.shape[1], capacity, like.shape[3], dtype=dtype)
            buffer[:, :, :used] = 0
            start = 0
            for cache, members, places in sources:
                width = max(row.cached for row in members) if members else 0
                if places:
                    tail = getattr(cache.layers[depth], name)[:, :, -width:]
                    buffer[start : start + len(places), :, used - width : used] = tail[places]
                start += len(places)
            buffers.append(buffer)
        layers.append(_RoomyLayer(buffers[0], buffers[1], used))
    return Cache(layers=layers)
