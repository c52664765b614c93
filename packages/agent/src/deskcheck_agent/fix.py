"""Self-fix (the paper's Self-RLEF at inference): solve, look at the feedback, submit or repair, repeat.

Every turn is a fresh single-turn prompt that holds only what it needs: no earlier answer, no reasoning, no other
program.
    solve            statement and public tests -> program
    feedback         the program on each public test, executed or simulated (the simulator sees program and input
alone)
    submit or fix    statement, program, feedback -> submit, or a new program
It ends with a submit or after `max_turns` solver answers; the last program then counts. Source: arXiv 2604.03253,
algorithm 1.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace

from deskcheck_tracer.sandbox import Sandbox

from deskcheck_agent.feedback import Combine, Feedback, FeedbackSource, TestFeedback, make_feedback
from deskcheck_agent.parse import ParseStatus, parse_solution
from deskcheck_agent.problem import Problem
from deskcheck_agent.prompts import Prompts
from deskcheck_agent.sampler import Message, Sampler, SamplingParams, StopReason, seed_of
from deskcheck_agent.trajectory import Trajectory, TrajectoryStatus, Turn, TurnKind

OnTurn = Callable[[Turn], None]


async def self_fix(
    problem: Problem,
    solver: Sampler,
    simulator: Sampler | None = None,
    *,
    max_turns: int = 10,
    feedback: FeedbackSource | Feedback = FeedbackSource.simulated,
    n: int = 5,
    combine: Combine | str = Combine.mean,
    rich: bool = False,
    params: SamplingParams | None = None,
    simulate_params: SamplingParams | None = None,
    prompts: Prompts | None = None,
    sandbox: Sandbox | None = None,
    on_turn: OnTurn | None = None,
    turns_so_far: Sequence[Turn] = (),
) -> Trajectory:
    """Work on one problem until the model submits or has answered `max_turns` times.

    `simulator` is the solver itself if None. `params.seed` names the attempt: two attempts need two seeds. `on_turn`
    sees each turn as it ends; `turns_so_far` continues an interrupted trajectory. With `rich` a failing test is told
    with the steps around the first difference. Runs over many problems at once under `asyncio.gather`.
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
        rich=rich,
        sandbox=sandbox,
    )
    trajectory = Trajectory(problem.id, observer.source, params.seed, list(turns_so_far))

    async def ask(kind: TurnKind, messages: list[Message], told: Sequence[TestFeedback] = ()) -> TrajectoryStatus:
        completion = (await solver.sample([messages], _turn_params(params, trajectory)))[0][0]
        if completion.stop is StopReason.budget:
            return TrajectoryStatus.out_of_budget
        reply = parse_solution(completion.text)
        turn = Turn(kind, messages, completion, reply, reply.code or trajectory.code, tuple(told))
        trajectory.turns.append(turn)
        if on_turn is not None:
            on_turn(turn)
        return _ended(trajectory, observer, max_turns)

    if not trajectory.turns:
        trajectory.status = await ask(TurnKind.solve, prompts.solve(problem))
    else:
        trajectory.status = _ended(trajectory, observer, max_turns)
    while trajectory.status is TrajectoryStatus.unfinished:
        code = trajectory.code
        assert code is not None
        told = (await observer.observe([code], problem))[0]
        if any(test.passed is None for test in told):
            trajectory.status = _unknown(told)
            break
        trajectory.status = await ask(TurnKind.submit_or_fix, prompts.submit_or_fix(problem, code, told), told)
    return trajectory


def _turn_params(params: SamplingParams, trajectory: Trajectory) -> SamplingParams:
    """A seed of its own for each turn: a repeated prompt must not repeat its answer for ever."""
    return replace(params, n=1, seed=seed_of(params.seed, trajectory.problem_id, len(trajectory.turns)))


def _unknown(told: Sequence[TestFeedback]) -> TrajectoryStatus:
    """Why nothing is known of a test: our sandbox failed, or its predictions could not be sampled or paid for."""
    unknown = [test for test in told if test.passed is None]
    if any(test.verdict is not None for test in unknown):
        return TrajectoryStatus.sandbox_error
    refused = any(each.status is ParseStatus.error for test in unknown for each in test.predictions)
    return TrajectoryStatus.sampler_error if refused else TrajectoryStatus.out_of_budget


def _ended(trajectory: Trajectory, observer: Feedback, max_turns: int) -> TrajectoryStatus:
    """The status after the last turn; unfinished while another turn is due."""
    turn = trajectory.turns[-1]
    if turn.completion.stop is StopReason.error:
        return TrajectoryStatus.sampler_error
    if turn.code is None:
        return TrajectoryStatus.no_code
    if turn.reply.submit:
        return TrajectoryStatus.submitted
    if turn.reply.code is None:
        return TrajectoryStatus.unparsed
    if observer.source is FeedbackSource.none:
        return TrajectoryStatus.single_turn
    return TrajectoryStatus.out_of_turns if len(trajectory.turns) >= max_turns else TrajectoryStatus.unfinished
