# SPDX-License-Identifier: Apache-2.0
"""The primes below 20 by the sieve of Eratosthenes. Needs no input."""

N = 20
is_prime = [False, False] + [True] * (N - 2)
for p in range(2, N):
    if is_prime[p]:
        for multiple in range(p * p, N, p):
            is_prime[multiple] = False
print([p for p in range(N) if is_prime[p]])
