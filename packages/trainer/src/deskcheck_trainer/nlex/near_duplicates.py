"""Near duplicates: a program that is nearly an earlier one teaches nothing new, and weighs as much.

Two programs are compared by the Jaccard similarity of their token shingles (code_tokens.py), estimated by MinHash
signatures of 128 values (standard error 0.035 at 0.8; Broder 1997); an index of bands of these values finds the earlier
programs worth comparing. Signatures and index are rensa's. The stream is filtered in its order, so the result depends
on nothing else, and a run that is continued reads the stream again. Memory grows with every program kept: about 2.4 KB,
72 GB for 30 million programs, so a stream that long is cut into datasets.

The unit is the program: the same source on another input stays, and a function to make inputs for is compared once.
Problems to solve or fix are not compared.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from rensa import RMinHash, RMinHashLSH  # type: ignore[attr-defined] - a compiled module without stubs

from deskcheck_trainer.nlex.code_tokens import code_tokens, ngrams
from deskcheck_trainer.nlex.row import Reason, Rejected
from deskcheck_trainer.nlex.sources.items import Explain, Explore, Item

PERMUTATIONS = 128
SEED = 1
MISSED = 0.06
"""Share of pairs at exactly the threshold that the index may miss; of more similar ones it misses far fewer."""


@dataclass(frozen=True)
class Nearest:
    """The earlier program that a program is most like."""

    origin: str
    similarity: float


class NearDuplicates:
    """Remembers the programs it has let through."""

    def __init__(self, threshold: float = 0.8, shingle: int = 5) -> None:
        self.threshold, self.shingle = threshold, shingle
        self.kept: set[bytes] = set()
        """Hashes of sources let through, which pass again on another input, and of functions to make inputs for."""
        self.origins: list[str] = []
        self.signatures: list[RMinHash] = []
        self.index = RMinHashLSH(threshold, PERMUTATIONS, bands_for(threshold))

    def __call__(self, items: Iterable[Item | Rejected]) -> Iterator[Item | Rejected]:
        """The items, each whose program is nearly an earlier one replaced by its rejection."""
        for item in items:
            if isinstance(item, Explain | Explore) and (nearest := self.nearest(item)):
                yield near_duplicate(item, nearest)
            else:
                yield item

    def nearest(self, item: Explain | Explore) -> Nearest | None:
        """The earlier program that this one nearly is; None where there is none, and then it is remembered."""
        source = source_of(item)
        names = [digest(source)] if isinstance(item, Explain) else [digest(source), digest(source, item.entry_point)]
        known = names[0] in self.kept and (isinstance(item, Explain) or names[1] not in self.kept)
        if not known and (found := self._compare(source, item.origin)):
            return found
        self.kept.update(names)
        return None

    def _compare(self, source: str, origin: str) -> Nearest | None:
        """The nearest of the earlier programs, if near enough; else this one is put into the index."""
        signature = self._signature(source)
        near = [(signature.jaccard(self.signatures[i]), -i) for i in self.index.query(signature)]
        similarity, place = max(near, default=(0.0, 0))
        if similarity >= self.threshold:
            return Nearest(self.origins[-place], similarity)
        self.index.insert(len(self.signatures), signature)
        self.signatures.append(signature)
        self.origins.append(origin)
        return None

    def _signature(self, source: str) -> RMinHash:
        tokens = code_tokens(source)
        shingles = [" ".join(gram) for gram in ngrams(tokens, self.shingle)]
        signature = RMinHash(PERMUTATIONS, SEED)
        signature.update(shingles or [" ".join(tokens)])
        return signature


def bands_for(threshold: float) -> int:
    """The fewest bands that miss at most `MISSED`: with r values a band, b bands miss (1 - s^r)^b of pairs at s."""
    few = (b for b in (8, 16, 32, 64) if (1 - threshold ** (PERMUTATIONS // b)) ** b <= MISSED)
    return next(few, PERMUTATIONS)


def source_of(item: Explain | Explore) -> str:
    """The program to compare."""
    return item.program.source if isinstance(item, Explain) else item.source


def digest(*texts: str) -> bytes:
    """64 bits: for 30 million programs, one chance in 40,000 that any two collide."""
    return hashlib.blake2b("\0".join(texts).encode("utf-8", "surrogatepass"), digest_size=8).digest()


def near_duplicate(item: Explain | Explore, nearest: Nearest) -> Rejected:
    """The item as it is kept aside."""
    detail = f"about {nearest.similarity:.0%} of its token shingles are those of {nearest.origin}"
    return Rejected(reason=Reason.near_duplicate, detail=detail, origin=item.origin, source=source_of(item))
