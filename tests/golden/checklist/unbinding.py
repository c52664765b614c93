def f(flag):
    if flag:
        maybe = 1
    for n in []:
        pass
    try:
        n
    except UnboundLocalError:
        flag = "unbound"
    del flag
    return None
f(True)
f(False)
try:
    raise KeyError("k")
except KeyError as e:
    kept = e.args
if any((hit := n) > 1 for n in (1, 2, 3)):
    found = hit
match [1, [2, 3], 4]:
    case [a, [b, c], 5]:
        no = 1
    case [a, [*rest], last] if last > 9:
        no = 2
    case [a, [b, *_], last]:
        yes = a + b + last
match {"k": 1, "m": 2}:
    case {"k": value, **others}:
        pass
first, *middle, end = range(4)
(x, y), z = (1, 2), 3
x, y = y, x
x += y
del x, y
for i in range(2):
    pass
