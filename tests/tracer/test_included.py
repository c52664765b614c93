"""Programs of several files: which are recorded, how they are named, and that their sources come along."""

import sysconfig
from pathlib import Path

import pytest
from deskcheck_tracer import EventKind, InputError, Program, Recorder, Trace, record
from deskcheck_tracer.cli import main
from deskcheck_tracer.export import read_trace, trace_lines
from deskcheck_tracer.included import Included
from deskcheck_tracer.view import page

MAIN = (
    "import json\nfrom lib.shop import price\nimport other\nprint(price(3), other.twice(4), json.dumps(1), __file__)\n"
)
SHOP = "def price(n):\n    total = n * 2\n    return total\n"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "lib").mkdir()
    (tmp_path / "main.py").write_text(MAIN)
    (tmp_path / "lib" / "shop.py").write_text(SHOP)
    (tmp_path / "other.py").write_text("def twice(n):\n    return n * 2\n")
    return tmp_path


def calls(trace: Trace) -> list[tuple[str | None, str | None]]:
    return [(event.file, event.function) for event in trace.events if event.kind is EventKind.call]


def test_a_program_runs_as_python_would_run_it_and_records_what_is_included(project: Path) -> None:
    path = project / "main.py"
    trace = record(Program(MAIN), isolation="process", path=path, include=[project / "lib"])
    assert trace.stdout == f"6 8 1 {path}\n"
    assert calls(trace) == [(None, "<module>"), ("lib/shop.py", "<module>"), ("lib/shop.py", "price")]
    assert trace.files == {"lib/shop.py": SHOP}
    inside = [step for step in trace.steps() if step.function == "price"]
    assert [(step.line, step.locals) for step in inside] == [
        (2, {"n": "3", "total": "6"}),
        (3, {"n": "3", "total": "6"}),
    ]
    lines = list(trace_lines(trace))
    assert read_trace(line + "\n" for line in lines) == trace and "lib/shop.py" in page(trace)
    alone = record(Program(MAIN), isolation="process", path=path)
    assert calls(alone) == [(None, "<module>")] and alone.files == {}


def test_the_recorder_brings_the_sources_of_other_files(project: Path) -> None:
    space: dict[str, object] = {}
    exec(compile(SHOP, str(project / "lib" / "shop.py"), "exec"), space)
    with Recorder(include=[project]) as recorder:
        space["price"](1)  # type: ignore[operator]
    assert list(recorder.trace.files.values()) == [SHOP]
    assert calls(recorder.trace)[-1] == (str(project / "lib" / "shop.py"), "price")


def test_installed_files_are_left_out_unless_they_are_named(tmp_path: Path) -> None:
    library = Path(sysconfig.get_paths()["stdlib"])
    everything = Included("main", [library.parent, tmp_path], [tmp_path / "not"])
    assert everything.wants("main") and everything.wants(str(tmp_path / "a.py"))
    assert not everything.wants(str(library / "json" / "__init__.py")) and not everything.wants(
        str(tmp_path / "not" / "a.py")
    )
    assert not everything.wants(str(tmp_path) + "2/a.py") and not everything.wants("<string>")
    assert Included("main", [library / "json"]).wants(str(library / "json" / "__init__.py"))
    assert Included("main", ["<cell 1>"]).wants("<cell 1>")


def test_the_command_includes(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(project)
    assert main(["export", "main.py", "--include", ".", "--format", "text"]) == 0
    out = capsys.readouterr().out
    assert "-> price(n = 3)" in out and "-> twice(n = 4)" in out and "|      2  total = n * 2" in out
    assert main(["record", "main.py", "--include", "gone"]) == 2
    assert "--include gone: there is no such file or folder" in capsys.readouterr().err
    assert main(["record", "main.py", "--include", ".", "--isolation", "nsjail"]) == 2
    with pytest.raises(InputError, match="a jailed program has no files"):
        record(Program(MAIN), path=project / "main.py")
