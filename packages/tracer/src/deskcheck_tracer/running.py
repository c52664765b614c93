"""Frames as a reader of the sentences knows them: what each is called, and which one is running.

`frame_names` calls a frame by its function, and numbers those that are suspended where several have one name
(`count#2`). `Frames` follows the running frame from sentence to sentence, so that no sentence has to name it: a call
enters a frame, a return leaves it, `count#2 goes on` goes back into one. Frames are numbered in the order they are
entered.
"""

from collections import Counter

from .moment import What
from .trace import Event, EventKind

PROGRAM, CALL = "the program", "the call"
_NAMES = {
    "<module>": PROGRAM, "<call>": CALL, "<lambda>": "the lambda", "<genexpr>": "the generator expression",
}  # fmt: skip
_SUSPENDS = (EventKind.yield_, EventKind.resume, EventKind.throw)


def frame_names(events: list[Event]) -> dict[int, str]:
    """A name for each frame that was entered."""
    calls = {event.frame: event.function or "?" for event in events if event.kind is EventKind.call}
    names = {frame: _NAMES.get(name, name) for frame, name in calls.items()}
    suspended = sorted({event.frame for event in events if event.kind in _SUSPENDS})
    alike = Counter(names.get(frame, "") for frame in suspended)
    seen: Counter[str] = Counter()
    for frame in suspended:
        name = names.get(frame, "")
        if alike[name] > 1:
            seen[name] += 1
            names[frame] = f"{name}#{seen[name]}"
    return names


class Frames:
    """The running frame, sentence by sentence."""

    def __init__(self) -> None:
        self.stack: list[int] = []
        self._count = 0
        self._labels: dict[str, int] = {}

    @property
    def current(self) -> int:
        """The frame whose lines are told; the program's own before anything is."""
        if not self.stack:
            self.stack.append(0)
            self._count = max(self._count, 1)
        return self.stack[-1]

    def follow(self, what: What, label: str, *, leaves: bool = False) -> None:
        """Take note of a sentence; `leaves` says that its line returns or yields."""
        if what in (What.call, What.body):
            self.stack.append(self._count)
            self._labels[label] = self._count
            self._count += 1
        elif what is What.begin and label == CALL:
            self._count = max(self._count, 1)
            self.follow(What.call, label)
        elif what in (What.resume, What.throw):
            self.stack.append(self._labels.get(label, -1))
        elif what is What.switch:
            self.switch(int(label))
        elif self.current >= 0 and (leaves or what in (What.return_, What.yield_, What.unwind, What.body_end)):
            self.stack.pop()

    def switch(self, frame: int) -> None:
        """Another frame runs."""
        if frame in self.stack:
            del self.stack[self.stack.index(frame) + 1 :]
        else:
            self.stack.append(frame)
