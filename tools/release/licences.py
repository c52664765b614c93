"""Under which licences the requirements of a package stand, its extras included, as their own metadata says.

`python -m tools.release.licences [MEMBER ...]`, in an environment made by `make setup`: the requirements are followed
from installed distribution to installed distribution. A licence is the SPDX expression of a distribution
(`License-Expression`), else its classifiers, else the first line of `License`. What is not on the list stops a release
until someone has read it: then either the licence goes to ALLOWED or the distribution, with its reason, to EXCEPTIONS.
Our wheels contain none of these; pip installs them beside ours.
"""

import re
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatch
from importlib.metadata import Distribution, PackageNotFoundError, distribution

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tools.release.members import PREFIX, Member, members

ALLOWED = {
    *("Apache-2.0", "MIT", "MIT-0", "MIT-CMU", "BSD-2-Clause", "BSD-3-Clause", "0BSD", "ISC", "Zlib", "PSF-2.0"),
    *("Python-2.0", "CNRI-Python", "HPND", "Unlicense", "BSL-1.0", "CC0-1.0"),
    "MPL-2.0",  # asks for changes to its own files, and we make none
}
SPELLINGS = {
    "apache software license": "Apache-2.0",
    "apache license 2.0": "Apache-2.0",
    "apache license, version 2.0": "Apache-2.0",
    "apache 2.0": "Apache-2.0",
    "apache 2.0 license": "Apache-2.0",
    "apache": "Apache-2.0",
    "mit license": "MIT",
    "the mit license (mit)": "MIT",
    "bsd": "BSD-3-Clause",
    "bsd license": "BSD-3-Clause",
    "3-clause bsd license": "BSD-3-Clause",
    "isc license (iscl)": "ISC",
    "mozilla public license 2.0 (mpl 2.0)": "MPL-2.0",
    "python software foundation license": "PSF-2.0",
    "the unlicense (unlicense)": "Unlicense",
    "historical permission notice and disclaimer (hpnd)": "HPND",
}
"""What classifiers and free text write for an SPDX name, in lower case."""
SAY_NOTHING = {"OSI Approved", "DFSG approved"}
EXCEPTIONS = {
    "nvidia-*": "CUDA's libraries, which torch asks for on Linux: free to use, not to pass on, which we do not",
    "cuda-*": "as nvidia-*; cuda-toolkit is empty and names those",
    "chardet": "LGPL-2.1; evals[harness] alone, through lm-eval's tables: imported unchanged",
    "dominate": "LGPL-3.0; evals[harness] alone, through lm-eval's tables: imported unchanged",
}
"""Distribution, or a pattern of them, -> why it may be asked for all the same."""


@dataclass(frozen=True)
class Found:
    name: str
    version: str
    licence: str
    """An SPDX expression, or what stood in the metadata, or "not stated"."""

    @property
    def excuse(self) -> str | None:
        return next((reason for pattern, reason in EXCEPTIONS.items() if fnmatch(self.name, pattern)), None)

    @property
    def accepted(self) -> bool:
        return permitted(self.licence) or self.excuse is not None


def permitted(expression: str) -> bool:
    """Whether allowed licences can meet an SPDX expression: one side of an OR, every side of an AND."""
    inner = re.sub(r"\(([^()]*)\)", lambda group: "MIT" if permitted(group[1]) else "refused", expression)
    if inner != expression:
        return permitted(inner)
    sides = [[part.split(" WITH ")[0].strip() for part in side.split(" AND ")] for side in expression.split(" OR ")]
    return any(ALLOWED.issuperset(side) for side in sides)


def licence_of(found: Distribution) -> str:
    about = found.metadata
    if expression := about.get("License-Expression"):
        return expression
    classes = [line.split(" :: ")[-1] for line in about.get_all("Classifier", []) if line.startswith("License ::")]
    first, _, _ = (about.get("License") or "").strip().partition("\n")
    named: list[str] = [each for each in classes if each not in SAY_NOTHING] or ([first.strip()] if first else [])
    return " AND ".join(sorted({SPELLINGS.get(each.lower(), each) for each in named})) or "not stated"


def licences(member: Member) -> tuple[list[Found], list[str]]:
    """Of everything a member asks for, directly or not, by name; and the names of what is not installed here."""
    found: dict[str, Found] = {}
    absent: set[str] = set()
    queue: list[Requirement] = list(member.declared)
    seen: set[tuple[str, frozenset[str]]] = set()
    while queue:
        asks = queue.pop()
        key = (canonicalize_name(asks.name), frozenset(asks.extras))
        if key in seen:
            continue
        seen.add(key)
        try:
            there = distribution(asks.name)
        except PackageNotFoundError:
            absent.add(key[0])
            continue
        found[key[0]] = Found(key[0], there.version, licence_of(there))
        queue += wanted_by(there.requires or (), asks.extras)
    ours = [name for name in found if name.startswith(PREFIX)]
    return [found[name] for name in sorted(found.keys() - ours)], sorted(absent)


def wanted_by(lines: Iterable[str], extras: Iterable[str]) -> list[Requirement]:
    """The requirements of a distribution that hold on this system with these extras."""
    asked = [Requirement(line) for line in lines]
    surroundings = [{"extra": extra} for extra in ("", *extras)]
    return [each for each in asked if not each.marker or any(each.marker.evaluate(about) for about in surroundings)]


def main(names: list[str]) -> int:
    everything = members()
    refused = 0
    for name in names or everything:
        found, absent = licences(everything[name])
        print(f"== {name}: {len(found)} distributions; not installed here: {', '.join(absent) or '-'}")
        for each in found:
            note = "" if permitted(each.licence) else each.excuse or "NOT ALLOWED"
            print(f"{each.name:34} {each.version:12} {each.licence:36} {note}".rstrip())
        refused += sum(not each.accepted for each in found)
    return 1 if refused else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
