import math
def f(): pass
class C:
    def m(self): pass
c = C()
plain = object()
text = "<C object at 0x7f00>"
names = [f, C, c.m, len, math, [].append]
lazy = iter([1]), (n for n in "a"), map(str, [1]), zip()
again = C()
both = [c, again, c]
del again
again = C()
