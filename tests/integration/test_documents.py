"""What the documents tell a user to type exists: every experiment, path and make target; every command composes."""

import importlib
import re
import shlex
from collections.abc import Iterator
from importlib.metadata import entry_points
from pathlib import Path

import pytest
from deskcheck_conf import load_config
from hydra.core.config_store import ConfigStore
from omegaconf import OmegaConf

ROOT = Path(__file__).resolve().parent.parent.parent
PAGES = sorted(
    [*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), *ROOT.glob("[!.]*/README.md"), *ROOT.glob("packages/*/README.md")]
)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_what_a_page_tells_to_type_is_there(page: Path) -> None:
    text = page.read_text()
    experiments = set(re.findall(r"experiment=([a-z]+/[a-z0-9-]+)", text))
    missing = [name for name in experiments if not (ROOT / f"conf/deskcheck_conf/experiment/{name}.yaml").is_file()]
    targets = set(re.findall(r"^([\w-]+):", (ROOT / "Makefile").read_text(), re.M))
    missing += [
        f"make {name}"
        for name in re.findall(r"`make ([\w-]+)|^make ([\w-]+)", text, re.M)
        for name in name
        if name and name not in targets
    ]
    links = [link for link in re.findall(r"\]\(([^)#]+)[^)]*\)", text) if "://" not in link]
    missing += [link for link in links if not (page.parent / link).exists()]
    assert missing == []


HYDRA = ("collect", "sft", "rl", "solve", "eval", "report")


def commands() -> Iterator[tuple[str, list[str]]]:
    """(command, overrides) of every line of a page that begins with one of our Hydra commands."""
    for page in PAGES:
        for line in page.read_text().replace("\\\n", " ").splitlines():
            found = re.fullmatch(r"\s*(?:\.venv\S*/bin/)?deskcheck-([a-z]+)((?: .*)?)", line)
            if found and found[1] in HYDRA:
                words = shlex.split(found[2].replace("...", "MODEL"), comments=True)
                if not any(word.startswith("-") for word in words):  # a sweep or a folder of the user's own
                    yield found[1], words


@pytest.mark.parametrize(
    ("command", "words"), [*commands()], ids=lambda value: value if isinstance(value, str) else " ".join(value)
)
def test_a_command_of_a_page_composes(command: str, words: list[str]) -> None:
    (script,) = entry_points(group="console_scripts", name=f"deskcheck-{command}")
    importlib.import_module(script.module)
    schema = OmegaConf.get_type(ConfigStore.instance().load(f"{command}_schema.yaml").node)
    assert isinstance(schema, type)
    assert isinstance(load_config(command, schema, words), schema)


def test_the_pages_are_found() -> None:
    assert {command for command, _ in commands()} == {*HYDRA}
    names = {str(page.relative_to(ROOT)) for page in PAGES}
    assert {"README.md", "docs/decisions.md", "packages/tracer/README.md", "conf/README.md"} <= names
