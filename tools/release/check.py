"""Build one package as it would be published, and look at it: `python -m tools.release.check MEMBER [--tag TAG]`.

dist/MEMBER/ then holds its source distribution and its wheel, dist/sbom/ its bill of materials (CycloneDX: the package
alone, with what pip would bring at the tested versions). Stops at the first thing that stands between the tree and a
release: a tag that is not the version, a changelog without a date, a licence that is missing or that nobody has read,
requirements that do not fit together. release.yml runs it on a tag; `make release-check` on every package, untagged.
"""

import argparse
import re
import shutil
import sys
import tarfile
import tempfile
import zipfile
from pathlib import Path

from tools.release.environment import ReleaseError, build, environment, run, uv
from tools.release.licences import licences
from tools.release.members import PYTHONS, ROOT, Member, members

SBOM_TOOL = "cyclonedx-bom==7.5.0"
CARD = re.compile(r"checkpoints/([^/]+)/(README\.md|config\.json)$")


def tagged(member: Member, tag: str) -> None:
    """A release is the version that its tag names, and its changelog says when it was."""
    if tag != f"{member.name}-v{member.version}":
        raise ReleaseError(
            f"the tag is {tag}, expected {member.name}-v{member.version}: set version in {member.folder}"
        )
    if member.releases[0][1] == "unreleased":
        raise ReleaseError(
            f"{member.folder}/CHANGELOG.md: [{member.version}] is unreleased, expected the date of today"
        )


def put(member: Member, wheels: Path, out: Path) -> tuple[Path, Path]:
    """Copy its wheel and its source distribution from `wheels`; they become the only files in `out`."""
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)
    for file in wheels.glob(f"{member.module}-{member.version}[-.]*"):
        shutil.copy(file, out)
    (wheel,), (source,) = out.glob("*.whl"), out.glob("*.tar.gz")
    return wheel, source


def contents(member: Member, wheel: Path, source: Path) -> None:
    """Both hold the licence; the wheel holds the package and nothing beside it; every checkpoint has its card."""
    names = zipfile.ZipFile(wheel).namelist()
    with tarfile.open(source) as packed:
        packed_names = packed.getnames()
    info = f"{member.module}-{member.version}.dist-info"
    expected = {f"{info}/licenses/LICENSE", f"{member.module}/__init__.py", f"{member.module}/py.typed"}
    if missing := expected - set(names):
        raise ReleaseError(f"{wheel.name} lacks {', '.join(sorted(missing))}")
    if foreign := {name.split("/")[0] for name in names} - {info, member.module}:
        raise ReleaseError(f"{wheel.name} holds {', '.join(sorted(foreign))}, expected {member.module} alone")
    for name in ("LICENSE", "CHANGELOG.md", "README.md", "PKG-INFO"):
        if f"{member.module}-{member.version}/{name}" not in packed_names:
            raise ReleaseError(f"{source.name} lacks {name}")
    parts = [found.groups() for name in names if (found := CARD.search(name))]
    without = {name for name, file in parts if file == "config.json"} - {
        name for name, file in parts if file != "config.json"
    }
    if without:
        raise ReleaseError(
            f"{wheel.name} holds checkpoints without their card (README.md): {', '.join(sorted(without))}"
        )


def read_licences(member: Member) -> int:
    """How many distributions it asks for; all of them under licences that were read. For `make setup`'s .venv."""
    found, _ = licences(member)
    if refused := [f"{each.name} {each.version}: {each.licence}" for each in found if not each.accepted]:
        raise ReleaseError(f"not on the list of tools/release/licences.py, read and add them: {'; '.join(refused)}")
    return len(found)


def bill(member: Member, wheels: Path, out: Path) -> Path:
    """Install the package alone from wheels and write down what came: CycloneDX JSON without time or serial number."""
    out.mkdir(parents=True, exist_ok=True)
    file = out / f"{member.module}-{member.version}.cdx.json"
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        bin_ = environment(home / "venv", PYTHONS[0], wheels, f"{member.distribution}=={member.version}")
        uv("pip", "check", "--python", bin_ / "python", cwd=home)
        tool = (
            sys.executable,
            "-m",
            "uv",
            "tool",
            "run",
            "--quiet",
            "--from",
            SBOM_TOOL,
            "cyclonedx-py",
            "environment",
        )
        options = ("--pyproject", member.folder / "pyproject.toml", "--output-reproducible", "--output-file", file)
        run(*tool, *options, bin_ / "python", cwd=home)
    return file


def check(member: Member, wheels: Path, tag: str | None) -> None:
    if tag is not None:
        tagged(member, tag)
    wheel, source = put(member, wheels, ROOT / "dist" / member.name)
    contents(member, wheel, source)
    count = read_licences(member)
    sbom = bill(member, wheels, ROOT / "dist" / "sbom")
    size = wheel.stat().st_size / 1e6
    print(
        f"{member.distribution} {member.version}: {wheel.name} ({size:.2f} MB), {count} licences read, {sbom.name}",
        flush=True,
    )


def main() -> int:
    everything = members()
    parser = argparse.ArgumentParser(prog="python -m tools.release.check", description="Build and look at a package.")
    parser.add_argument("member", nargs="*", help=f"some of {', '.join(everything)}; none: all")
    parser.add_argument("--tag", help="the git tag to release as, such as tracer-v0.1.0")
    asked = parser.parse_args()
    if asked.tag and not asked.member:
        asked.member = [asked.tag.rpartition("-v")[0]]
    try:
        if unknown := set(asked.member) - set(everything):
            raise ReleaseError(f"no package named {', '.join(unknown)}, expected one of {', '.join(everything)}")
        with tempfile.TemporaryDirectory() as folder:  # siblings are installed from what is built here, too
            wheels = build(Path(folder))
            for name in asked.member or everything:
                check(everything[name], wheels, asked.tag)
    except ReleaseError as error:
        print(f"release: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
