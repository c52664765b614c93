# SPDX-License-Identifier: Apache-2.0
"""How many steps does n need to reach 1, and how high does it climb?"""

n = int(input())
steps, highest = 0, n
while n != 1:
    if n % 2 == 0:
        n //= 2
    else:
        n = 3 * n + 1
    steps += 1
    highest = max(highest, n)
print(steps, highest)
