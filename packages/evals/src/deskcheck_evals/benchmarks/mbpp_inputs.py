"""The types that MBPP+'s inputs lose in JSON: which task takes tuples, sets or complex numbers, and where.

A shape is written once for each task that needs one (evalplus, Apache-2.0, defines them by code): `t` an argument that
is a tuple, `lt` a list of tuples, `tt` a tuple of tuples, `.` as it is; the last shape holds for further arguments.
"""

from collections.abc import Callable
from itertools import chain, repeat
from typing import Any

Turn = Callable[[Any], Any]


def _deep(value: Any) -> Any:
    return tuple(map(_deep, value)) if isinstance(value, list) else value


def _lists_inside(value: Any) -> Any:
    return tuple(tuple(one) if isinstance(one, list) else one for one in value)


TURNS: dict[str, Turn] = {
    ".": lambda value: value,
    "t": tuple,
    "lt": lambda value: [tuple(one) for one in value],
    "tt": lambda value: tuple(tuple(one) for one in value),
    "t?": _lists_inside,
    "deep": _deep,
    "sets": lambda value: [set(one) if isinstance(one, list) and one else {} for one in value],
    "dict": lambda value: {key: tuple(one) for key, one in value.items()},
    "float": float,
    "complex": complex,
}
SHAPES: dict[tuple[str, ...], tuple[int, ...]] = {
    ("t",): (2, 116, 132, 143, 222, 261, 273, 394, 399, 421, 424, 429,
             470, 560, 579, 596, 616, 630, 726, 740, 744, 809),
    ("lt",): (63, 64, 70, 94, 120, 237, 272, 299, 400, 409, 417, 438, 473, 614, 780),
    ("lt", "."): (75, 413, 444, 753),
    (".", "t"): (106, 750),
    ("t", "."): (250, 307, 405, 446, 617, 720, 763, 808),
    ("tt",): (259, 401, 445),
    ("t?",): (278,),
    ("deep",): (580, 615, 791),
    ("sets",): (115,),
    ("float", "complex"): (124,),
    ("complex",): (252,),
    ("dict", "."): (722,),
}  # fmt: skip
_OF_TASK = {task: shape for shape, tasks in SHAPES.items() for task in tasks}


def with_types(task_id: str, arguments: list[Any]) -> list[Any]:
    """The arguments as the task takes them; those of other benchmarks (ids not of Mbpp/) as they are."""
    bench, _, number = task_id.partition("/")
    shape = _OF_TASK.get(int(number)) if bench == "Mbpp" and number.isdigit() else None
    if shape is None:
        return arguments
    turns = chain(shape, repeat(shape[-1]))
    return [TURNS[turn](one) for turn, one in zip(turns, arguments, strict=False)]
