import sys, builtins, json, inspect
def caller():
    return sys._getframe(1).f_lineno, sys.gettrace(), sys.getprofile()
deep = caller()
sys.settrace(None)
sys.setprofile(None)
def own():
    a = 1
    view = locals()
    b = 2
    for name in locals():
        c = name
    return sorted(view)
names = own()
line = inspect.currentframe().f_lineno
kept = builtins.len, builtins.repr, builtins.sorted, builtins.type
builtins.len, builtins.repr, builtins.sorted, builtins.type = lambda x: 99, lambda x: "lied", None, None
xs = [1, 2]
xs.append({"b", "a"})
n = len(xs)
builtins.len, builtins.repr, builtins.sorted, builtins.type = kept
try:
    1 / 0
except ZeroDivisionError as e:
    where = e.__traceback__.tb_lineno
sys.modules.pop('json')
last = xs
