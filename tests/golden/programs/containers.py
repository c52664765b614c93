from collections import Counter, OrderedDict, defaultdict, deque, namedtuple

grid = [[0] * 3 for _ in range(2)]
grid[1][2] = 5
row = grid[0]
row[0] = 7
grid[0][1:] = [8, 9]
words = {"b": 1, "a": 2}
words["c"] = words.pop("b")
words.update(a=5)
queue = deque([1, 2], maxlen=3)
queue.appendleft(0)
queue.append(3)
groups = defaultdict(list)
groups["x"].append(1)
groups["y"]
count = Counter("abca")
count["z"] -= 1
seen = {3, 1}
seen |= {2}
frozen = frozenset(seen)
Point = namedtuple("Point", "x y")
p = Point(1, [2])
p.y.append(3)
loop = [1]
loop.append(loop)
big = list(range(100))
big[99] = -1
big[50] = -1
text = "ab" * 150
data = bytearray(b"ab")
data[0] = 99
order = OrderedDict(a=1)
one = [1]
one[0] = True
one[0] = 1.0
same = [0.0]
same[0] = -0.0
nan = [float("nan")]
nan[0] = nan[0] + 1
print(grid, words, list(queue), dict(groups), p)
