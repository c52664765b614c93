def depth(n):
    below = depth(n - 1) if n else 0
    return below + 1
d = depth(3)
def even(n):
    return n == 0 or odd(n - 1)
def odd(n):
    return n != 0 and even(n - 1)
e = even(3)
def forever(n):
    forever(n + 1)
try:
    depth(10)
    limit = "not reached"
except RecursionError:
    limit = "reached"
