x = 9
xs = [x for x in range(3)]
def f(x, y=2):
    rows = [
        [x * y for y in range(2)]
        for x in range(2)
    ]
    pairs = {x: g(x) for x in "ab"}
    lazy = (x for x in rows)
    first = next(lazy)
    last = [z := y for y in range(3)]
    return x, y, z
def g(n): return n * 2
r = f(7)
for n in range(2): s = [n for n in "ab"]
for n in [m for m in (4, 5)]: t = n
try:
    bad = [1 // m for m in (1, 0)]
except ZeroDivisionError:
    bad = x
def h(m):
    return [1 // m for m in (m, 0)]
try:
    h(3)
except ZeroDivisionError:
    pass
