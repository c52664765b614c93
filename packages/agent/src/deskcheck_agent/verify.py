"""Self-verify (best@k): sample k programs, see how each does on the public tests, submit the one that passes most.

A candidate's score is the sum of its tests' scores: predicted passes when simulated, real ones when executed. Equal
scores are ordered at random, by seed: a stable sort would favour whatever came first and inflate best@k. A candidate
without code ranks last. With no public test all scores are equal and the choice is random; with FeedbackSource.none
it is the first candidate that has code.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace

from deskcheck_tracer.sandbox import Sandbox

from deskcheck_agent.feedback import Combine, Feedback, FeedbackSource, TestFeedback, make_feedback
from deskcheck_agent.parse import ParseStatus, parse_solution
from deskcheck_agent.problem import Problem
from deskcheck_agent.prompts import Prompts
from deskcheck_agent.sampler import Completion, Sampler, SamplingParams, seed_of

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


@dataclass(frozen=True)
class Ranking:
    """Candidates in the order sampled, and `order`: their places from best to worst."""

    problem_id: str
    feedback: FeedbackSource
    candidates: tuple[Candidate, ...]
    order: tuple[int, ...]
    tied: int
    """How many candidates share the best score: 1 means the choice was not random."""

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
    params: SamplingParams | None = None,
    simulate_params: SamplingParams | None = None,
    prompts: Prompts | None = None,
    sandbox: Sandbox | None = None,
) -> Ranking:
    """Sample k candidates from the solver and rank them; `simulator` is the solver itself if None."""
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
    completions = (await solver.sample([prompts.solve(problem)], replace(params, n=k)))[0]
    return await rank(problem, [candidate_of(completion) for completion in completions], observer, seed=params.seed)


def candidate_of(completion: Completion) -> Candidate:
    """A candidate that nobody has looked at yet, from an answer to a solve prompt."""
    reply = parse_solution(completion.text)
    return Candidate(reply.code, reply.status, completion.tokens, completion.text)


async def rank(problem: Problem, candidates: Sequence[Candidate], observer: Feedback, *, seed: int = 0) -> Ranking:
    """Look at every candidate on the public tests and order them."""
    told = iter(await observer.observe([each.code for each in candidates if each.code is not None], problem))
    seen = [_scored(each, next(told)) if each.code is not None else each for each in candidates]
    scores = [each.score for each in seen]
    shuffle = None if observer.source is FeedbackSource.none else seed_of(seed, problem.id, "ties")
    return Ranking(problem.id, observer.source, tuple(seen), ranked(scores, shuffle), scores.count(max(scores)))


def _scored(candidate: Candidate, tests: Sequence[TestFeedback]) -> Candidate:
    return replace(candidate, feedback=tuple(tests), score=sum(test.score for test in tests))


def ranked(scores: Sequence[float], seed: int | None) -> tuple[int, ...]:
    """Places from the highest score to the lowest; equal scores in random order, or as they come if `seed` is None."""
    places = list(range(len(scores)))
    if seed is not None:
        random.Random(seed).shuffle(places)
    return tuple(sorted(places, key=lambda place: -scores[place]))  # sorted() is stable: the shuffle decides ties
