import asyncio
async def work(name, steps):
    for step in range(steps):
        await asyncio.sleep(0)
        log.append(name + str(step))
    return name
async def numbers():
    yield 1
    yield 2
class Door:
    async def __aenter__(self):
        return "in"
    async def __aexit__(self, *_):
        return False
async def main():
    done = await asyncio.gather(work("a", 2), work("b", 1))
    doubled = [n * 2 async for n in numbers()]
    async with Door() as where:
        async for n in numbers():
            where += str(n)
    return done, doubled, where
log = []
result = asyncio.run(main())
