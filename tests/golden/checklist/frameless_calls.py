import functools, gc
xs = [3, 1, 2]
xs.sort()
add = functools.partial(xs.append, 9)
add()
n = functools.reduce(lambda a, b: a + b, xs)
ys = list(filter(None, map(xs.remove, [9])))
class Gone:
    def __del__(self):
        log.append("gone")
log = []
g = Gone()
g = None
def local():
    g = Gone()
    del g; log.append("after")
    h = Gone()
local()
done = list(log)
