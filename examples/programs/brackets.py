# SPDX-License-Identifier: Apache-2.0
"""Do the brackets of a line match? If not, where is the first mistake?"""

PAIRS = {")": "(", "]": "[", "}": "{"}


def first_mistake(text):
    """The index of the first bracket that does not match, or None.

    >>> first_mistake("(a[0])")
    >>> first_mistake("(]")
    1
    """
    open_brackets = []
    for i, c in enumerate(text):
        if c in PAIRS.values():
            open_brackets.append((c, i))
        elif c in PAIRS:
            if not open_brackets or open_brackets.pop()[0] != PAIRS[c]:
                return i
    if open_brackets:
        return open_brackets[0][1]
    return None


if __name__ == "__main__":
    mistake = first_mistake(input())
    print("ok" if mistake is None else f"mistake at {mistake}")
