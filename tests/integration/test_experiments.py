"""Every experiment/<command>/<name>.yaml composes with its command and becomes that command's dataclass.

The folder says which command, so no file can pass by being read as something else. A value that only the user can give
(a file, a model) is named in the comment at the top of the experiment, as `key=PLACEHOLDER` in capitals; the test passes
what it finds there, so an experiment that needs something and does not say so fails.
"""

import re
from pathlib import Path

import deskcheck_conf
import pytest
from deskcheck_conf import RunConfig, load_config

from tools.docs.reference import schema_of

CONF = Path(deskcheck_conf.__file__).parent
EXPERIMENTS = sorted(CONF.glob("experiment/*/*.yaml"))
PRIMARY = sorted(CONF.glob("*.yaml"))


def test_there_is_something_to_compose() -> None:
    commands = {path.stem for path in PRIMARY}
    assert commands == {"collect", "sft", "rl", "solve", "eval", "report"}
    assert {path.parent.name for path in EXPERIMENTS} <= commands


@pytest.mark.parametrize("path", EXPERIMENTS, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_an_experiment_composes(path: Path) -> None:
    command = path.parent.name
    needed = re.findall(r"(?<!\S)[a-z_.]+=[A-Z]{2,}[\w.]*", path.read_text().partition("\nrun_name")[0])
    config = load_config(command, schema_of(command), [f"experiment={command}/{path.stem}", *needed])
    assert isinstance(config, RunConfig) and isinstance(config, schema_of(command))
    assert config.run_name


@pytest.mark.parametrize("path", PRIMARY, ids=lambda path: path.stem)
def test_a_bare_command_composes(path: Path) -> None:
    assert isinstance(load_config(path.stem, schema_of(path.stem)), RunConfig)


def test_no_group_shares_its_name_with_a_path_valued_key() -> None:
    groups = {path.name for path in CONF.iterdir() if path.is_dir()}
    assert groups & {"problem", "problems", "program", "programs", "tests", "runs"} == set()
