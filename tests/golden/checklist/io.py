import sys
name = input("name? ")
print("hello", name, end="")
print()
rest = sys.stdin.readline()
def show(n):
    print(n)
    return n + 1
total = show(show(1)) + int(input())
sys.stdout.write("raw\n")
sys.stdout.buffer.write(b"bytes\n")
print("err", file=sys.stderr)
for line in sys.stdin:
    print(line, end="|")
try:
    input()
except EOFError as end:
    last = "eof"
class Talks:
    def __str__(self):
        print("inner", end=" ")
        return "talks"
print("before", Talks())
