import sys

def leave(code):
    try:
        sys.exit(code)
    finally:
        print("bye")

x = 1
leave(3)
x = 2
