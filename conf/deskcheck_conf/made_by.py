"""Which command makes a file that is missing: the next step in an error about a dataset or a checkpoint.

Experiments read each other's run folders: sft/micro trains on outputs/collect-micro-s0. A folder that was begun says by
its own starts.jsonl which command it is of; one that is not there has a name, <run_name>-s<seed>, and the experiment
that calls its run so is found among the files beside this one.
"""

import json
import re
import shlex
from pathlib import Path

OUTPUTS = "outputs"
"""output_root where nobody says otherwise (schema.py)."""


def made_by(path: Path | str) -> str | None:
    """The command that makes `path`, to be typed as it stands: `deskcheck-sft experiment=sft/micro`. None: not known.

    Where the run was begun and not finished, the same command continues it.
    """
    folders = [folder for folder in (Path(path), *Path(path).parents) if folder.name]
    return next(filter(None, (_begun(folder) or _named(folder) for folder in folders)), None)


def _begun(folder: Path) -> str | None:
    """The last command of an unfinished run in `folder`."""
    starts = folder / "starts.jsonl"
    if not starts.is_file() or (folder / "done.json").exists():
        return None
    lines = [line for line in starts.read_text(encoding="utf-8").splitlines() if line.endswith("}")]
    return json.loads(lines[-1])["command"] if lines else None


def _named(folder: Path) -> str | None:
    """The command of the experiment whose run lives in `folder`, by its name."""
    name = re.fullmatch(r"(.+)-s(\d+)", folder.name)
    if name is None or (folder / "done.json").exists():
        return None
    for file in sorted(Path(__file__).parent.glob("experiment/*/*.yaml")):
        if re.search(rf"^run_name: {re.escape(name[1])}$", file.read_text(encoding="utf-8"), re.MULTILINE):
            words = [f"deskcheck-{file.parent.name}", f"experiment={file.parent.name}/{file.stem}"]
            words += [f"seed={name[2]}"] if name[2] != "0" else []
            words += [f"output_root={folder.parent}"] if str(folder.parent) != OUTPUTS else []
            return shlex.join(words)
    return None
