"""What a training job sends to W&B and to metrics.jsonl, of all that TRL logs beside it: the numbers to look at.

One list, kept true by tests/trainer/test_metrics.py: a run has them all under these names, and README.md shows this
very table. ENV is an environment (output_prediction, solve, self_rlef). Every number is of the step since the last row;
a mean over rollouts is over those that have it, so `fix_rate` is of the rollouts whose first program was wrong.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Metric:
    name: str
    unit: str
    meaning: str
    where: str = "always"
    """Which runs have it."""


SFT = (
    Metric("loss", "nats a token", "mean cross-entropy of the answers' tokens"),
    Metric("mean_token_accuracy", "share", "answers' tokens that the model would have chosen itself"),
    Metric("grad_norm", "", "norm of the gradient before clipping"),
    Metric("learning_rate", "", "of AdamW's part, after the schedule"),
    Metric("num_tokens", "tokens", "seen since the run's start, padding apart"),
    Metric("train_tokens_per_second", "tokens a second", "since this start of the run"),
    Metric("data/rows", "rows", "of the mixture, as tokenised", "step 0, not pretraining"),
    Metric("data/rows_too_long", "rows", "of more than max_length tokens: cut or dropped (too_long)", "step 0"),
    Metric("data/tokens_lost", "tokens", "of those rows that are not trained on", "step 0"),
    Metric("data/answers_lost", "rows", "of those of which no token of the answer is left", "step 0"),
    Metric("samples", "table", "the first sequences as text", "at the start, W&B"),
)
RL = (
    Metric("ENV/reward", "[-1, 1]", "mean reward before the task weight"),
    Metric("ENV/pass", "share", "rollouts with the right output, or a program that passes the private tests"),
    Metric("ENV/parse_fail", "share", "answers without what was asked for (no output block, no program)"),
    Metric("ENV/truncated", "share", "answers cut at sampling.max_tokens"),
    Metric("ENV/unscorable", "share", "rollouts that the sandbox left without a verdict; they train nothing"),
    Metric("ENV/dropped", "share", "rollouts that a filter refused; ENV/dropped_REASON says which"),
    Metric("ENV/tokens/TURN", "tokens", "mean length of an answer, by turn (predict, solve, submit_or_fix)"),
    Metric("ENV/timeout", "share", "last programs that ran out of time", "solve, self_rlef"),
    Metric("ENV/sandbox_fault", "share", "rollouts with a fault of ours in the sandbox", "solve, self_rlef"),
    Metric("ENV/turns", "turns", "of a rollout", "solve, self_rlef"),
    Metric("ENV/pass_public", "share", "last programs that pass the public tests", "solve, self_rlef"),
    Metric("ENV/first_pass", "share", "first programs that pass the private tests", "self_rlef"),
    Metric("ENV/fix_rate", "share", "of wrong first programs, those made right", "self_rlef, if any was wrong"),
    Metric("ENV/break_rate", "share", "of right first programs, those made wrong", "self_rlef, if any was right"),
    Metric("ENV/submit_rate", "share", "rollouts that end by submitting", "self_rlef"),
    Metric("ENV/submit_precision", "share", "of the submitted programs, the right ones", "self_rlef, if any was"),
    Metric("zero_advantage_share", "share", "groups whose rollouts all scored alike: they train nothing"),
    Metric(
        "staleness_mean", "updates", "age of the weights that sampled the trained rows", "trl_async (0 in trl_sync)"
    ),
    Metric("staleness_max", "updates", "the oldest of them", "trl_async (0 in trl_sync)"),
    Metric("rows/REASON_total", "rows", "trained, stale, zero_advantage, unscorable, ...", "trl_async"),
    Metric("loss", "", "of the policy; its value says little, its jumps much"),
    Metric("grad_norm", "", "norm of the gradient before clipping"),
    Metric("entropy", "nats a token", "of the policy on its own answers: near 0 nothing new is tried"),
    Metric("time/rollouts_s", "seconds", "spent on rollouts"),
    Metric("time/sampling_s", "seconds", "of them in the sampler"),
    Metric("sampled_tokens", "tokens", "of all answers"),
    Metric("sampled_tokens_per_s", "tokens a second", "while sampling"),
    Metric(
        "validation/ENV/pass", "share", "pass@1 on validation tasks; the best one's checkpoint is kept", "validation"
    ),
    Metric("samples", "table", "a rollout an environment and step, a line a turn", "at checkpoints and the end, W&B"),
)


def table(metrics: Iterable[Metric]) -> str:
    """The list in Markdown."""
    lines = ["| metric | unit | meaning | where |", "|---|---|---|---|"]
    lines += [f"| `{each.name}` | {each.unit} | {each.meaning} | {each.where} |" for each in metrics]
    return "\n".join(lines)
