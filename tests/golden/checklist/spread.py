def add(a, b, c=0):
    return a + b + c
total = add(
    1,
    add(2,
        3),
    c=4,
)
text = ("a"
        "b" +
        str(total))
a = 1; b = a + 1; c = [a,
    b]; d = c
if (a and
        b):
    e = "yes"
longer = a + \
    b
assert (
    total == 10
), "wrong"
for n in [
    1,
    2,
]:
    print(
        n,
        end=";",
    )
data = {
    "k": [
        n for n in range(2)
        if n
    ],
}
