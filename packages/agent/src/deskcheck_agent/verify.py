"""Self-verify (best@k): sample k programs, see how each does on the public tests, submit the one that passes most.

A candidate's score is the sum of its tests' scores: predicted passes when simulated, real ones when executed. Equal
scores are ordered at random, by seed: a stable sort would favour whatever came first and inflate best@k. A candidate
without code ranks last. With no public test all scores are equal and the choice is random (or `generated_tests` are
asked for); with FeedbackSource.none it is the first candidate that has code.

With `early_exit=5` candidates are sampled five at a time, until one is sure: it passes every test by every prediction.
"""

import random
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace

from deskcheck_tracer.sandbox import Sandbox

from deskcheck_agent.feedback import (
    AgreementFeedback,
    Combine,
    Feedback,
    FeedbackSource,
    TestFeedback,
    make_feedback,
)
from deskcheck_agent.parse import ParseStatus, parse_solution
from deskcheck_agent.problem import Problem
from deskcheck_agent.prompts import Prompts
from deskcheck_agent.propose import InputProposer
from deskcheck_agent.sampler import Completion, Sampler, SamplingParams, seed_of
from deskcheck_agent.simulate import UNSAMPLED

NO_CODE = -1.0
"""Score of a candidate without a program: below one that fails every test."""


@dataclass(frozen=True)
class Candidate:
    """One sampled program. `tokens` counts the whole answer, reasoning included (short1@k's length)."""

    code: str | None
    status: ParseStatus
    tokens: int
    text: str
    feedback: tuple[TestFeedback, ...] = ()
    score: float = NO_CODE

    @property
    def sure(self) -> bool:
        """Whether it passes every test by every prediction, with at least one test looked at."""
        return bool(self.feedback) and all(
            test.passed and (test.unanimous or not test.predictions) for test in self.feedback
        )


SampleCandidates = Callable[[range], Awaitable[list[Candidate]]]
"""Gives the candidates with these indices."""


@dataclass(frozen=True)
class Ranking:
    """Candidates in the order sampled, and `order`: their places from best to worst."""

    problem_id: str
    feedback: FeedbackSource
    candidates: tuple[Candidate, ...]
    order: tuple[int, ...]
    tied: int
    """How many candidates share the best score: 1 means the choice was not random."""
    skipped: int = 0
    """How many candidates were never sampled because an earlier one was sure."""

    @property
    def best(self) -> Candidate:
        return self.candidates[self.order[0]]

    @property
    def believed(self) -> bool:
        """Whether the best candidate has code and is believed to pass every public test, with at least one looked
        at."""
        tests = self.best.feedback
        return self.best.code is not None and bool(tests) and all(test.passed for test in tests)


async def self_verify(
    problem: Problem,
    solver: Sampler,
    simulator: Sampler | None = None,
    *,
    k: int = 20,
    n: int = 5,
    feedback: FeedbackSource | Feedback = FeedbackSource.simulated,
    combine: Combine | str = Combine.mean,
    generated_tests: int = 0,
    early_exit: int = 0,
    params: SamplingParams | None = None,
    simulate_params: SamplingParams | None = None,
    prompts: Prompts | None = None,
    sandbox: Sandbox | None = None,
) -> Ranking:
    """Sample k candidates from the solver and rank them; `simulator` is the solver itself if None.

    A problem with fewer public tests than `generated_tests` gets inputs from the solver until there are as many, on
    which candidates are ranked by agreement. `early_exit` is how many candidates are sampled before the next look; 0
    samples all at once.
    """
    prompts, params = prompts or Prompts.load(), params or SamplingParams()
    observer = make_feedback(
        feedback,
        simulator or solver,
        n=n,
        combine=combine,
        prompts=prompts,
        params=simulate_params or params,
        seed=params.seed,
        sandbox=sandbox,
    )

    async def sample(indices: range) -> list[Candidate]:
        return await sample_candidates(problem, solver, indices, prompts, params)

    propose = InputProposer(solver, generated_tests, prompts, params)
    return await best_of(
        problem, sample, observer, propose, k=k, early_exit=early_exit, combine=combine, seed=params.seed
    )


async def best_of(
    problem: Problem,
    sample: SampleCandidates,
    observer: Feedback,
    propose: InputProposer,
    *,
    k: int,
    early_exit: int = 0,
    combine: Combine | str = Combine.mean,
    threshold: float = 0.5,
    seed: int = 0,
) -> Ranking:
    """Rank k candidates, however they come about; parameters as self_verify's."""
    wave = early_exit or k
    if propose.missing(problem):
        observer = AgreementFeedback(observer, propose, combine=combine, threshold=threshold, seed=seed)
        wave = k  # agreement is between all candidates: none is sure before the last
    seen: list[Candidate] = []
    for start in range(0, k, wave):
        fresh = await sample(range(start, min(start + wave, k)))
        seen += await _looked_at(problem, fresh, observer)
        if early_exit and any(candidate.sure for candidate in seen):
            break
    return _order(problem, seen, observer.source, seed, skipped=k - len(seen))


async def sample_candidates(
    problem: Problem, solver: Sampler, indices: range, prompts: Prompts, params: SamplingParams
) -> list[Candidate]:
    """The solver's candidates with these indices, not yet looked at."""
    wanted = replace(params, first=indices.start, n=len(indices))
    [completions] = await solver.sample([prompts.solve(problem)], wanted)
    return [candidate_of(each) for each in completions]


def candidate_of(completion: Completion) -> Candidate:
    """A candidate that nobody has looked at yet, from an answer to a solve prompt."""
    reply = parse_solution(completion.text)
    status = UNSAMPLED.get(completion.stop, reply.status)
    return Candidate(reply.code, status, completion.tokens, completion.text)


async def rank(problem: Problem, candidates: Sequence[Candidate], observer: Feedback, *, seed: int = 0) -> Ranking:
    """Look at every candidate on the public tests and order them."""
    return _order(problem, await _looked_at(problem, candidates, observer), observer.source, seed)


async def _looked_at(problem: Problem, candidates: Sequence[Candidate], observer: Feedback) -> list[Candidate]:
    told = iter(await observer.observe([each.code for each in candidates if each.code is not None], problem))
    return [_scored(each, next(told)) if each.code is not None else each for each in candidates]


def _order(problem: Problem, seen: Sequence[Candidate], source: FeedbackSource, seed: int, skipped: int = 0) -> Ranking:
    scores = [each.score for each in seen]
    shuffle = None if source is FeedbackSource.none else seed_of(seed, problem.id, "ties")
    return Ranking(problem.id, source, tuple(seen), ranked(scores, shuffle), scores.count(max(scores)), skipped)


def _scored(candidate: Candidate, tests: Sequence[TestFeedback]) -> Candidate:
    # Rounded: sums of shares that are equal must not differ by float noise, or ties would not be random.
    return replace(candidate, feedback=tuple(tests), score=round(sum(test.score for test in tests), 9))


def ranked(scores: Sequence[float], seed: int | None) -> tuple[int, ...]:
    """Places from the highest score to the lowest; equal scores in random order, or as they come if `seed` is None."""
    places = list(range(len(scores)))
    if seed is not None:
        random.Random(seed).shuffle(places)
    return tuple(sorted(places, key=lambda place: -scores[place]))  # sorted() is stable: the shuffle decides ties
