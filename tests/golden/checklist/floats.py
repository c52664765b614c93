from decimal import Decimal
from fractions import Fraction
a = 0.1 + 0.2
z = 0.0
z = -0.0
n = float("nan")
n = float("nan")
i = -float("inf")
c = 1 + 2j
c = complex(0.0, -0.0)
d = Decimal("1.10") + 1
f = Fraction(2, 4)
e = 1e22
e = 123456789012345678
t = (0.1, -0.0)
t = (0.1, 0.0)
