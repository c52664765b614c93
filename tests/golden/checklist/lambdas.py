double = lambda n: n * 2
def one(n): return n + 1
def two(n): m = n; return m
pick = lambda n: (
    "big"
    if n > 2
    else "small"
)
a = double(one(1))
b = two(a)
c = pick(a), pick(1)
d = list(map(lambda p, q=1: p + q, [1, 2]))
e = (lambda: (yield))()
f = (lambda *args, **kw: (args, kw))(1, k=2)
