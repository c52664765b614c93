"""The configuration reference: every key of every schema, every group and every experiment, with what is said of it."""

from dataclasses import dataclass, field, fields, is_dataclass
from enum import StrEnum
from pathlib import Path

import deskcheck_conf
import pytest
from omegaconf import DictConfig, OmegaConf

from tools.docs.fields import Key, sections
from tools.docs.reference import COMMANDS, prose, reference_pages, schema_of

CONF = Path(deskcheck_conf.__file__).parent


@pytest.fixture(scope="module")
def texts() -> dict[str, str]:
    return reference_pages()


def composed_keys(node: DictConfig, prefix: str = "") -> set[str]:
    """The keys as OmegaConf sees the schema: found on another way than the page's."""
    keys = set()
    for key in node:
        inner = node._get_node(key)
        keys.add(f"{prefix}{key}")
        if isinstance(inner, DictConfig) and not inner._is_none() and is_dataclass(OmegaConf.get_type(inner)):
            keys |= composed_keys(inner, f"{prefix}{key}.")
    return keys


@pytest.mark.parametrize("command", COMMANDS)
def test_every_key_of_a_schema_is_there_once(texts: dict[str, str], command: str) -> None:
    lines = texts[f"configuration/{command}.md"].splitlines()
    told = [line.split("`")[1] for line in lines if line.lstrip().startswith("| `") and line.count(" | ") >= 3]
    keys = composed_keys(OmegaConf.structured(schema_of(command)))
    assert len(keys) > 20 and keys <= set(told)
    assert len(told) == len(set(told))


def test_every_group_and_experiment_is_there_with_its_comment(texts: dict[str, str]) -> None:
    for path in CONF.glob("*/**/*.yaml"):
        group = path.parent.relative_to(CONF).as_posix()
        page, name = texts["configuration/groups.md"], f"{group}={path.stem}"
        if group.startswith("experiment/"):
            page, name = texts["configuration/experiments.md"], f"experiment={path.parent.name}/{path.stem}"
        assert f"### `{name}`" in page
        comment = next(line for line in path.read_text().splitlines() if not line.startswith("# @package"))
        assert not comment.startswith("#") or prose(comment.lstrip("# ")) in page


def test_what_stands_below_a_field_is_its_meaning(texts: dict[str, str]) -> None:
    row = "| `sampling.temperature` | float | `1.0` | 0 is greedy. |"
    assert row in texts["configuration/eval.md"] and row in texts["configuration/solve.md"]
    assert (
        "| `run_name` | text | required | The run folder's name; every experiment names itself. |"
        in texts["configuration/rl.md"]
    )
    assert "| `self_verify` | The best of k candidates. |" in texts["configuration/solve.md"]


class Kind(StrEnum):
    plain = "plain"
    """As it is."""
    rich = "rich"


@dataclass
class Part:
    """A part."""

    size: int = 3
    """In <bytes>, a|b."""


@dataclass
class Whole:
    kind: Kind = Kind.plain
    parts: list[Part] = field(default_factory=list)
    named: dict[str, Part] = field(default_factory=dict)
    maybe: Part | None = None
    words: list[str] = field(default_factory=lambda: ["a", "b"])


def test_lists_names_and_choices_of_a_schema() -> None:
    own, *parts = sections(Whole)
    assert [key.name for key in own.keys] == [entry.name for entry in fields(Whole)]
    assert own.keys[0] == Key("kind", "plain | rich", "plain", "", (("plain", "As it is."),))
    assert [key.default for key in own.keys] == ["plain", "[]", "{}", "null", "[a, b]"]
    assert [key.type for key in own.keys][1:] == ["list of keys", "names to keys", "keys or null", "list of text"]
    assert [(part.prefix, part.keys[0].name) for part in parts] == [
        ("parts[]", "parts[].size"), ("named.NAME", "named.NAME.size"), ("maybe", "maybe.size"),
    ]  # fmt: skip
    assert own.meaning == "" and parts[0].meaning == "A part."


def test_text_is_not_read_as_html() -> None:
    assert prose("a <b> `<c> [d]` [e](f) g_h") == "a &lt;b&gt; `<c> [d]` \\[e\\](f) g\\_h"
