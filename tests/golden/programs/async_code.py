import asyncio

async def fetch(n):
    await asyncio.sleep(0)
    return n * 2

async def stream(n):
    for i in range(n):
        yield i

async def main():
    total = await fetch(1)
    async for i in stream(2):
        total += i
    a, b = await asyncio.gather(fetch(2), fetch(3))
    return total + a + b

print(asyncio.run(main()))
