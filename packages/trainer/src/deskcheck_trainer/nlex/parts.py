"""From the stream of a source to the parts that workers get: repeats dropped, fixed runs of items made shards.

What a shard holds is known by the ids of its items and by how rows are made, so a run that goes on tells the shards it
has from those it still needs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass
from itertools import batched

from deskcheck_trainer.nlex.row import Reason, Rejected, content_id
from deskcheck_trainer.nlex.shards import Shard, ShardStore
from deskcheck_trainer.nlex.sources.items import Explain, Explore, Fix, Item, Solve


@dataclass(frozen=True)
class Part:
    """What a worker gets at once: consecutive items of one shard."""

    shard: int
    key: str
    """Hash of all items of the shard, and of how rows are made."""
    items: tuple[Item | Rejected, ...]
    items_before: int
    """Items of the shard's earlier parts."""
    last: bool
    """Whether the shard ends with this part."""


def unfinished(
    items: Iterable[Item | Rejected],
    how: str,
    store: ShardStore,
    found: list[Shard],
    *,
    per_shard: int,
    per_part: int,
    before: Callable[[int, tuple[Item | Rejected, ...]], tuple[Item | Rejected, ...]],
) -> Iterator[Part]:
    """The parts of the shards still to be built, after `before`; finished shards are appended to `found`. `how` names
    the recipe."""
    for index, shard in enumerate(batched(items, per_shard)):
        key = content_id(how, [item_key(item) for item in shard])
        if (done := store.find(index, key)) is not None:
            found.append(done)
            continue
        parts = list(batched(before(index, shard), per_part))
        for i, part in enumerate(parts):
            yield Part(index, key, part, items_before=i * per_part, last=i == len(parts) - 1)


def unique(items: Iterable[Item | Rejected]) -> Iterator[Item | Rejected]:
    """The items, each one that repeats an earlier one replaced by its rejection."""
    seen: set[bytes] = set()
    for item in items:
        if isinstance(item, Rejected):
            yield item
            continue
        key = bytes.fromhex(taught(item))
        yield item if key not in seen else Rejected(reason=Reason.duplicate, detail="", origin=item.origin)
        seen.add(key)


def taught(item: Item) -> str:
    """The id of what an item would teach: equal for duplicates, wherever they come from."""
    match item:
        case Explain(program=program):
            return content_id("explain", program.id)
        case Explore(source=source, entry_point=entry_point, calls=calls, generator=generator):
            return content_id("explore", source, entry_point, calls, generator)
        case Solve(problem=problem, reference=reference):
            return content_id("solve", problem.statement, [asdict(t) for t in problem.public_tests], reference)
        case Fix(problem=problem, reference=reference, candidate=candidate):
            return content_id("fix", problem.statement, [asdict(t) for t in problem.public_tests], reference, candidate)


def item_key(item: Item | Rejected) -> str:
    """The id of all that an item puts on disk."""
    if isinstance(item, Rejected):
        return content_id(asdict(item))
    return content_id(taught(item), item.origin, item.licence)
