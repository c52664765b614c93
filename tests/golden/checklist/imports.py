import os.path as path
import string, math as m
from math import *
from string import digits
root = sqrt(16)
letters = string.ascii_lowercase[:3]
class Row:
    def __init__(self, n):
        self.n = n
    def __lt__(self, other):
        return self.n < other.n
rows = sorted([Row(2), Row(1)])
text = list(map(lambda c: c.upper(), letters))
import json
blob = json.dumps({"a": Row}, default=lambda kind: kind.__name__)
