# -*- coding: utf-8 -*-
"""A docstring
over lines."""
from __future__ import annotations
def tabbed(n):
	if n:
		m = n
	return m
é = tabbed(1)

same = 1
same = 1
same = 1
text = """one
two"""
joined = 1 + \
    2
def doc():
    "only a docstring"
empty = doc()
