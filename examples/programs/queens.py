# SPDX-License-Identifier: Apache-2.0
"""Place n queens so that none attacks another (backtracking); print the first placing."""


def place(n, columns):
    """Complete `columns` (the queen's column in each row so far), or return None."""
    row = len(columns)
    if row == n:
        return columns
    for column in range(n):
        if all(column != c and abs(column - c) != row - r for r, c in enumerate(columns)):
            found = place(n, [*columns, column])
            if found:
                return found
    return None


print(place(int(input()), []))
