# SPDX-License-Identifier: Apache-2.0
"""Count the words of the input, most frequent first, ties in the order they were read."""

import sys

counts = {}
for line in sys.stdin:
    for word in line.lower().split():
        counts[word] = counts.get(word, 0) + 1
for word, count in sorted(counts.items(), key=lambda item: -item[1]):
    print(word, count)
