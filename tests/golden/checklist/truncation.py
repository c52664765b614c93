xs = list(range(300))
xs[250] = -1
xs.append(300)
s = "a" * 300
s = s[:299] + "b"
d = {n: str(n) for n in range(100)}
d[99] = "changed"
short = "x" * 198
tricky = "ends like (len 3)"
rows = [[n] * 30 for n in range(30)]
rows[29][29] = 0
