class Meta(type):
    def __new__(mcls, name, bases, space, **options):
        made = super().__new__(mcls, name, bases, space, **options)
        return made
class Base(metaclass=Meta):
    count = 0
    limits = [n for n in range(2)]
    def __init_subclass__(cls, tag=None):
        cls.tag = tag
    def __init__(self):
        self.count += 1
class Child(Base, tag="t"):
    for i in range(2):
        count = i
    del i
    class Inner:
        deep = True
c = Child()
t = Child.tag, c.count, Child.count
class Slots:
    __slots__ = ("a", "b")
s = Slots()
s.a = 1
s.b = [s.a]
del s.a
