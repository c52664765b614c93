def names():
    a = 1
    for name in locals():
        if name == "a":
            b = 2
            break
    return sorted(locals())

def scoped():
    z = 3
    view = locals()
    z = 4
    return view["z"]

def dynamic():
    exec("q = 5")
    return eval("1 + 1"), "q" in locals()

print(names(), scoped(), dynamic())
