"""The commands about one trace: `record`, `narrate`, `check`, `view` and `export`.

Each takes a recorded trace, or a program, which is recorded first: a file, `-` for standard input, or `-c CODE`.
"""

import argparse
import io
import json
import sys
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

from .cli_files import name_of, read_bytes, read_source, read_text, write
from .errors import InputError
from .program import Limits, Program
from .trace import EndReason, EventKind, Trace

FORMATS = ("steps", "text", "jsonl", "json", "cwm", "cwm-json")
_RAISED_BY = {
    EndReason.cpu: "--cpu", EndReason.wall: "--wall", EndReason.memory: "--memory", EndReason.events: "--max-events",
    EndReason.bytes: "--max-bytes",
}  # fmt: skip


def record_command(options: argparse.Namespace) -> int:
    """Write the trace; say on standard error how it ended."""
    from .export import trace_lines

    trace = _trace(options)
    write(options.output, (line + "\n" for line in trace_lines(trace)))
    detail = f": {trace.end.detail}" if trace.end.detail else ""
    print(f"{len(trace.events)} events, ended: {trace.end.reason}{detail}", file=sys.stderr)
    return 0


def narrate_command(options: argparse.Namespace) -> int:
    """Write the narration."""
    from .narrate import narrate

    text = narrate(_trace(options), style=options.style, max_tokens=options.max_tokens)
    write(options.output, [text if text.endswith("\n") else text + "\n"])
    return 0


def check_command(options: argparse.Namespace) -> int:
    """A line a claim; exit code 1 if one is false, or nothing is claimed."""
    from .claims import claims
    from .narrate import check

    if options.narration == options.file == "-":
        raise InputError("the narration and the program cannot both be standard input: give a file for one of them")
    if options.prose:
        return _check_prose(read_text(options.narration), _trace(options))
    checks = check(claims(read_text(options.narration)), _trace(options))
    for found in checks:
        claim, why = found.claim, f"  ({found.reason})" if found.reason else ""
        value = claim.value if claim.value.isprintable() else repr(claim.value)  # a claim is one line
        said = " ".join(part for part in (claim.name, value) if part)
        print(f"{'holds' if found.holds else 'FALSE'}  {claim.text}  [{claim.kind}: {said}]{why}")
    false = sum(not found.holds for found in checks)
    print(f"{len(checks)} claims, {false} false" if checks else "nothing is claimed", file=sys.stderr)
    return 0 if checks and not false else 1


def _check_prose(text: str, trace: Trace) -> int:
    """A line a statement; exit code 1 if the text is not accepted."""
    from .prose import verify

    verified = verify(text, trace)
    for found in verified.checks:
        words, why = " ".join(found.words.split()), f"  ({found.why})" if found.why else ""
        print(f"{'holds' if found.holds else 'FALSE'}  {words}  [{found.matter}]{why}")
    print(f"{verified.reason}: {len(verified.checks)} statements, {len(verified.false)} false, "
          f"coverage {verified.coverage:.0%}, {verified.told:.0%} of the run told", file=sys.stderr)  # fmt: skip
    return 0 if verified.accepted else 1


def view_command(options: argparse.Namespace) -> int:
    """Write the page, print its path."""
    from .view import page

    given = options.file if options.code is None and options.file not in (None, "-") else None
    output = options.output or (f"{Path(given).stem}.html" if given else "trace.html")
    write(output, [page(_trace(options), title=Path(given).name if given else "program")])
    print(output)
    if options.open:
        import webbrowser

        webbrowser.open(Path(output).resolve().as_uri())
    return 0


def export_command(options: argparse.Namespace) -> int:
    """Write the trace in one of FORMATS."""
    write(options.output, (line + "\n" for line in _exported(_trace(options), options)))
    return 0


