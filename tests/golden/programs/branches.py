def sign(x):
    if x > 0:
        return 1
    elif x < 0:
        return -1
    else:
        return 0

def grade(p):
    match p:
        case [a, b] if a > b:
            return "down"
        case [a, b]:
            return "up"
        case {"k": v}:
            return v
        case _:
            return None

for x in (5, -5, 0):
    print(sign(x))
print(grade([2, 1]), grade([1, 2]), grade({"k": 3}), grade(7))
y = 3 if sign(2) == 1 else 4
z = y and 0 or "none"
assert y == 3, "no"
if y > 2 and z: print("both")
if y < 2: pass
else: y = 0
print(y, z)
