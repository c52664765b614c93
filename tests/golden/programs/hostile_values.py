class Loud:
    calls = 0

    def __init__(self):
        self.early = 1
        self.late = 2

    def __repr__(self):
        Loud.calls += 1
        return "Loud"

    __str__ = __repr__

    def __eq__(self, other):
        Loud.calls += 1
        raise RuntimeError("compared")

    def __hash__(self):
        Loud.calls += 1
        return 1

    def __len__(self):
        Loud.calls += 1
        return 3

    def __bool__(self):
        Loud.calls += 1
        return True

    def __getattr__(self, name):
        Loud.calls += 1
        raise AttributeError(name)

    @property
    def __dict__(self):
        Loud.calls += 1
        return {}

    @property
    def __class__(self):
        Loud.calls += 1
        return int

class Listy(list):
    def __iter__(self):
        Loud.calls += 1
        return iter(())

    def __len__(self):
        Loud.calls += 1
        return 0

loud = Loud()
items = [loud, (loud,), {"k": loud}]
items.append(1)
listy = Listy([1, 2])
listy.append(3)
lazy = map(print, [1, 2])
it = iter([1, 2, 3])
next(it)
print(Loud.calls, next(it))
