from contextlib import contextmanager, suppress

class Guard:
    def __init__(self, quiet):
        self.quiet = quiet

    def __enter__(self):
        return self

    def __exit__(self, kind, error, trace):
        return self.quiet

@contextmanager
def tag(name):
    print("<" + name)
    yield name
    print(name + ">")

with Guard(True) as g:
    x = 1
    x = x / 0
    x = 3
with tag("b") as t:
    print(t)
with suppress(KeyError):
    {}["k"]
try:
    with Guard(False), tag("i"):
        raise ValueError("out")
except ValueError:
    print("out", x)
