def count(n):
    for i in range(n):
        got = yield i
        if got:
            n = got
    return "done"

def both():
    result = yield from count(2)
    yield result

def forever():
    k = 0
    try:
        while True:
            yield k
            k += 1
    finally:
        print("closed", k)

g = count(3)
print(next(g), g.send(9), next(g))
print(list(both()))
f = forever()
for v in f:
    if v > 1:
        break
f.close()
a, b = count(2), count(2)
print(next(a), next(b), next(a), next(b))
print(sum(x * x for x in range(4) if x % 2))
h = forever()
next(h)
try:
    h.throw(KeyError("stop"))
except KeyError as error:
    print("caught", error)
