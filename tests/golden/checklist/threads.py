from concurrent.futures import ThreadPoolExecutor
def work(n):
    part = n * 2
    return helper(part)
def helper(n):
    return n + 1
one = list(ThreadPoolExecutor(1, thread_name_prefix="worker").map(work, [1]))
two = list(ThreadPoolExecutor(1, thread_name_prefix="worker").map(work, [2, 3]))
