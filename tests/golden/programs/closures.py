def counter(start):
    count = start
    def step(by=1):
        nonlocal count
        count += by
        return count
    return step

total = 0
def add(n):
    global total
    total += n
    return total

step = counter(10)
step()
step(5)
add(2)
add(3)

def outer():
    seen = []
    def visit(n):
        if n > 0:
            seen.append(n)
            visit(n - 1)
    visit(3)
    return seen

makers = [lambda k=k: k * 10 for k in range(2)]
print(step(), total, outer(), makers[1]())
