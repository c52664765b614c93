"""The protocol as a table: every choice that the paper leaves open, and every setting that decides a number.

What a run was asked for is read from its header; what the report chose comes from its options; how the temperature was
found, where the run did not choose it itself, from `temperature_chosen` of the report's configuration.
"""

from collections.abc import Callable, Mapping, Sequence

from deskcheck_evals.choices import Capped, Ties
from deskcheck_evals.config import PREDICTING
from deskcheck_evals.results import Result, length_unit, without_public_tests
from deskcheck_evals.settings import settings_of
from deskcheck_evals.tables import Options, Table

Ask = Callable[[Result, Options], str | None]
"""What a run has to say to a choice; None where the choice does not arise."""

TEMPERATURE = "how the temperature was chosen"


def protocol_table(results: Sequence[Result], options: Options, temperature_chosen: str | None = None) -> Table:
    """One row a choice; runs that agree are told together."""
    table = Table("Protocol", ["choice", "here"])
    for choice, ask in CHOICES.items():
        words = together({result.label: ask(result, options) for result in results})
        if choice == TEMPERATURE:
            words = temperature_chosen or words or "not said (temperature_chosen=WORDS)"
        if words:
            table.add(choice, words)
    return table


def together(answers: Mapping[str, str | None]) -> str:
    """`8 (a, b); 20 (c)`, and `8` alone where all runs that have an answer agree."""
    by_answer: dict[str, list[str]] = {}
    for label, answer in answers.items():
        if answer is not None:
            by_answer.setdefault(answer, []).append(label)
    if len(by_answer) == 1:
        return next(iter(by_answer))
    return "; ".join(f"{answer} ({', '.join(labels)})" for answer, labels in by_answer.items())


def _setting(key: str, *tasks: str) -> Ask:
    """A setting as it is, for runs of `tasks` (none: of all)."""

    def ask(result: Result, options: Options) -> str | None:
        value = settings_of(result).get(key)
        return None if value is None or (tasks and result.task not in tasks) else str(value)

    return ask


def _in(task: str, words: Callable[[Result, Options], str]) -> Ask:
    """Words for the runs of one task."""
    return lambda result, options: words(result, options) if result.task == task else None


def _sampling(kind: str) -> Ask:
    def ask(result: Result, options: Options) -> str | None:
        settings = settings_of(result)
        if f"{kind}.temperature" not in settings:
            return None
        names = ("temperature", "top_p", "max_tokens")
        temperature, top_p, tokens = (settings.get(f"{kind}.{name}") for name in names)
        return f"temperature {temperature}, top-p {top_p}, at most {tokens} tokens"

    return ask


def _feedback(result: Result, options: Options) -> str | None:
    settings = settings_of(result)
    source = settings.get("feedback.source")
    if source is None:
        return None
    rich = ", with what happened around the first difference" if settings.get("feedback.rich") else ""
    if source != "simulated":
        return f"{source}{rich}"
    return (
        f"simulated, {settings.get('feedback.n')} predictions a test combined by {settings.get('feedback.combine')}, "
        f"a pass from {settings.get('feedback.threshold')} on{rich}"
    )


def _without_tests(result: Result, options: Options) -> str:
    what = {"random_pick": "a random pick", "leave_out": "left out"}[options.choices.no_public_tests]
    return f"{what} ({without_public_tests(result)} of {len(result.rows)} problems)"


def _prompts(result: Result, options: Options) -> str | None:
    settings = settings_of(result)
    mode = {"step_by_step": "step by step", "direct": "outputs alone"}.get(str(settings.get("mode")), "")
    return None if "prompts" not in settings else ", ".join(filter(None, [settings["prompts"], mode]))


def _temperature(result: Result, options: Options) -> str | None:
    """What the run itself chose it by, where it did."""
    chosen = result.header.get("chosen")
    return None if chosen is None else f"{chosen['temperature']:g}, by {chosen['measure']} on {chosen['benchmark']}"


def _compared(result: Result, options: Options) -> str | None:
    """How printed outputs are compared: as the run did, or anew."""
    anew = options.choices.checker
    if anew is not None and result.task in ("output_prediction", "self_verify"):
        return f"compared anew as {anew}; calls as literals"
    as_run = settings_of(result).get("checker")
    return f"compared as {as_run}; calls as literals" if as_run and result.task == "output_prediction" else None


def _always(words: str) -> Ask:
    return lambda result, options: words


TIES = {
    Ties.average: "averaged over all orders, exactly",
    Ties.length: "the shortest response first",
    Ties.first: "in the order sampled",
}
CAPPED = {
    Capped.by_length: "counts as far as it can be read; in short1 by its length",
    Capped.last: "counts as far as it can be read; last in short1",
}
CHOICES: dict[str, Ask] = {
    "predictions an item": _setting("attempts", *PREDICTING),
    "candidates a problem": _setting("candidates", "self_verify"),
    "predictions a public test": _setting("predictions", "self_verify"),
    "trajectories a problem": _setting("trajectories", "self_fix"),
    "most solution turns": _setting("max_turns", "self_fix"),
    "feedback": _feedback,
    "prompts": _prompts,
    "programs are sampled with": lambda r, o: None if r.task in PREDICTING else _sampling("sampling")(r, o),
    "predictions are sampled with": lambda r, o: _sampling("sampling" if r.task in PREDICTING else "simulating")(r, o),
    TEMPERATURE: _temperature,
    "a predicted output is right": _compared,
    "a predicted input is right": _in("input_prediction", lambda r, o: "run in the sandbox, it gives the output"),
    "predictions of one test combine by": _in("self_verify", lambda result, options: f"{options.combine}"),
    "equal scores": _in("self_verify", lambda result, options: TIES[options.choices.ties]),
    "a problem without public tests": _in("self_verify", _without_tests),
    "short1 counts": _in("self_verify", lambda result, options: length_unit(result, options.choices.length_unit)),
    "an answer without a program": _in("self_verify", lambda r, o: "fails, ranks last, and is never the shortest"),
    "an answer cut at its most tokens": _in("self_verify", lambda result, options: CAPPED[options.choices.capped]),
    "credit for an early turn": _always("a matter of training: nothing here depends on it"),
    "intervals": lambda result, options: (
        f"95 % percentile bootstrap over problems, {options.statistics.resamples:,} resamples, "
        f"seed {options.statistics.seed}"
    ),
}
