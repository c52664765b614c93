"""Folders and packages as functions: their calls, origins and licences; what cannot be read is counted."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from deskcheck_tracer.errors import InputError
from deskcheck_tracer.program import Program
from deskcheck_trainer.nlex import Reason, Rejected
from deskcheck_trainer.nlex.sources import Explain, Explore, Malformed
from deskcheck_trainer.nlex.sources.functions import FunctionsSource, package_source

SOURCE = '''
import math
LIMIT = 3


def root(x, y=0):
    """
    >>> root(LIMIT)
    1.7
    >>> root(LIMIT, other)
    1.7
    """
    return math.sqrt(x + y)


def steps(n):
    for i in range(n):
        yield i


def endless(n):
    yield n


class Box:
    def get(self):
        return root(4)
'''


def write(folder: Path, **files: str) -> Path:
    for name, text in files.items():
        path = folder / name.replace("__", "/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder


def test_functions_come_with_the_calls_that_are_known_of_them(tmp_path) -> None:
    write(tmp_path, **{"sub__a.py": SOURCE, "sub__test_a.py": "import a\nassert a.root(x=9) == b.root(7)\n"})
    write(tmp_path, **{"sub__tests__a_test.py": "for i in steps(2):\n    assert root(16.5)\n"})
    items = list(FunctionsSource(tmp_path, licence="MIT").items())
    root = items[0]
    assert isinstance(root, Explore) and root.entry_point == "root" and root.licence == "MIT"
    assert root.source.startswith("import math\n\n\ndef root") and root.origin == f"{tmp_path.name}/sub/a.py:root"
    assert root.calls == ("root(4)", "root(x=9)", "root(16.5)"), "root(LIMIT) would lack its name"
    assert isinstance(items[1], Explain) and items[1].program.call == "list(steps(2))"
    assert [(i.reason, i.detail) for i in items if isinstance(i, Rejected)] == [
        (Reason.not_alone, "a generator that no known call runs"),
        (Reason.method, "1 methods"),
    ]


def test_files_that_are_no_python_are_counted(tmp_path) -> None:
    write(tmp_path, **{"a.py": "def f(:", "b.py": "", "d.py": "(" * 3000, "e.py": "x = " + "1 + " * 5000 + "1"})
    write(tmp_path, **{"g.py": f"def g(x): return x\ng({'-' * 900}1)\nif {'y + ' * 2000}y: pass\n"})
    (tmp_path / "c.py").write_bytes(b"\xff\xfe\x00")
    reasons = [i.reason for i in FunctionsSource(tmp_path).items() if isinstance(i, Rejected)]
    assert reasons[:3] == [Reason.syntax, Reason.unreadable, Reason.syntax] and {*reasons[3:]} <= {Reason.syntax}
    with pytest.raises(InputError, match=r"c\.py: not Python text"):
        list(FunctionsSource(tmp_path, malformed=Malformed.stop).items())
    with pytest.raises(InputError, match="not a folder"):
        list(FunctionsSource(tmp_path / "none").items())


def test_items_are_the_same_under_any_hash_seed() -> None:
    code = (
        "from deskcheck_trainer.nlex.sources.functions import package_source\n"
        "print(repr(list(package_source('json').items())))"
    )
    other = {**os.environ, "PYTHONHASHSEED": "1" if os.environ.get("PYTHONHASHSEED") == "0" else "0"}
    done = subprocess.run([sys.executable, "-c", code], env=other, capture_output=True, text=True, check=True)
    assert done.stdout == f"{list(package_source('json').items())!r}\n"


def test_a_package_is_read_and_not_imported(tmp_path) -> None:
    write(tmp_path, **{"site__trap__inner__a.py": "raise SystemExit\ndef f(x):\n    return x\n"})
    write(tmp_path, **{
        "site__lone.py": "def g(x): return x\n",
        "site__trap-2.1.dist-info__METADATA": "Metadata-Version: 2.1\nName: trap\nVersion: 2.1\nLicense-Expression: MIT\n",
        "site__trap-2.1.dist-info__top_level.txt": "trap\n",
    })  # fmt: skip
    (tmp_path / "site/trap/__init__.py").write_text("raise SystemExit('imported')\n")
    code = (
        f"import sys, json; sys.path.insert(0, {str(tmp_path / 'site')!r})\n"
        "from deskcheck_trainer.nlex.sources.functions import package_source\n"
        "print(json.dumps([(i.origin, i.licence) for n in ('trap', 'trap.inner', 'trap.inner.a', 'lone')"
        " for i in package_source(n, licence='ISC').items()]))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert json.loads(done.stdout) == [
        ["trap-2.1/trap/inner/a.py:f", "MIT"],
        ["trap-2.1/trap/inner/a.py:f", "MIT"],
        ["trap-2.1/trap/inner/a.py:f", "MIT"],
        ["site/lone.py:g", "ISC"],
    ], done.stderr


def test_the_standard_library_is_a_package_too() -> None:
    items = list(package_source("textwrap").items())
    dedent = next(i for i in items if isinstance(i, Explore) and i.entry_point == "dedent")
    assert dedent.licence == "PSF-2.0" and dedent.origin.startswith("python-3.")
    exec(compile(dedent.source, "<dedent>", "exec"), space := {})
    assert space["dedent"]("  a\n  b") == "a\nb" and Program(dedent.source).id


@pytest.mark.parametrize(
    ("package", "said"),
    [
        ("no_such_package", "no package no_such_package is installed"),
        ("hydra-core", "the distribution hydra-core is imported as hydra"),
        ("sys", "no Python source"),
        ("json.nothing", "no Python source"),
    ],
)
def test_packages_that_cannot_be_read_are_told(package: str, said: str) -> None:
    with pytest.raises(InputError, match=said):
        package_source(package)
