total = 0
def outer(start):
    n = start
    def step(by):
        nonlocal n
        n += by
        return n
    def peek():
        return late
    step(2)
    late = "set"
    peek()
    step(3)
    return step
def bump():
    global total
    total += 1
s = outer(10)
s(1)
bump()
bump()
adders = [lambda x, i=i: x + i for i in range(2)]
out = [a(1) for a in adders]
late = [lambda: i for i in range(2)]
out = [a() for a in late]
