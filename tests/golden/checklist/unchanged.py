d = 0
d *= 3
xs = [1]
xs = xs
xs = [1]
xs.sort()
same = d
d = d
t = 1
t = True
f = 1.0
f = 1
n = None
n = None
