a = 1; b = 2; a += b
for i in range(3): a += i; b *= 2
if a > 3: b = 0; print(b)
def f(n): n += 1; return n
x = f(1); y = f(x)
while a > 0: a -= 4
class C: k = 1; m = k
print(a, b, x, y, C.m)
