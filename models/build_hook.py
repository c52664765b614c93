"""Put every checkpoint folder of the repository (models/micro*/) into the wheel as deskcheck_micro/checkpoints/<name>.

A hook and not a fixed list in pyproject.toml: hatchling stops at a listed folder that is not there yet.
"""

from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class Checkpoints(BuildHookInterface):
    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        if version == "editable":  # the package then finds them in the repository
            return
        for folder in sorted(Path(self.root).glob("micro*")):
            if (folder / "config.json").exists():
                build_data["force_include"][str(folder)] = f"deskcheck_micro/checkpoints/{folder.name}"
