from collections import namedtuple
from dataclasses import dataclass
Point = namedtuple("Point", "x y")
@dataclass(order=True)
class Card:
    rank: int
p = Point(1, 2)
q = p._replace(x=3)
best = max([Card(2), Card(5)], key=lambda card: card.rank)
same = eval("p.x")
ordered = sorted([3, 1, 2], key=lambda n: -n)
