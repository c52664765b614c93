"""The packages of this repository as their pyproject.toml files declare them: the one place that reads those.

A member is called by its short name, `tracer` for the distribution deskcheck-tracer and the import deskcheck_tracer.
Nothing is imported from a member, so that this also works where no member is installed.
"""

import re
import tomllib
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[2]
PREFIX = "deskcheck-"
PYTHONS = ("3.12", "3.13")
"""The versions of Python that every member promises (its classifiers) and the matrices run."""


@dataclass(frozen=True)
class Member:
    folder: Path
    project: dict[str, Any]
    """The [project] table."""

    @property
    def distribution(self) -> str:
        return self.project["name"]

    @property
    def name(self) -> str:
        return self.distribution.removeprefix(PREFIX)

    @property
    def module(self) -> str:
        return self.distribution.replace("-", "_")

    @property
    def version(self) -> str:
        return self.project["version"]

    @cached_property
    def source(self) -> Path:
        """The folder that is imported as `module`."""
        (found,) = (path for path in (self.folder / "src" / self.module, self.folder / self.module) if path.is_dir())
        return found

    @property
    def commands(self) -> tuple[str, ...]:
        return tuple(self.project.get("scripts", {}))

    @cached_property
    def extras(self) -> dict[str, list[Requirement]]:
        """Of every extra, what it adds to `requirements`."""
        optional = self.project.get("optional-dependencies", {})
        return {extra: [Requirement(line) for line in lines] for extra, lines in optional.items()}

    @cached_property
    def requirements(self) -> list[Requirement]:
        return [Requirement(line) for line in self.project["dependencies"]]

    @cached_property
    def declared(self) -> list[Requirement]:
        """Everything it asks for, with extras and without."""
        return [*self.requirements, *(requirement for lines in self.extras.values() for requirement in lines)]

    @cached_property
    def releases(self) -> list[tuple[str, str]]:
        """The headings of its changelog, newest first, as (version, the rest): ("0.1.0", "unreleased" or a date)."""
        text = (self.folder / "CHANGELOG.md").read_text()
        return re.findall(r"^## \[?(\S+?)\]?(?: - (\S+))?$", text, re.M)


def members() -> dict[str, Member]:
    """Every member by its short name, in the order in which they may be published: siblings first."""
    patterns = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["uv"]["workspace"]["members"]
    files = sorted(file for pattern in patterns for file in ROOT.glob(f"{pattern}/pyproject.toml"))
    found = [Member(file.parent, tomllib.loads(file.read_text())["project"]) for file in files]
    return {member.name: member for member in sorted(found, key=lambda member: (len(siblings(member)), member.name))}


def siblings(member: Member, *, extras: bool = False) -> list[Requirement]:
    """Its requirements that are members too."""
    asked = member.declared if extras else member.requirements
    return [asks for asks in asked if canonicalize_name(asks.name).startswith(PREFIX)]
