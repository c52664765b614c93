def bubble(items):
    n = len(items)
    for i in range(n):
        swapped = False
        for j in range(n - 1 - i):
            if items[j] > items[j + 1]:
                items[j], items[j + 1] = items[j + 1], items[j]
                swapped = True
        if not swapped:
            break
    return items

def quick(items):
    if len(items) < 2:
        return items
    pivot, *rest = items
    small = [i for i in rest if i < pivot]
    large = [i for i in rest if i >= pivot]
    return quick(small) + [pivot] + quick(large)

print(bubble([3, 1, 2]), quick([3, 1, 2, 3]))
