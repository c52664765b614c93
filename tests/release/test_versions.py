"""A package's version is one version: in pyproject.toml, changelog, code and citation, and its siblings' bounds admit it."""

import ast
import re
from importlib.metadata import version

import pytest
from packaging.utils import canonicalize_name
from packaging.version import Version

from tools.release.members import PREFIX, PYTHONS, ROOT, Member, members, siblings

MEMBERS = members()


@pytest.fixture(params=MEMBERS)
def member(request: pytest.FixtureRequest) -> Member:
    return MEMBERS[request.param]


def test_every_package_is_found() -> None:
    assert list(MEMBERS) == ["conf", "micro", "tracer", "agent", "evals", "trainer"]  # siblings before who needs them


def test_the_newest_heading_of_the_changelog_is_the_version(member: Member) -> None:
    assert member.releases, f"{member.folder}/CHANGELOG.md: expected a heading such as `## [0.1.0] - 2026-12-01`"
    assert member.releases[0][0] == member.version
    versions = [Version(name) for name, _ in member.releases]
    assert versions == sorted(set(versions), reverse=True)
    assert all(re.fullmatch(r"\d{4}-\d\d-\d\d", date) for _, date in member.releases[1:]), "an older release has a date"
    assert re.fullmatch(r"\d{4}-\d\d-\d\d|unreleased", member.releases[0][1])


def test_a_changelog_is_as_keep_a_changelog_has_it(member: Member) -> None:
    text = (member.folder / "CHANGELOG.md").read_text()
    assert text.startswith(f"# Changelog of {member.distribution}\n")
    groups = set(re.findall(r"^### (.*)$", text, re.M))
    assert groups and groups <= {"Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"}


def test_the_installed_version_and_that_of_the_code_agree(member: Member) -> None:
    assert version(member.distribution) == member.version  # else: `make setup`
    tree = ast.parse((member.source / "__init__.py").read_text())
    said = [
        node for node in tree.body if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__version__"
    ]
    assert all(ast.literal_eval(node.value) == member.version for node in said)


def test_bounds_on_siblings_admit_their_versions_and_end_before_the_next_breaking_one(member: Member) -> None:
    for asks in siblings(member, extras=True):
        current = Version(MEMBERS[canonicalize_name(asks.name).removeprefix(PREFIX)].version)
        if asks.name == member.distribution:  # an extra that holds another extra
            continue
        breaking = f"{current.major}.{current.minor + 1}" if current.major == 0 else f"{current.major + 1}"
        assert current in asks.specifier and Version(breaking) not in asks.specifier, str(asks)


def test_every_bound_on_others_has_a_low_end(member: Member) -> None:
    """What has no lower bound cannot be tested at both ends (tools/release/ranges.py)."""
    others = [asks for asks in member.declared if not asks.name.startswith(PREFIX)]
    assert [
        str(asks) for asks in others if {each.operator for each in asks.specifier}.isdisjoint({">=", "==", "~="})
    ] == []


def test_two_packages_that_ask_for_the_same_ask_for_the_same_range() -> None:
    asked: dict[str, set[str]] = {}
    for member in MEMBERS.values():
        for asks in member.declared:
            asked.setdefault(canonicalize_name(asks.name), set()).add(str(asks.specifier))
    assert {name: ranges for name, ranges in asked.items() if len(ranges) > 1 and not name.startswith(PREFIX)} == {}


def test_the_pins_are_in_every_range() -> None:
    pins = dict(line.split("==") for line in (ROOT / "constraints.txt").read_text().splitlines() if "==" in line)
    wrong = [
        f"{member.name}: {asks}, pinned {pins[name]}"
        for member in MEMBERS.values()
        for asks in member.declared
        if (name := canonicalize_name(asks.name)) in pins and Version(pins[name]) not in asks.specifier
    ]
    assert wrong == []


def test_the_pythons_are_said_in_every_package(member: Member) -> None:
    said = {line for line in member.project.get("classifiers", []) if line.startswith("Programming Language")}
    assert said == {f"Programming Language :: Python :: {python}" for python in PYTHONS}
    assert member.project["requires-python"] == f">={PYTHONS[0]}"


def test_the_citation_names_the_version() -> None:
    """The repository is cited with the version of the tracer, which everything else needs."""
    assert f"\nversion: {MEMBERS['tracer'].version}\n" in (ROOT / "CITATION.cff").read_text()


def test_every_package_carries_the_licence(member: Member) -> None:
    assert (member.folder / "LICENSE").read_bytes() == (ROOT / "LICENSE").read_bytes()
    assert member.project["license"] == "Apache-2.0"
