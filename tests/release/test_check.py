"""What stops a release, on packages made for it."""

import shutil
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from tools.release.check import contents, tagged
from tools.release.environment import ReleaseError, build, interpreter
from tools.release.members import Member, members

CONF = members()["conf"]


def released(tmp_path: Path, heading: str) -> Member:
    (tmp_path / "CHANGELOG.md").write_text(f"# Changelog\n\n## {heading}\n\n### Added\n\n- A thing.\n")
    return replace(CONF, folder=tmp_path)


def test_a_tag_is_the_version_and_the_changelog_has_a_date(tmp_path: Path) -> None:
    tagged(released(tmp_path, f"[{CONF.version}] - 2026-12-01"), f"conf-v{CONF.version}")


@pytest.mark.parametrize("tag", ["conf-v9.9.9", "v0.1.0", "tracer-v0.1.0"])
def test_another_tag_is_refused(tmp_path: Path, tag: str) -> None:
    with pytest.raises(ReleaseError, match=rf"the tag is {tag}, expected conf-v{CONF.version}"):
        tagged(released(tmp_path, f"[{CONF.version}] - 2026-12-01"), tag)


def test_a_version_without_a_date_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ReleaseError, match=r"is unreleased, expected the date"):
        tagged(released(tmp_path, f"[{CONF.version}] - unreleased"), f"conf-v{CONF.version}")


def test_a_python_that_is_not_there_is_told() -> None:
    with pytest.raises(ReleaseError, match=r"no Python 3\.99 was found"):
        interpreter("3.99")


@pytest.mark.slow
@pytest.mark.network
def test_what_is_published_holds_what_it_must(tmp_path: Path) -> None:
    """And is refused where the licence is taken out, a stranger put in, or a checkpoint has lost its card."""
    micro = members()["micro"]
    build(tmp_path, "micro")
    (wheel,), (source,) = tmp_path.glob("*.whl"), tmp_path.glob("*.tar.gz")
    contents(micro, wheel, source)
    for lost, said in (
        ("licenses/LICENSE", "lacks .*LICENSE"),
        ("micro-base/README.md", "without their card.*micro-base"),
    ):
        with pytest.raises(ReleaseError, match=said):
            contents(micro, without(wheel, lost, tmp_path / "less"), source)
    with zipfile.ZipFile(shutil.copy(wheel, tmp_path / "more.whl"), "a") as more:
        more.writestr("tests/test_stray.py", "")
    with pytest.raises(ReleaseError, match="holds tests, expected deskcheck_micro alone"):
        contents(micro, tmp_path / "more.whl", source)


def without(wheel: Path, ending: str, out: Path) -> Path:
    """A copy of a wheel that lacks the files of that ending."""
    with zipfile.ZipFile(wheel) as whole, zipfile.ZipFile(out, "w") as less:
        for name in whole.namelist():
            if not name.endswith(ending):
                less.writestr(name, whole.read(name))
    return out
