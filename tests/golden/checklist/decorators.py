def twice(f):
    def inner(*args):
        return f(f(*args))
    return inner
def named(name):
    def take(f):
        f.name = name
        return f
    return take
@twice
@named("n")
def inc(n):
    return n + 1
@named(
    "class"
)
class Box:
    @staticmethod
    def make():
        return Box()
    @property
    def size(self):
        return 1
    @classmethod
    def kind(cls): return cls.name
x = inc(1)
box = Box.make()
y = box.size, Box.kind()
