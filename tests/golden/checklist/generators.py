def count(limit):
    n = 0
    try:
        while n < limit:
            got = yield n
            if got:
                n = got
            n += 1
    except ValueError:
        yield "thrown"
    finally:
        n = -1
    return "done"
def chain():
    result = yield from count(2)
    yield result
a, b = count(9), count(9)
next(a)
next(b)
a.send(5)
next(b)
a.throw(ValueError("v"))
b.close()
values = list(chain())
squares = (n * n for n in values[:2])
total = sum(squares)
forgotten = count(1)
next(forgotten)
del forgotten
