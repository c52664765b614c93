"""Under which licences a package's requirements stand, read from an environment that holds exactly those.

`python -m tools.release.licences MEMBER [PYTHON]` (PYTHON: an interpreter of such an environment; without one, this
environment, cut down to what the member asks for). A distribution's licence is its SPDX expression (`License-Expression`),
else its classifiers, else the text of `License`. What is not on the list stops a release until someone has read it:
then either the licence goes to ALLOWED or the distribution, with its reason, to EXCEPTIONS.
"""

import json
import re
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from packaging.utils import canonicalize_name

from tools.release.environment import run
from tools.release.members import PREFIX

ALLOWED = {
    *("Apache-2.0", "MIT", "MIT-0", "MIT-CMU", "BSD-2-Clause", "BSD-3-Clause", "0BSD", "ISC", "Zlib", "PSF-2.0"),
    *("Python-2.0", "CNRI-Python", "HPND", "Unlicense", "BSL-1.0", "CC0-1.0"),
    # Copyleft of the file and not of the work: we neither change nor contain these, pip installs them beside ours.
    "MPL-2.0",
}
SPELLINGS = {
    "apache software license": "Apache-2.0",
    "apache license 2.0": "Apache-2.0",
    "apache license, version 2.0": "Apache-2.0",
    "apache 2.0": "Apache-2.0",
    "apache-2": "Apache-2.0",
    "apache": "Apache-2.0",
    "mit license": "MIT",
    "the mit license": "MIT",
    "bsd": "BSD-3-Clause",
    "bsd license": "BSD-3-Clause",
    "new bsd": "BSD-3-Clause",
    "3-clause bsd license": "BSD-3-Clause",
    "bsd 3-clause": "BSD-3-Clause",
    "bsd-3": "BSD-3-Clause",
    "isc license (iscl)": "ISC",
    "mozilla public license 2.0 (mpl 2.0)": "MPL-2.0",
    "python software foundation license": "PSF-2.0",
    "the unlicense (unlicense)": "Unlicense",
    "historical permission notice and disclaimer (hpnd)": "HPND",
}
"""What classifiers and free text write for an SPDX name."""
EXCEPTIONS: dict[str, str] = {}
"""Distribution -> why it may be asked for all the same."""
LIST = """
import importlib.metadata as m, json
print(json.dumps([
    {"name": d.metadata["Name"], "version": d.version, "expression": d.metadata.get("License-Expression"),
     "classifiers": [c for c in d.metadata.get_all("Classifier", []) if c.startswith("License ::")],
     "text": d.metadata.get("License"), "requires": d.requires or []}
    for d in m.distributions()]))
"""


@dataclass(frozen=True)
class Found:
    name: str
    version: str
    licence: str
    """An SPDX expression, or what stood in the metadata, or "not stated"."""

    @property
    def allowed(self) -> bool:
        return permitted(self.licence) or self.name in EXCEPTIONS


def permitted(expression: str) -> bool:
    """Whether an SPDX expression can be met with allowed licences: one side of OR, every side of AND; no brackets."""
    if "(" in expression:
        inner = re.sub(r"\(([^()]*)\)", lambda group: "MIT" if permitted(group[1]) else "refused", expression)
        return inner != expression and permitted(inner)
    return any(
        all(part.split(" WITH ")[0].strip() in ALLOWED for part in side.split(" AND "))
        for side in expression.split(" OR ")
    )


def licence_of(row: dict) -> str:
    """The licence of one distribution's metadata (a row of LIST)."""
    if row["expression"]:
        return row["expression"]
    named = [line.split(" :: ")[-1] for line in row["classifiers"] if line.split(" :: ")[-1] != "OSI Approved"]
    free = (row["text"] or "").strip()
    said = named or ([free] if free and "\n" not in free else [])
    return " AND ".join(sorted({SPELLINGS.get(each.lower(), each) for each in said})) or "not stated"


def licences(python: Path) -> list[Found]:
    """Of every distribution in an environment but our own, by name."""
    rows: Iterable[dict] = json.loads(run(python, "-Ic", LIST).stdout)
    found = {
        canonicalize_name(row["name"]): Found(canonicalize_name(row["name"]), row["version"], licence_of(row))
        for row in rows
    }
    return [found[name] for name in sorted(found) if not name.startswith(PREFIX)]


def main(python: str = sys.executable) -> int:
    found = licences(Path(python))
    for each in found:
        mark = "" if permitted(each.licence) else EXCEPTIONS.get(each.name, "NOT ALLOWED")
        print(f"{each.name:32} {each.version:14} {each.licence[:80]:40} {mark}")
    return 0 if all(each.allowed for each in found) else 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
