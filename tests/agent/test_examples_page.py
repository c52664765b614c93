"""The page of Python examples (docs/agent.md) runs as it stands, block after block."""

import re
from pathlib import Path

import pytest

PAGE = Path(__file__).parents[2] / "docs" / "agent.md"


def test_every_block_runs(tmp_path, monkeypatch, capsys):
    if not PAGE.exists():
        pytest.fail(f"{PAGE} is missing")
    monkeypatch.chdir(tmp_path)
    blocks = list(re.finditer(r"^```python\n(?P<code>.*?)^```$", PAGE.read_text(), re.MULTILINE | re.DOTALL))
    assert len(blocks) == 7
    names: dict[str, object] = {"__name__": "page"}
    for block in blocks:
        line = PAGE.read_text()[: block.start()].count("\n") + 1
        exec(compile("\n" * line + block["code"], str(PAGE), "exec"), names)
    said = capsys.readouterr().out
    assert "AC" in said or "WA" in said or "RE" in said  # the executed ranking's verdicts
    assert (tmp_path / "trajectories.jsonl").exists()
