"""What the page calls the statuses that are kept on disk: plain words for people, and a word for each."""

STATUSES = {
    "submitted": "submitted",
    "out_of_turns": "out of turns: the last program counts",
    "single_turn": "one program, nothing looked at",
    "no_code": "no program",
    "unparsed": "an answer without a program: the one before counts",
    "sampler_error": "the model could not answer: the program before counts",
    "sandbox_error": "the sandbox failed: nothing is known",
    "out_of_budget": "out of budget: the program before counts",
    "unfinished": "unfinished",
    "ranked": "ranked",
    "checked": "checked",
}
SHORT = {
    "submitted": "submitted",
    "out_of_turns": "out of turns",
    "single_turn": "one program",
    "no_code": "no program",
    "unparsed": "unreadable answer",
    "sampler_error": "model error",
    "sandbox_error": "sandbox error",
    "checked": "desk-checked",
    "out_of_budget": "out of budget",
}
ANSWERS = {
    "ok": "",
    "empty": "the answer is empty",
    "missing": "the answer has no fenced block",
    "unclosed": "its block is never closed",
    "blank": "its block is empty",
    "budget": "never asked for, the budget was spent",
}
PREDICTIONS = {
    "ok": "",
    "empty": "the answer is empty",
    "missing": "states no output",
    "unclosed": "its output is never closed",
    "budget": "never made, the budget was spent",
}
STOPS = {
    "length": "cut at the most tokens an answer may have",
    "error": "the model could not answer",
    "budget": "was not asked, the budget was spent",
}
VERDICTS = {
    "AC": "passes",
    "WA": "wrong output",
    "RE": "runtime error",
    "TLE": "too slow",
    "MLE": "too much memory",
    "OLE": "too much output",
    "CE": "does not compile",
    "SE": "the sandbox failed",
}
CUT = {"solver": "answers", "simulator": "predictions"}
"""What a budget cuts, by the role that would have written it."""


def counted(number: int, what: str) -> str:
    """`1 turn`, `2 turns`, `1,000 turns`."""
    return f"{number:,} {what.removesuffix('s') if number == 1 else what}"
