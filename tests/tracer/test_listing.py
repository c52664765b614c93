"""A trace as plain text."""

from deskcheck_tracer.engine import record_here
from deskcheck_tracer.listing import listing

SOURCE = """\
def half(n):
    if n % 2:
        raise ValueError(n)
    return n // 2
class Box:
    size = 1
def count():
    got = yield 1
n = int(input())
for k in [n, 3]:
    try:
        print(half(k))
    except ValueError as error:
        last = str(error)
it = count()
next(it)
del n
"""
EXPECTED = """\
    1  def half(n):                                     half = <function half>
    5  class Box:
-> Box: its body
|      5  class Box:
|      6  size = 1                                      size = 1
|         Box                                           done
    5  class Box:                                       Box = <class 'Box'>
    7  def count():                                     count = <function count>
    9  n = int(input())                                 n = 4, reads '4'
   10  for k in [n, 3]:                                 k = 4
   11  try:
   12  print(half(k))
-> half(n = 4)
|      2  if n % 2:
|      4  return n // 2                                 returns 2
   12  print(half(k))                                   prints '2\\n'
   10  for k in [n, 3]:                                 k = 3
   11  try:
   12  print(half(k))
-> half(n = 3)
|      2  if n % 2:
|      3  raise ValueError(n)                           raises ValueError(3)
|         half                                          leaves with ValueError(3)
       <module>                                         catches ValueError(3)
   13  except ValueError as error:                      error = ValueError(3)
   14  last = str(error)                                last = '3', error gone
   10  for k in [n, 3]:
   15  it = count()                                     it = generator#1
   16  next(it)
-> count()
|      8  got = yield 1                                 yields 1
   17  del n                                            n gone
finished
"""


def test_a_listing_reads_line_by_line() -> None:
    assert "\n".join(listing(record_here(SOURCE, "4"))) + "\n" == EXPECTED


def test_the_end_is_told() -> None:
    assert list(listing(record_here("1 / 0\n")))[-1] == "ended: raised: ZeroDivisionError: division by zero"
    assert list(listing(record_here("x = (\n")))[-1].startswith("ended: raised: SyntaxError")
