# SPDX-License-Identifier: Apache-2.0
"""Run-length encoding with a generator."""


def runs(text):
    """Yield (character, length) for each run.

    >>> list(runs("aab"))
    [('a', 2), ('b', 1)]
    """
    start = 0
    for i in range(1, len(text) + 1):
        if i == len(text) or text[i] != text[start]:
            yield text[start], i - start
            start = i


def encode(text):
    """The encoded text.

    >>> encode("aaabcc")
    'a3b1c2'
    >>> encode("")
    ''
    """
    return "".join(f"{c}{n}" for c, n in runs(text))
