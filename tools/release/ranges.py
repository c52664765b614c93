"""Are the declared ranges true? Every package at both ends of them, its tests run against its installed wheel.

`python -m tools.release.ranges [CASE ...]`. The low end is the oldest Python with every requirement of the package and
of its siblings at its lower bound; the high end is the newest Python with the newest releases that the bounds admit,
not our pins. What none of our packages names (a requirement of a requirement) is at its newest in both. The tests are
those that touch what the package requires, run from the repository without its source on the path.

A case that passed is not run again while sources, tests and resolved versions stay as they are: results lie in
outputs/ranges/, environments too (CLEAN=1 removes each after its case).
"""

import hashlib
import json
import os
import re
import shutil
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tools.release.environment import PINS, ReleaseError, build, interpreter, run, uv
from tools.release.members import PREFIX, PYTHONS, ROOT, Member, members

HOME = ROOT / "outputs" / "ranges"
ENDS = {"lowest": (PYTHONS[0], "lowest-direct"), "highest": (PYTHONS[-1], "highest")}
TOOLS = ("pytest", "pytest-asyncio", "pytest-timeout", "packaging", "ipython", "numpy", "hypothesis")
"""What the tests themselves need; at the tested pins, where the packages do not ask for it too."""
FROM_SOURCE = ("antlr4-python3-runtime", "rouge-score", "sqlitedict", "word2number")
"""Have no wheel at all (asked for by omegaconf and lm-eval); everything else must have one, at the low end too."""


@dataclass(frozen=True)
class Case:
    member: str
    extras: tuple[str, ...]
    tests: tuple[str, ...]

    @property
    def name(self) -> str:
        return self.member + "".join(f"+{extra}" for extra in self.extras)


CASES = (
    Case("conf", ("sweep",), ("conf/test_files.py", "conf/test_run.py", "conf/test_made_by.py")),
    Case(
        "tracer",
        ("nsjail",),
        (
            "tracer/test_sandbox.py::test_output_error_and_status",
            "tracer/test_sandbox.py::test_an_installed_package_can_be_let_in",
            "tracer/test_sandbox.py::test_trace_is_recorded_inside",
            "tracer/test_sandbox.py::test_memory_is_counted_when_touched",
            *("tracer/test_pytest_plugin.py", "tracer/test_notebook.py"),
        ),
    ),
    Case(
        "agent",
        ("nsjail",),
        (
            *("agent/test_prompts.py", "agent/test_rich.py", "agent/test_samplers_openai.py"),
            *("agent/page/test_page.py", "agent/test_problem_file.py", "agent/test_tests_folder.py"),
        ),
    ),
    Case("agent", ("gguf", "nsjail"), ("agent/test_samplers.py", "agent/test_draw.py", "agent/test_decode.py")),
    Case(
        "evals",
        ("hub",),
        ("evals/test_report.py", "evals/test_figures.py", "evals/test_intervals.py", "evals/viewer/test_viewer.py"),
    ),
    Case("evals", ("harness", "properties"), ("evals/harness", "evals/test_properties.py")),
    Case(
        "trainer",
        ("ray", "submitit"),
        (
            *("trainer/nlex/test_shards.py", "trainer/nlex/test_near_duplicates.py", "trainer/nlex/test_tokenizer.py"),
            *("trainer/nlex/test_ray_pool.py", "trainer/test_rl_config.py"),
        ),
    ),
    Case("trainer", ("train",), ("trainer/test_trl_sync.py", "trainer/test_packing.py", "trainer/test_optimizer.py")),
)


def wanted(member: Member, extras: tuple[str, ...]) -> Iterator[str]:
    """What a member and its siblings ask for from others; all of it, since uv lowers only what it is told itself."""
    seen = set()
    queue = [Requirement(f"{member.distribution}[{','.join(extras)}]")]
    while queue:
        asks = queue.pop()
        owner = members()[canonicalize_name(asks.name).removeprefix(PREFIX)]
        yield f"{owner.distribution}=={owner.version}"
        for line in [*owner.requirements, *(line for extra in asks.extras for line in owner.extras[extra])]:
            if not canonicalize_name(line.name).startswith(PREFIX):
                yield str(line)
            elif str(line) not in seen:
                seen.add(str(line))
                queue.append(line)


