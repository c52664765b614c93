"""What was asked, kept in a row for whoever looks at it later: a reader of rows needs no benchmark beside them."""

from typing import Any

from deskcheck_agent.problem import Problem


def asked(problem: Problem) -> dict[str, Any]:
    """Statement, public tests and how outputs are compared. Private tests are in no row."""
    return {
        "statement": problem.statement,
        "tests": [{"input": test.input, "output": test.output} for test in problem.public_tests],
        "entry_point": problem.entry_point,
        "checker": problem.checker if isinstance(problem.checker, str) else "one of its own",
    }
