"""The package's README, typed as a newcomer would: every command of its console blocks gives what it shows, and its
Python blocks run. `make proof PROOF=wheels` has the wheel in an environment of its own."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from deskcheck_tracer import Narrator
from deskcheck_tracer.engine import record_here
from deskcheck_tracer.styles import STYLES

README = (Path(__file__).parents[2] / "packages" / "tracer" / "README.md").read_text()


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", README, re.DOTALL)


def test_commands_print_what_is_shown(tmp_path: Path) -> None:
    environment = {**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    shown = re.findall(r"^\$ (.*)\n((?:(?!\$ ).*\n)*)", "".join(blocks("console")), re.MULTILINE)
    assert len(shown) >= 7 and shown[0][0] == "cat sum.py"
    (tmp_path / "sum.py").write_text(shown[0][1])
    for command, expected in shown:
        done = subprocess.run(
            command,
            shell=True,
            cwd=tmp_path,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        assert done.stdout == expected, command


def test_the_styles_read_as_shown() -> None:
    program = re.findall(r'Program\("(.*)"\)', README)[0].replace("\\n", "\n")
    narrator = Narrator(record_here(program))
    shown = re.findall(r"^\| `(step|block|summary|compact)` \| .* \| `+(.*?)`+ \|$", README, re.MULTILINE)
    assert [style for style, _ in shown] == list(STYLES)
    for style, line in shown:
        assert line in narrator.narrate(style).splitlines()
    for line in re.findall(r"`(Told in .*?)`", README):
        assert line in narrator.narrate("block").splitlines()


@pytest.mark.parametrize("block", blocks("python"), ids=lambda block: block.split("\n")[0])
def test_python_blocks_run(block: str, tmp_path: Path) -> None:
    (tmp_path / "block.py").write_text(block)
    done = subprocess.run([sys.executable, "block.py"], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0 and done.stdout and not done.stderr, done.stderr