def resolve(case: Case, end: str, wheels: Path) -> list[str]:
    """The versions of everything at that end, as `name==version` lines."""
    python, resolution = ENDS[end]
    pins = dict(line.split("==") for line in PINS.read_text().splitlines() if "==" in line)
    lines = set(wanted(members()[case.member], case.extras))
    own = {canonicalize_name(Requirement(line).name) for line in lines}
    lines |= {f"{tool}=={pins[tool]}" for tool in TOOLS if tool not in own}
    asked = HOME / f"{case.name}-{end}.in"
    asked.write_text("\n".join(sorted(lines)) + "\n")
    options = ("--resolution", resolution, "--find-links", wheels, "--python-version", python, "--only-binary", ":all:")
    built = [word for name in FROM_SOURCE for word in ("--no-binary", name)]
    return uv("pip", "compile", "--quiet", "--no-header", "--no-annotate", *built, *options, asked, cwd=HOME).split()


def install(case: Case, end: str, resolved: list[str], wheels: Path) -> Path:
    """The bin/ of an environment that holds exactly this."""
    home = HOME / f"{case.name}-{end}"
    if not (home / "bin/python").exists():
        uv("venv", "--quiet", "--python", interpreter(ENDS[end][0]), home, cwd=HOME)
    pinned = HOME / f"{case.name}-{end}.txt"
    pinned.write_text("\n".join(resolved) + "\n")
    ours = [word for member in members().values() for word in ("--reinstall-package", member.distribution)]
    uv("pip", "sync", "--quiet", "--python", home / "bin/python", *ours, "--find-links", wheels, pinned, cwd=HOME)
    return home / "bin"


def tried(case: Case, end: str, bin_: Path) -> tuple[bool, str]:
    """Whether the case's tests pass there, and pytest's last line or, of a failure, what it printed."""
    path = f"{bin_}{os.pathsep}{os.environ['PATH']}"
    words = ("-q", "-p", "no:cacheprovider", "--tb=short", *(f"tests/{place}" for place in case.tests))
    done = run(bin_ / "python", "-m", "pytest", *words, ok=False, PATH=path, MPLBACKEND="agg")
    found = re.findall(r"^\d+ (?:passed|failed|error).* in .*$", done.stdout, re.M)
    return done.returncode == 0, found[-1] if found and not done.returncode else done.stdout[-6000:] + done.stderr[
        -2000:
    ]


def key_of(case: Case, resolved: list[str]) -> str:
    """Changes with whatever could change the result: sources, tests, versions."""
    trees = run("git", "rev-parse", "HEAD:packages", "HEAD:conf", "HEAD:models", f"HEAD:tests/{case.member}").stdout
    return hashlib.sha256(json.dumps([case.tests, resolved, trees]).encode()).hexdigest()


def at(case: Case, end: str, wheels: Path) -> bool:
    """Run one case, or tell what is known of it; True if it passes."""
    result = HOME / f"{case.name}-{end}.json"
    try:
        resolved = resolve(case, end, wheels)
        known = json.loads(result.read_text()) if result.exists() else {}
        if known.get("key") != (key := key_of(case, resolved)):
            started = time.monotonic()
            passes, said = tried(case, end, install(case, end, resolved, wheels))
            known = {"key": key, "passes": passes, "said": said, "seconds": time.monotonic() - started}
            if passes:
                result.write_text(json.dumps(known))
    except ReleaseError as error:
        resolved, known = [], {"passes": False, "said": str(error)}
    print(told(case, end, resolved, known), flush=True)
    if os.environ.get("CLEAN") == "1":
        shutil.rmtree(HOME / f"{case.name}-{end}", ignore_errors=True)
    return known["passes"]


def told(case: Case, end: str, resolved: list[str], known: dict) -> str:
    """Two lines: the case and its tests' result; the versions of what our packages name."""
    named = {canonicalize_name(Requirement(line).name) for line in wanted(members()[case.member], case.extras)}
    ours = [pin for pin in resolved if canonicalize_name(pin.split("==")[0]) in named and not pin.startswith(PREFIX)]
    verdict = "holds" if known["passes"] else "FAILED"
    return f"{case.name}, {end}, Python {ENDS[end][0]}: {verdict}; {known['said']}\n    {' '.join(ours)}"


def main(names: list[str]) -> int:
    known = {case.name for case in CASES}
    if unknown := {name for name in names if name not in known}:
        print(
            f"no case named {', '.join(sorted(unknown))}, expected some of: {', '.join(sorted(known))}", file=sys.stderr
        )
        return 2
    HOME.mkdir(parents=True, exist_ok=True)
    wheels = build(HOME / "wheels")
    chosen = [case for case in CASES if not names or case.name in names]
    results = [at(case, end, wheels) for case in chosen for end in ENDS]
    print(f"{sum(results)} of {len(results)} ends hold")
    return 0 if all(results) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
