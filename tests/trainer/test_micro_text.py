"""The pretraining text of the micro base: deterministic, train programs only, no narrations, true sessions."""

import doctest
from collections.abc import Iterator

from deskcheck_evals.micro import split_of
from deskcheck_trainer.micro_text import documents, narrations


def programs_in(document: str) -> Iterator[str]:
    for block in document.split("```python\n")[1:]:
        yield block.split("\n```")[0]


def test_documents_are_deterministic_and_hold_train_programs_only():
    texts = list(documents(200, seed=0))
    assert texts == list(documents(200, seed=0))
    programs = [program for text in texts for program in programs_in(text)]
    assert len(programs) > 140  # sessions hold none
    assert {split_of(program) for program in programs} == {"train"}


def test_documents_hold_no_narration():
    told = {
        line for text in narrations(50, seed=0) for line in text.splitlines() if ": yes" in line or ", left" in line
    }
    assert told
    assert not any(line in text for text in documents(200, seed=0) for line in told)


def test_sessions_say_what_python_says():
    sessions = [text for text in documents(300, seed=0) if text.startswith(">>>")]
    assert len(sessions) > 60
    runner, parser = doctest.DocTestRunner(verbose=False), doctest.DocTestParser()
    for number, text in enumerate(sessions):
        runner.run(parser.get_doctest(text + "\n", {}, f"session {number}", None, 0))
    assert runner.tries > 600 and runner.failures == 0
