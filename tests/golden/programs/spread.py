def f(
    a,
    b=2,
):
    return (
        a
        + b
    )

values = [
    1,
    f(
        1,
    ),
    3,
]
total = f(1,
          b=f(2)) \
    + 1
if (
    total > 3
    and values
):
    print(
        "big",
        total,
    )
while (
    total > 5
):
    total -= f(
        1
    )
text = """a
b"""
def deco(g):
    return g

@deco
@deco
def h(): return 1
for n in [
    1,
    2,
]:
    total += n
print(total, text, h())
