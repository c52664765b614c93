def fill(box):
    box.append(1)
    size = len(box)
def leave(n):
    if n:
        n = n - 1
    return n
items = []
fill(items)
last = leave(2)
try:
    leave("a")
except TypeError:
    last = 0
last += 1
