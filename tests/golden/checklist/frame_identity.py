def f(n):
    square = n * n
    return square
a = f(2)
b = f(2)
c = f(2)
d = [f(n) for n in (2, 2)]
