"""The configuration reference: one page a command, from the dataclass that checks it; one of all groups and one of all
experiments, from the YAML files and the comments they open with. Nothing here is written by hand."""

import importlib
import re
from importlib.metadata import entry_points
from pathlib import Path

import deskcheck_conf
import yaml
from hydra.core.config_store import ConfigStore
from omegaconf import OmegaConf

from tools.docs.fields import Key, Section, sections

CONF = Path(deskcheck_conf.__file__).parent
COMMANDS = ("collect", "sft", "rl", "solve", "eval", "report")
"""The Hydra commands, in the order in which one meets them."""


def reference_pages() -> dict[str, str]:
    """The text of every page, by its place on the site."""
    pages = {f"configuration/{command}.md": command_page(command) for command in COMMANDS}
    return pages | {"configuration/groups.md": groups_page(), "configuration/experiments.md": experiments_page()}


def schema_of(command: str) -> type:
    """The dataclass that a command registers when its module is imported."""
    (script,) = entry_points(group="console_scripts", name=f"deskcheck-{command}")
    importlib.import_module(script.module)
    found = OmegaConf.get_type(ConfigStore.instance().load(f"{command}_schema.yaml").node)
    assert isinstance(found, type)
    return found


def command_page(command: str) -> str:
    """Every key of a command; a dataclass that comes again is folded away."""
    comment, body = opened(CONF / f"{command}.yaml")
    parts = [f"# deskcheck-{command}", prose(capital(comment.removeprefix(f"deskcheck-{command}: ")))]
    parts.append(
        f"Every key, from the schema. A default is the dataclass's own; groups and experiments choose others, and "
        f"`deskcheck-{command} --cfg job` shows what a command line comes to. `null` leaves a thing out. What it "
        "starts from (options are in [groups](groups.md), named differences in [experiments](experiments.md)):"
    )
    parts.append(yaml_block(body))
    seen: set[type] = set()
    for section in sections(schema_of(command)):
        parts.append(section_text(section, folded=section.schema in seen))
        seen.add(section.schema)
    return "\n\n".join(parts) + "\n"


def section_text(section: Section, *, folded: bool) -> str:
    """A heading, what the class says, and the table of its keys."""
    title = f"## `{section.prefix}`" if section.prefix else "## The command's own keys"
    told = [keys_table(section.keys), *(choices_table(key) for key in section.keys if key.choices)]
    if folded:
        body = "\n\n".join(told).replace("\n", "\n    ")
        return f'{title}\n\n??? note "{len(section.keys)} keys, as above"\n\n    {body}'
    return "\n\n".join([title, *([prose(section.meaning)] if section.meaning else []), *told])


def keys_table(keys: tuple[Key, ...]) -> str:
    rows = [f"| `{key.name}` | {cell(key.type)} | {code(key.default)} | {cell(key.meaning)} |" for key in keys]
    return "\n".join(["| key | type | default | meaning |", "|---|---|---|---|", *rows])


def choices_table(key: Key) -> str:
    rows = [f"| {code(value)} | {cell(meaning)} |" for value, meaning in key.choices]
    return "\n".join([f"| `{key.name}` | |", "|---|---|", *rows])


def groups_page() -> str:
    """Every group with its options, which commands start from one, and what is in each."""
    used: dict[str, list[str]] = {}
    for command in COMMANDS:
        for entry in yaml.safe_load((CONF / f"{command}.yaml").read_text())["defaults"]:
            for name, option in entry.items() if isinstance(entry, dict) else ():
                used.setdefault(name.partition("@")[0], []).append(f"`deskcheck-{command}` ({name}={option})")
    parts = [
        "# Groups",
        "A group is one swappable part, an option one file. `group=option` chooses; so do experiments.",
    ]
    for group in sorted({path.parent.relative_to(CONF).as_posix() for path in CONF.glob("*/**/*.yaml")}):
        if group.partition("/")[0] == "experiment":
            continue
        who = used.get(group)
        parts += [
            f"## `{group}`",
            f"Begins as: {', '.join(who)}." if who else "Chosen by name, by another file or a command.",
        ]
        parts += [option_text(f"{group}={path.stem}", path, "###") for path in sorted((CONF / group).glob("*.yaml"))]
    return "\n\n".join(parts) + "\n"


def experiments_page() -> str:
    """Every experiment by command."""
    parts = [
        "# Experiments",
        "A named difference from what a command starts from. Words in capitals are for you to fill in.",
    ]
    for command in COMMANDS:
        parts.append(f"## `deskcheck-{command}`")
        for path in sorted((CONF / "experiment" / command).glob("*.yaml")):
            parts.append(option_text(f"experiment={command}/{path.stem}", path, "###"))
    return "\n\n".join(parts) + "\n"


def option_text(override: str, path: Path, level: str) -> str:
    """An option: how to ask for it, the comment it opens with, and the file itself, folded."""
    comment, body = opened(path)
    folded = yaml_block(body).replace("\n", "\n    ")
    told = [f"{level} `{override}`", *([prose(comment)] if comment else [])]
    return "\n\n".join([*told, f'??? example "{path.name}"\n\n    {folded}'] if body else told)


def opened(path: Path) -> tuple[str, str]:
    """The comment that a YAML file opens with, and the rest."""
    lines = [line for line in path.read_text().splitlines() if not line.startswith("# @package")]
    count = next((place for place, line in enumerate(lines) if not line.startswith("#")), len(lines))
    return " ".join(line.lstrip("# ") for line in lines[:count]), "\n".join(lines[count:]).strip()


def yaml_block(text: str) -> str:
    return f"```yaml\n{text}\n```"


def code(text: str) -> str:
    return f"`{text}`".replace("|", "\\|") if text not in ("below", "required") else text


def capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def cell(text: str) -> str:
    return prose(text).replace("|", "\\|")


def prose(text: str) -> str:
    """Plain text as Markdown: what would be read as HTML is escaped, outside of code."""
    parts = re.split(r"(`[^`]*`)", text)
    escaped = str.maketrans({"<": "&lt;", ">": "&gt;", "*": "\\*", "_": "\\_", "[": "\\[", "]": "\\]"})
    return "".join(part if part.startswith("`") else part.translate(escaped) for part in parts)
