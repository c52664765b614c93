def risky(n):
    if n == 0:
        raise ValueError("zero", n)
    return 10 // (n - 1)

def guarded(n):
    try:
        value = risky(n)
    except ZeroDivisionError:
        value = -1
    except (KeyError, IndexError):
        value = -2
    else:
        value += 1
    finally:
        n = 99
    return value

def swallow():
    try:
        return risky(0)
    finally:
        return "kept"

def chain():
    try:
        risky(0)
    except ValueError as error:
        raise RuntimeError("wrapped") from error

print(guarded(3), guarded(1))
try:
    guarded(0)
except ValueError as error:
    print(error.args)
print(swallow())
try:
    chain()
except RuntimeError as error:
    print(repr(error), repr(error.__cause__))
try:
    try:
        [][1]
    except IndexError:
        raise
except LookupError as e:
    print("again", e)
try:
    raise ExceptionGroup("many", [ValueError(1), TypeError(2)])
except* ValueError as group:
    print(len(group.exceptions))
except* TypeError:
    print("types")
