"""The walk behind the viewer: its states are the steps', its stack is the program's, its sentences the narration's."""

from pathlib import Path

import pytest
from deskcheck_tracer import Limits, narrate
from deskcheck_tracer.engine import record_here
from deskcheck_tracer.walk import Scene, frame_table, walk

PROGRAMS = sorted((Path(__file__).parents[1] / "golden" / "programs").glob("*.py"))


def replayed(scenes: list[Scene]) -> list[dict[str, str]]:
    """The state of each scene's frame, as the page's script computes it."""
    frames: dict[int, dict[str, str]] = {}
    states = []
    for scene in scenes:
        state = dict(frames.get(scene.frame, {}))
        for name, value in scene.changes.items():
            if value is None:
                del state[name]  # a name that goes was there
            else:
                state[name] = value
        frames[scene.frame] = state
        states.append(state)
    return states


@pytest.mark.parametrize("path", PROGRAMS, ids=lambda path: path.stem)
def test_states_are_those_of_the_steps(path: Path) -> None:
    stdin = path.with_suffix(".in").read_text() if path.with_suffix(".in").exists() else ""
    trace = record_here(path.read_text(), stdin)
    scenes = list(walk(trace))
    shown = [
        (scene.line, scene.frame, state)
        for scene, state in zip(scenes, replayed(scenes), strict=True)
        if scene.what in ("step", "effect")
    ]
    known = [(step.line, step.frame, step.locals) for step in trace.steps()]
    assert shown and all(scene in known for scene in shown)
    assert "".join(scene.printed for scene in scenes) == trace.stdout
    sentences = iter([scene.sentence for scene in scenes])
    told = narrate(trace).split("<output>")[0].split("\n")[:-1]
    assert all(
        line in sentences for line in told if not line.startswith(("The program ends: ", "Frame "))
    )  # in this order


def test_what_a_line_did_is_told_before_the_next_line() -> None:
    source = "class A:\n    x = 1\ndef d(f):\n    return f\n@d\ndef g():\n    pass\ny = 2\n"
    effects = [(scene.line, list(scene.changes)) for scene in walk(record_here(source)) if scene.changes]
    assert effects == [(2, ["x"]), (1, ["A"]), (3, ["d"]), (3, ["f"]), (6, ["g"]), (8, ["y"])]


def stack_at(scenes: list[Scene], index: int) -> list[int]:
    """Frames from the top down, as the page's script links them."""
    stacks: dict[int, list[int]] = {}
    for scene in scenes[: index + 1]:
        for frame, under in scene.links:
            stacks[frame] = [frame, *(stacks[under] if under is not None else [])]
    return stacks[scenes[index].frame]


def test_a_generator_stands_on_whoever_resumed_it() -> None:
    source = "def g():\n    yield 1\n    yield 2\ndef h(it):\n    return next(it)\ni = g()\nnext(i)\nx = h(i)\n"
    trace = record_here(source)
    scenes, frames = list(walk(trace)), frame_table(trace)
    stacks = {
        (scene.verb, scene.value): [frames[frame]["function"] for frame in stack_at(scenes, index)]
        for index, scene in enumerate(scenes)
    }
    assert stacks["yields", "1"] == ["g", "<module>"]
    assert stacks["yields", "2"] == ["g", "h", "<module>"]


def test_recursion_has_one_frame_a_call() -> None:
    trace = record_here("def f(n):\n    return n and f(n - 1)\nf(3)\n")
    scenes = list(walk(trace))
    depths = [len(stack_at(scenes, index)) for index in range(len(scenes))]
    assert max(depths) == 5 and depths[-1] == 2  # the call of the module has no effect to tell
    assert [frame_table(trace)[frame]["function"] for frame in range(5)] == ["<module>", "f", "f", "f", "f"]


def test_a_trace_that_was_cut_is_walked_up_to_there() -> None:
    trace = record_here("n = 0\nwhile True:\n    n += 1\n", limits=Limits(max_events=50))
    scenes = list(walk(trace))
    assert scenes[-1].what == "cut" and 40 < len(scenes) <= 51
