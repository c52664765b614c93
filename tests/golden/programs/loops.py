total = 0
for x in [3, 1, 4]:
    if x == 1:
        continue
    total += x
else:
    total += 100
while total > 100:
    total -= 7
    if total % 5 == 0:
        break
i = 0
while i < 3: i += 1
for c in "ab": print(c, end="")
print()
for i in range(2):
    for j in range(i, 3):
        total = total * 2 + j
        if total > 300:
            break
for k, v in {"a": 1, "b": 2}.items():
    print(k, v)
for empty in []:
    pass
for left, (mid, right) in [(1, (2, 3))]:
    total = left + mid + right
while True:
    total -= 1
    if total < 0:
        break
for q in range(40):
    total += q
numbers = [1, 2]
for n in numbers:
    if len(numbers) < 5:
        numbers.append(n * 2)
print(total, numbers)
