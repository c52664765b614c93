x = 9
squares = [x * x for x in range(3)]
pairs = {(i, j) for i in range(2) for j in range(i)}
table = {k: [k] * 2 for k in "ab"}

def work(x):
    nested = [[c + r for c in range(2)] for r in range(2)]
    y = [x + 1 for x in range(3)]
    z = [
        x * v
        for v in y
        if v > 1
    ]
    w = [last := n for n in y]
    return x, y, z, last, nested

def late():
    n = 4
    found = [n for n in range(2)]
    n = 5
    both = [
        n
        for n in range(n)
        if n
    ]
    return found, both, n

def calls(x):
    return [twice(x) for x in range(2)] + [x]

def twice(n):
    return n * 2

total = sum(
    n
    for n in squares
)
print(x, squares, sorted(pairs), table, work(5), calls(7), late(), total)
