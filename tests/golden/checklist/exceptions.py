def fails(kind):
    raise kind("bad")
def passes():
    try:
        fails(KeyError)
    finally:
        cleaned = True
def swallows():
    try:
        return fails(OSError)
    finally:
        return "swallowed"
def returns():
    try:
        return "value"
    finally:
        after = 1
def again():
    try:
        fails(ValueError)
    except ValueError as error:
        kept = str(error)
        raise
def other():
    try:
        fails(IndexError)
    except IndexError as error:
        raise RuntimeError("new") from error
for call in (passes, again, other):
    try:
        call()
    except (KeyError, ValueError) as e:
        seen = type(e).__name__
    except RuntimeError as e:
        seen = repr(e.__cause__)
    else:
        seen = "none"
a = swallows()
b = returns()
try:
    raise ExceptionGroup("g", [ValueError(1), TypeError(2)])
except* ValueError as group:
    values = group.exceptions
except* TypeError:
    types = True
try:
    try:
        1 / 0
    except ZeroDivisionError:
        {}["missing"]
except KeyError as k:
    context = type(k.__context__).__name__
