from dataclasses import dataclass, field
from enum import Enum

class Color(Enum):
    RED = 1
    BLUE = 2

@dataclass
class Item:
    name: str
    price: float = 1.5
    tags: list = field(default_factory=list)

    def cost(self, count):
        return self.price * count

item = Item("pen")
item.tags.append(Color.RED)
item.price += 0.25
best = max([item, Item("ink", 3.0)], key=lambda i: i.price)
print(best.name, item.cost(4), Color(2).name, item == Item("pen"))
