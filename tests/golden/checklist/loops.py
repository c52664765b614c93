i = 0
while i < 2: i += 1
for n in (): never = 1
else:
    empty = True
for n in range(4):
    if n == 1:
        continue
    if n == 2:
        break
    pass
while True:
    i -= 1
    if not i: break
while True: i += 1; break
if False:
    gone = 1
for a, b in zip("xy", (1, 2)): last = a * b
for n in range(2): n and print(n)
