"""A trace as plain text to read in a terminal: one row a line that ran, indented by call, what it did beside it.

       9  numbers[0] = fact(n)
       -> fact(n = 1)
       |     2  if n == 0:
       |     4  rest = fact(n - 1)                     rest = 1
       |     5  return n * rest                        returns 1
       9  numbers[0] = fact(n)                         numbers = [1]

A line that calls into the program stands twice: when it begins, and with its effect. For people; the format for
programs is `export`.
"""

from collections.abc import Iterator

from .facts import end_text
from .statements import source_lines
from .trace import Trace
from .walk import Scene, frame_table, walk

COLUMN = 56
"""Where the effects begin, counted from the left edge; longer lines push theirs to the right."""


def listing(trace: Trace) -> Iterator[str]:
    """Every row, without newlines; the last says how the program ended."""
    frames = frame_table(trace)
    sources = {None: source_lines(trace.program.source)}
    sources |= {name: source_lines(text) for name, text in trace.files.items()}
    depth: dict[int | None, int] = {None: -1}
    for scene in walk(trace):
        for frame, under in scene.links:
            depth[frame] = depth.get(under, 0) + 1
        about = frames.get(scene.frame, {})
        lines = sources.get(about.get("file"), [])
        text = lines[scene.line - 1].strip() if 0 < scene.line <= len(lines) else trace.program.call or ""
        yield _row("|  " * depth.get(scene.frame, 0), scene, about.get("function", "?"), text)
    end = end_text(trace.end)
    yield f"ended: {end}" if end is not None else "finished"


def _row(bars: str, scene: Scene, function: str, text: str) -> str:
    if scene.what in ("call", "body"):
        given = f"({', '.join(_changes(scene))})" if scene.what == "call" else ": its body"
        return f"{bars.removesuffix('|  ')}-> {function}{given}"
    effects = _changes(scene)
    if scene.read:
        effects.append(f"reads {scene.read!r}")
    if scene.printed:
        effects.append(f"prints {scene.printed!r}")
    if scene.value is not None:
        effects.append(f"{scene.verb} {scene.value}")
    if scene.what in ("step", "begin", "effect"):
        left = f"{bars}{scene.line:>5}  {text}"
    else:
        left = f"{bars}{'':7}{function}"
        if not effects:
            effects.append({"resume": "goes on", "body end": "done"}.get(scene.what, scene.sentence))
    return f"{left:<{COLUMN}}{'' if len(left) < COLUMN else '  '}{', '.join(effects)}".rstrip()


def _changes(scene: Scene) -> list[str]:
    return [f"{name} gone" if value is None else f"{name} = {value}" for name, value in scene.changes.items()]
