class Loud:
    def __init__(self, n):
        self.n = n
        self.more = n * 2
    def __repr__(self):
        print("repr!")
        raise RuntimeError
    __str__ = __eq__ = __len__ = __hash__ = __bool__ = __repr__
    def __getattr__(self, name):
        print("getattr!")
        raise AttributeError(name)
loud = Loud(1)
held = [loud]
loud.n = 2
ring = [1]
ring.append(ring)
knot = {}
knot["self"] = knot
huge = 10 ** 5000
lazy = map(print, [1])
nan = float("nan")
nan = nan
table = {1: loud}
loop = Loud(3)
loop.n = [loop]
