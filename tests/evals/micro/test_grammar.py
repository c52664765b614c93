"""The grammar writes programs that run, and statements that say what they do."""

import ast
import random

import pytest
from deskcheck_evals.micro.grammar import draw, draw_input
from deskcheck_evals.micro.problems import run_reference


def drafts(count: int, **options: float):
    rng = random.Random(3)
    return [draw(rng, **options) for _ in range(count)]


def test_every_draft_runs_on_inputs_of_its_kind():
    rng = random.Random(4)
    for draft in drafts(300):
        code = compile(draft.source, "<micro>", "exec")
        assert run_reference(code, draw_input(rng, draft.reads)).endswith("\n")


def test_programs_have_loops_and_mostly_branches():
    trees = [ast.parse(draft.source) for draft in drafts(300)]
    has = lambda tree, kind: any(isinstance(node, kind) for node in ast.walk(tree))  # noqa: E731
    assert all(has(tree, (ast.For, ast.While)) for tree in trees)
    assert sum(has(tree, ast.If) for tree in trees) > 0.8 * len(trees)


def test_a_vague_statement_hides_something_and_the_program_stays():
    clear, vague = drafts(200, vague_share=0.0), drafts(200, vague_share=1.0)
    assert clear[0].source == vague[0].source  # drawn first; only the wording differs
    assert clear[0].statement != vague[0].statement


@pytest.mark.parametrize("words", ["large", "somewhere", "right rest"])
def test_only_vague_statements_use_vague_words(words: str):
    assert not any(words in draft.statement for draft in drafts(300, vague_share=0.0))
    assert any(words in draft.statement for draft in drafts(300, vague_share=1.0))


def test_inputs_have_three_to_six_digits():
    rng = random.Random(5)
    for _ in range(200):
        assert 3 <= len(draw_input(rng, "list").split()) <= 6
        number = draw_input(rng, "number")
        assert number.endswith("\n") and 3 <= len(number.strip()) <= 6 and not number.startswith("0")
