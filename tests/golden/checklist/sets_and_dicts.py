words = {"pear", "apple", "fig"}
mixed = {3, "a", 2, (1, 2)}
frozen = frozenset({"b", "a"})
words.add("kiwi")
order = {"z": 1, "a": 2}
order["m"] = 3
order["z"] = 9
order.pop("a")
first = next(iter(order))
keys = order.keys()
nested = {frozenset({2, 1}): {"y", "x"}}
empty = set(), {}
