from contextlib import contextmanager, suppress
class Room:
    def __init__(self, quiet):
        self.quiet = quiet
    def __enter__(self):
        return "inside"
    def __exit__(self, kind, error, where):
        return self.quiet
with Room(True) as r:
    a = 1
    raise ValueError
with Room(False) as one, Room(False) as two:
    b = 2
with (
    Room(False) as one,
    Room(True),
):
    {}["k"]
with suppress(ZeroDivisionError):
    1 // 0
@contextmanager
def open_door():
    state = "open"
    try:
        yield state
    finally:
        state = "closed"
with open_door() as door:
    c = door
def early():
    with Room(False):
        return "left"
d = early()
