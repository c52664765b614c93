"""Files that are whole or not there."""

import resource
import signal
import threading
from pathlib import Path

import pytest
from deskcheck_conf.files import BLOCK_BYTES, append_whole, drop_torn_line, only_one, write_atomic


def test_a_write_that_fails_leaves_the_old_text_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "config.yaml"
    write_atomic(path, "old")
    with pytest.raises(UnicodeEncodeError):
        write_atomic(path, "new \ud800")  # a lone surrogate cannot be written as UTF-8
    assert path.read_text() == "old"
    assert [entry.name for entry in tmp_path.iterdir()] == ["config.yaml"]


def test_lines_are_added_whole_or_not_at_all(tmp_path: Path) -> None:
    """A limit on the size of files cuts a write in two, as a disk that runs full does."""
    path = tmp_path / "rows.jsonl"
    append_whole(path, "first é\n")
    before, handler = resource.getrlimit(resource.RLIMIT_FSIZE), signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (15, before[1]))
    try:
        with pytest.raises(OSError, match="File too large") as failed:
            append_whole(path, "the second line\n")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)
    assert failed.value.filename == str(path) and path.read_text() == "first é\n"
    append_whole(path, "third\n")
    assert path.read_text() == "first é\nthird\n"


@pytest.mark.parametrize("long", [0, BLOCK_BYTES, 3 * BLOCK_BYTES + 1])
@pytest.mark.parametrize(
    ("before", "after"), [("", ""), ("a\n", "a\n"), ("a\nb", "a\n"), ("torn", ""), ("a\n\n", "a\n\n"), ("\nx", "\n")]
)
def test_only_a_torn_last_line_is_cut(tmp_path: Path, before: str, after: str, long: int) -> None:
    path = tmp_path / "rows.jsonl"
    whole = "x" * long + "\n" if long else ""
    path.write_text(whole + before)
    drop_torn_line(path)
    assert path.read_text() == whole + after


def test_a_long_torn_line_is_cut_whole(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_text("a\n" + "x" * (2 * BLOCK_BYTES + 7))
    drop_torn_line(path)
    assert path.read_text() == "a\n"


def test_a_missing_file_stays_missing(tmp_path: Path) -> None:
    drop_torn_line(tmp_path / "rows.jsonl")
    assert list(tmp_path.iterdir()) == []


def test_one_at_a_time_works_and_the_other_waits_and_says_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    seen: list[str] = []

    def other() -> None:
        with only_one(tmp_path / ".lock"):
            seen.append("second")

    waiting = threading.Thread(target=other)
    with only_one(tmp_path / ".lock"):
        waiting.start()
        waiting.join(0.2)
        seen.append("first")
    waiting.join()
    assert seen == ["first", "second"]
    assert f"waiting for another process that works in {tmp_path}" in capsys.readouterr().err
