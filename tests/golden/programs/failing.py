def third(items):
    return items[2]

values = [1, 2]
value = third(values)
print(value)
