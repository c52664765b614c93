"""From an exception to one message for the user, or to the verdict that it is a bug.

`message_of(error)` returns a text for every error that the user can put right: ours (they carry `exit_code`, see
errors.py), Hydra's and OmegaConf's about the configuration, broken YAML, and the operating system's about files, disks
and ports. For anything else it returns None, and the caller shows the traceback. Misspelt keys and options get the
closest existing name as a suggestion.
"""

import difflib
import errno
import os
import re
import sys
from collections.abc import Iterable, Iterator
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any, get_args, get_type_hints

from hydra.errors import HydraException, MissingConfigException, OverrideParseException
from omegaconf.errors import MissingMandatoryValue, OmegaConfBaseException
from yaml import MarkedYAMLError, YAMLError

USERS = 2
"""Exit code of what the user can put right."""
BUG = 70  # EX_SOFTWARE of sysexits.h: apart from 1, which is an answer, and from 2, which is the user's to fix

NEXT_STEP = {
    errno.ENOSPC: "free space on that disk and run the same command again: it continues",
    errno.EDQUOT: "free space within your quota and run the same command again: it continues",
    errno.EROFS: "pass output_root=FOLDER on a disk that can be written",
    errno.EACCES: "change its permissions, or pass another path",
    errno.EPERM: "change its permissions, or pass another path",
    errno.ENOENT: "check the path",
    errno.ENOTDIR: "check the path: a part of it is a file",
    errno.EISDIR: "expected a file: check the path",
    errno.EADDRINUSE: "stop the other process on that port, or pass another one (for training: MASTER_PORT)",
    errno.ECONNREFUSED: "start the server, or check its address",
    errno.EMFILE: "raise the limit of open files (ulimit -n)",
}
IN_TEXT = {
    "No space left on device": errno.ENOSPC,
    "enforce fail at inline_container.cc": errno.ENOSPC,  # torch.save, of a file that did not fit
    "EADDRINUSE": errno.EADDRINUSE,
}
"""Signs of a system's error in the texts of libraries that write through C++ or Rust and raise no OSError."""


def exit_code_of(error: BaseException) -> int:
    """The exit code of a command that ended with `error`."""
    code = getattr(error, "exit_code", None)
    if isinstance(code, int):
        return code
    return BUG if message_of(error) is None else USERS


def message_of(error: BaseException, schema: type | None = None, folder: Path | None = None) -> str | None:
    """What to tell the user about `error`; None if it is a bug.

    `schema`: the command's dataclass, for suggestions; `folder`: where it writes, for errors of a disk that do not say.
    """
    if isinstance(getattr(error, "exit_code", None), int):
        return str(error)
    if isinstance(error, HydraException | OmegaConfBaseException):
        return _configuration(error, schema)
    if isinstance(error, YAMLError):
        return _yaml(error)
    # Hydra's, as of experiment=null.
    if isinstance(error, ValueError) and str(error).startswith("Config group override"):
        return f"{error}; expected the name of one of the group's files, or ~GROUP to leave the group out"
    return _system(error, folder)


def _configuration(error: Exception, schema: type | None) -> str:
    if isinstance(error, MissingConfigException):
        return _missing_config(error)
    if isinstance(error, OverrideParseException):
        reason = str(error).splitlines()[0]
        return f"override {error.override!r} cannot be read: {reason}; expected key=value, special characters in quotes"
    lines = [str(error).strip()]
    cause = error.__cause__
    if isinstance(cause, OmegaConfBaseException) and str(cause).splitlines()[0] not in lines[0]:
        lines.append(str(cause).strip())
    text = "\n".join(lines)
    detail = cause if isinstance(cause, OmegaConfBaseException) else error
    if isinstance(detail, MissingMandatoryValue):
        key = getattr(detail, "full_key", None) or "a key"
        return f"{key} has no value: pass {key}=VALUE, or an experiment=... that sets it"
    if re.search(r"Key '[^']*' not in", text):
        # "use +key" is Hydra's advice for untyped configurations; ours are typed, it would fail too.
        text = re.sub(r"\nTo append to your config use \+\S*", "", text)
        keys = dotted_keys(schema) if schema else []
        return text + (suggestion(_unknown_key(text), keys) or _siblings(_unknown_key(text), keys))
    return text