def _exported(trace: Trace, options: argparse.Namespace) -> Iterator[str]:
    from .cwm import Special, cwm_pieces, cwm_text
    from .export import trace_lines
    from .listing import listing

    told: dict[str, Any] = {name: getattr(options, name) for name in ("entry", "reset", "step_over", "max_tokens")}
    match options.format:
        case "jsonl":
            yield from trace_lines(trace)
        case "json":
            yield json.dumps(trace.to_json())
        case "text":
            yield from listing(trace)
        case "cwm":
            yield cwm_text(trace, **told)
        case "cwm-json":
            pieces = cwm_pieces(trace, **told)
            yield json.dumps([int(piece) if isinstance(piece, Special) else piece for piece in pieces])
        case _:
            yield from (json.dumps(asdict(step)) for step in trace.steps())


# ---- where the trace comes from ----


def _trace(options: argparse.Namespace) -> Trace:
    """Read or record, and say on standard error which limit cut a recording short."""
    if options.code is not None:
        if options.file is not None:
            raise InputError(f"got both {options.file} and -c, expected one program")
        return _record(options, options.code, "-c")
    if options.file is None:
        raise InputError("no program: give a file, - for standard input, or -c CODE")
    data = read_bytes(options.file)
    if not _is_trace(options.file, data):
        return _record(options, read_source(data, options.file), options.file)
    for flag in ("call", "stdin", "stdin_file", "include"):
        if getattr(options, flag):
            raise InputError(f"{name_of(options.file)} is a recorded trace: --{flag.replace('_', '-')} comes too late")
    from .export import read_trace

    try:
        return read_trace(io.StringIO(data.decode("utf-8"), newline="\n"), name=name_of(options.file))
    except UnicodeDecodeError as error:
        raise InputError(f"{name_of(options.file)} is not a trace file: byte {error.start} is not UTF-8") from error


def _is_trace(path: str, data: bytes) -> bool:
    if path.endswith(".jsonl"):
        return True
    first = data.lstrip()[:100]
    return first.startswith(b"{") and b'"schema"' in first


def _record(options: argparse.Namespace, source: str, name: str) -> Trace:
    from .record import record

    if options.stdin is not None and options.stdin_file is not None:
        raise InputError("got both --stdin and --stdin-file, expected one of them")
    stdin = read_text(options.stdin_file) if options.stdin_file is not None else options.stdin or ""
    program = Program(source, stdin, options.call)
    own = {"path": _path(name), "include": options.include} if options.isolation == "process" else {}
    if options.include and not own:
        raise InputError("--include needs --isolation process: a jailed program has no files")
    for place in options.include:
        if not Path(place).exists():
            raise InputError(f"--include {place}: there is no such file or folder")
    trace = record(program, limits=limits_of(options), isolation=options.isolation, **own)
    end = trace.end
    if end.reason is EndReason.raised and not any(event.kind is EventKind.call for event in trace.events):
        where = "--call" if "<call>" in end.detail else name_of(name)
        raise InputError(f"{where} does not compile: {end.detail.replace('<program>, ', '').replace('<call>, ', '')}")
    if end.reason in _RAISED_BY:
        flag = _RAISED_BY[end.reason]
        print(f"stopped by a limit ({end.reason}: {end.detail}); {flag} sets it", file=sys.stderr)
    return trace


def _path(name: str) -> str:
    """Where a program lies; one without a file of its own lies here."""
    return "program.py" if name in ("-c", "-") else name


def limits_of(options: argparse.Namespace) -> Limits:
    """Limits from the options; InputError naming the one that is not positive."""
    chosen = {"cpu_s": options.cpu, "wall_s": options.wall, "memory_mb": options.memory}
    for name, value in chosen.items():
        if value <= 0:
            raise InputError(f"--{name.split('_')[0]} is {value}, expected a positive number")
    for name in ("max_events", "max_bytes"):
        value = getattr(options, name, None)
        if value is not None and value < 0:
            raise InputError(f"--{name.replace('_', '-')} is {value}, expected a positive number, or 0 for no limit")
        chosen[name] = value or None
    return Limits(**chosen)
