a = 1
b = c = a + 1
a, b = b, a
(d, [e, *f]) = 1, [2, 3, 4]
a += 5
d *= 0
d *= 3
g: int = 7
h = -a ** 2
x = y = []
x.append(1)
y += [2]
t = 1, 2
u = not a
n = None
s = "it's"; r = 'tab\t'
del b, c
if (w := a + 1) > 2:
    w -= 1
print(a, d, g, h, x is y, t, u, n, s, w)
