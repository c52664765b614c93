def add(a, b=2, *rest, c=3, **more):
    """A docstring."""
    total = a + b + c
    for r in rest:
        total += r
    for key in more:
        total += more[key]
    return total

def nothing():
    pass

def fact(n):
    if n <= 1:
        return 1
    return n * fact(n - 1)

def swap(p, q): return q, p

def default(item, seen=[]):
    seen.append(item)
    return seen

square = lambda v: v * v
print(add(1), add(1, 2, 3, 4, c=5, d=6))
print(nothing(), fact(4), swap(1, 2))
default(1)
print(default(2), square(square(2)))
print(sorted(["bb", "a"], key=lambda w: len(w)))
