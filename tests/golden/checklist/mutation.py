class P:
    pass
a = [1]
b = a
b.append(2)
nest = {"k": [a]}
nest["k"][0].insert(0, 0)
del a[1]
a[0:1] = [7, 8]
a.sort(reverse=True)
def keep(x, seen=[]):
    seen.append(x)
    return seen
keep(1)
keep(2)
p = P()
p.v = 7
q = p
q.v = 8
p.n = p
p.n = P()
box = (p, [p])
p.v = 9
same = [[0] * 2] * 2
same[0][1] = 5
t = ([],)
try:
    t[0] += [1]
except TypeError:
    pass
s = bytearray(b"ab")
s[0] = 99
