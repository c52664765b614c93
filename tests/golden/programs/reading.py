import sys

n = int(input())
rows = []
for _ in range(n):
    rows.append(list(map(int, input().split())))
name = sys.stdin.readline().strip()
rest = sys.stdin.read()
print(sum(map(sum, rows)), name, len(rest))
try:
    input()
except EOFError:
    print("end")
sys.stdout.write("no newline")
print("a", "b", sep="-", end="!\n")
print("two\nlines")
print()
