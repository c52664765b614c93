"""The workflow files say what the repository holds: their make targets exist, every package and Python is in the matrix."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from tools.release.members import PYTHONS, ROOT, members

FILES = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
WRITES = {("release", "publish"): {"id-token": "write"}, ("release", "page"): {"contents": "write"}}
"""The jobs that may do more than read, and what."""


def load(name: str) -> dict[Any, Any]:
    return yaml.safe_load((ROOT / ".github" / "workflows" / f"{name}.yml").read_text())


@pytest.fixture(params=FILES, ids=lambda file: file.stem)
def workflow(request: pytest.FixtureRequest) -> tuple[Path, dict[Any, Any]]:
    return request.param, load(request.param.stem)


def steps(workflow: dict[Any, Any]) -> list[dict[str, Any]]:
    return [step for job in workflow["jobs"].values() for step in job["steps"]]


def test_the_workflows_are_found() -> None:
    assert {file.stem for file in FILES} >= {"ci", "gpu", "release", "ranges"}


def test_every_make_target_is_in_the_makefile(workflow: tuple[Path, dict[Any, Any]]) -> None:
    targets = set(re.findall(r"^([\w-]+):", (ROOT / "Makefile").read_text(), re.M))
    named = {name for step in steps(workflow[1]) for name in re.findall(r"\bmake ([\w-]+)", step.get("run", ""))}
    assert named <= targets
    assert named


def test_a_job_reads_and_no_more_and_ends(workflow: tuple[Path, dict[Any, Any]]) -> None:
    file, content = workflow
    assert content["permissions"] == {"contents": "read"}
    for name, job in content["jobs"].items():
        assert job.get("permissions", {}) == WRITES.get((file.stem, name), {}), name
        assert 0 < job["timeout-minutes"] <= 180


def test_actions_are_pinned_to_a_major_version(workflow: tuple[Path, dict[Any, Any]]) -> None:
    used = [step["uses"] for step in steps(workflow[1]) if "uses" in step]
    assert [name for name in used if not re.fullmatch(r"[\w-]+/[\w-]+@(v\d+|release/v\d+)", name)] == []


def test_no_text_of_a_stranger_gets_into_a_command(workflow: tuple[Path, dict[Any, Any]]) -> None:
    """Branch names and titles are anybody's; in a `run:` only the matrix may be filled in."""
    filled = [name for step in steps(workflow[1]) for name in re.findall(r"\$\{\{\s*([\w.-]+)", step.get("run", ""))]
    assert [name for name in filled if not name.startswith("matrix.")] == []


def test_every_package_runs_alone_and_together_on_every_python() -> None:
    jobs = load("ci")["jobs"]
    assert set(jobs["package"]["strategy"]["matrix"]["member"]) == set(members())
    for name in ("test", "package", "together"):
        assert tuple(jobs[name]["strategy"]["matrix"]["python"]) == PYTHONS


def test_a_tag_of_every_package_starts_a_release() -> None:
    """YAML reads the key `on` as true."""
    (pattern,) = load("release")[True]["push"]["tags"]
    glob = re.compile(pattern.replace("*", ".*") + "$")
    assert all(glob.match(f"{member.name}-v{member.version}") for member in members().values())
    assert not glob.match("v0.1.0")
