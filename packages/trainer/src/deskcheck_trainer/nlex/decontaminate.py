"""Decontamination: nothing that overlaps with a benchmark becomes a training row.

Every benchmark text (a program, a statement) is a set of n-grams of code tokens. A training item is contaminated when
it holds all of them, or the share `threshold` of them and n of them at least: verbatim copies are caught whatever
stands around them, and a phrase that many programs share is no copy. The share decides, as in Tulu 3 (8-grams, half of
the test instance; arXiv 2411.15124 section 3.2), and not any one n-gram, as in GPT-3 (13 words, arXiv 2005.14165
appendix C) or Qwen2.5-Coder (10 words, arXiv 2409.12186): with symbols as tokens `for i in range(len(x)):` alone is
eleven. Not caught: a copy with all its variables renamed, a paraphrase, a translation, a text of fewer than n tokens.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from deskcheck_trainer.nlex.benchmark_texts import BenchmarkText
from deskcheck_trainer.nlex.code_tokens import code_tokens, comment_tokens, ngrams
from deskcheck_trainer.nlex.row import Reason, Rejected
from deskcheck_trainer.nlex.sources.items import Explain, Explore, Fix, Item, Solve


@dataclass(frozen=True)
class Match:
    """What a training item has in common with a benchmark text."""

    benchmark: str
    id: str
    share: float
    """Of the benchmark text's distinct n-grams."""
    n: int

    def detail(self) -> str:
        """The same in words."""
        return f"holds {self.share:.0%} of the {self.n}-grams of {self.benchmark} {self.id}"

    @classmethod
    def read(cls, detail: str) -> Match:
        """The inverse of `detail`."""
        found = _DETAIL.fullmatch(detail)
        if found is None:
            raise ValueError(f"{detail!r} is not the detail of a contaminated item")
        share, n, benchmark, name = found.groups()
        return cls(benchmark, name, int(share) / 100, int(n))


_DETAIL = re.compile(r"holds (\d+)% of the (\d+)-grams of (\S+) (.*)", re.DOTALL)


class Decontaminator:
    """Finds the benchmark text that an item copies."""

    def __init__(self, texts: Iterable[BenchmarkText], n: int = 10, threshold: float = 0.5) -> None:
        self.n, self.threshold = n, threshold
        self.texts: list[BenchmarkText] = []
        self.sizes: list[int] = []
        """Distinct n-grams of each text."""
        self.too_short: list[BenchmarkText] = []
        """Texts of fewer than n tokens, which are compared with nothing."""
        self.holders: dict[tuple[str, ...], list[int]] = defaultdict(list)
        """n-gram -> the texts that hold it."""
        for text in texts:
            self._add(text)

    def _add(self, text: BenchmarkText) -> None:
        grams = set(ngrams(code_tokens(text.text), self.n))
        if not grams:
            self.too_short.append(text)
            return
        for gram in grams:
            self.holders[gram].append(len(self.texts))
        self.texts.append(text)
        self.sizes.append(len(grams))

    def match(self, passages: Iterable[str]) -> Match | None:
        """The benchmark text that these passages are a copy of, the one they hold most of; None if of none."""
        shared = {gram for run in _runs(passages) for gram in ngrams(run, self.n) if gram in self.holders}
        counts = Counter(holder for gram in shared for holder in self.holders[gram])
        enough = [holder for holder, count in counts.items() if count >= self._needed(holder)]
        if not enough:
            return None
        holder = max(enough, key=lambda holder: (counts[holder] / self.sizes[holder], -holder))
        text = self.texts[holder]
        return Match(text.benchmark, text.id, counts[holder] / self.sizes[holder], self.n)

    def _needed(self, holder: int) -> float:
        """Shared n-grams that make a copy of a text; n of them are 2n - 1 tokens in a row."""
        size = self.sizes[holder]
        return min(size, max(self.threshold * size, self.n))

    def __call__(self, items: Iterable[Item | Rejected]) -> Iterator[Item | Rejected]:
        """The items, each contaminated one replaced by its rejection."""
        last: tuple[list[str], Match | None] = [], None  # inputs of one program come one after the other
        for item in items:
            if isinstance(item, Rejected):
                yield item
                continue
            passages = passages_of(item)
            if passages != last[0]:
                last = passages, self.match(passages)
            yield contaminated(item, last[1]) if last[1] else item


def passages_of(item: Item) -> list[str]:
    """The texts of an item that a benchmark's could be in."""
    match item:
        case Explain(program=program):
            return [program.source]
        case Explore(source=source):
            return [source]
        case Solve(problem=problem, reference=reference):
            return [problem.statement, reference]
        case Fix(problem=problem, reference=reference, candidate=candidate):
            return [problem.statement, reference, candidate]


def contaminated(item: Item, match: Match) -> Rejected:
    """The item as it is kept aside."""
    source = passages_of(item)[-1]
    return Rejected(reason=Reason.contaminated, detail=match.detail(), origin=item.origin, source=source)


def _runs(passages: Iterable[str]) -> Iterator[list[str]]:
    """The token runs of the passages: code without comments, and the comments, where a statement may stand."""
    for passage in passages:
        yield code_tokens(passage)
        if "#" in passage:
            yield comment_tokens(passage)