def _yaml(error: YAMLError) -> str:
    if not isinstance(error, MarkedYAMLError) or error.problem_mark is None:
        return f"a configuration file is not valid YAML: {error}"
    mark = error.problem_mark
    return (
        f"{mark.name}, line {mark.line + 1}, column {mark.column + 1}: not valid YAML: {error.problem or error.context}"
    )


def _system(error: BaseException, folder: Path | None) -> str | None:
    within = f"{folder}: " if folder is not None else ""  # a failed write, unlike a failed open, does not say where
    for part in _chain(error):
        if isinstance(part, OSError) and part.errno in NEXT_STEP:
            is_of_disk = part.errno in (errno.ENOSPC, errno.EDQUOT)
            where = f"{part.filename}: " if part.filename else within if is_of_disk else ""
            return f"{where}{part.strerror or part}; {NEXT_STEP[part.errno]}"
        for sign, code in IN_TEXT.items():
            if sign in str(part):
                told, system = str(part).splitlines()[0], os.strerror(code)
                reason = told if system in told else f"{system} ({told})"
                return f"{within if code == errno.ENOSPC else ''}{reason}; {NEXT_STEP[code]}"
    return None


def _chain(error: BaseException) -> Iterator[BaseException]:
    seen: set[int] = set()
    part: BaseException | None = error
    while part is not None and id(part) not in seen:
        seen.add(id(part))
        yield part
        part = part.__cause__ or part.__context__


def _unknown_key(text: str) -> str:
    """The dotted key that an OmegaConf message complains about."""
    found = re.search(r"full_key: (\S+)", text) or re.search(r"Key '([^']*)'", text)
    return found.group(1) if found else ""


def _siblings(name: str, known: Iterable[str]) -> str:
    """The keys that there are where `name` was looked for."""
    place = name.rpartition(".")[0]
    found = sorted(key.rpartition(".")[2] for key in known if key.rpartition(".")[0] == place)
    return f"\nexpected one of: {', '.join(found)}" if found else ""


def _missing_config(error: MissingConfigException) -> str:
    """Hydra's sentence without its search path, the options there are, and the closest of them."""
    sentence = str(error).strip().split("\n")[0]
    group, _, name = (error.missing_cfg_file or "").removesuffix(".yaml").rpartition("/")
    # Hydra lists options of a group, not of a path below one, as in experiment=sft/micro.
    options = sorted(
        set(error.options or ()) | {file.stem for root in _roots() for file in root.glob(f"{group}/*.yaml")}
    )
    if not options:  # the folder itself is misspelt: what there is for this command
        above, name = group.partition("/")[0], f"{group}/{name}".partition("/")[2]
        files = {file.relative_to(root / above) for root in _roots() for file in root.glob(f"{above}/*/*.yaml")}
        command = sentence.partition("'")[2].partition("'")[0]
        options = sorted(f"{file.parent}/{file.stem}" for file in files if str(file.parent) == command)
    listed = f"; expected one of: {', '.join(options)}" if options else ""
    return sentence + listed + suggestion(name, options)


def _roots() -> list[Path]:
    """Where configurations come from: this package, and the folder after --config-dir."""
    given = [sys.argv[i + 1] for i, word in enumerate(sys.argv[:-1]) if word in ("--config-dir", "-cd")]
    given += [word.partition("=")[2] for word in sys.argv if word.startswith("--config-dir=")]
    return [Path(__file__).parent, *map(Path, given)]


def suggestion(name: str, known: Iterable[str]) -> str:
    """`did you mean`, comparing whole dotted names first and last parts second."""
    known = list(known)
    close = difflib.get_close_matches(name, known, n=1, cutoff=0.75)
    if not close and name:
        last = {key.rsplit(".", 1)[-1]: key for key in reversed(known)}
        close = [last[part] for part in difflib.get_close_matches(name.rsplit(".", 1)[-1], last, n=1, cutoff=0.75)]
    return f"\ndid you mean {close[0]!r}?" if close else ""


def dotted_keys(schema: type, prefix: str = "") -> list[str]:
    keys = []
    hints: dict[str, Any] = get_type_hints(schema)
    for entry in fields(schema):
        keys.append(prefix + entry.name)
        inner = next((t for t in (hints[entry.name], *get_args(hints[entry.name])) if is_dataclass(t)), None)
        if isinstance(inner, type):
            keys += dotted_keys(inner, f"{prefix}{entry.name}.")
    return keys
