names = {"__builtins__": {}}
exec("a = 1\nb = a + 1\ndef f():\n    return b\n", names)
value = eval("b * 10", names)
exec("here = 5")
made = names["f"]()
here += 1
code = compile("here * 2", "<string>", "eval")
twice = eval(code)
