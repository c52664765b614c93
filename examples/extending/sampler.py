"""A sampler of your own: any command that reads chat messages (JSON) and writes an answer.

python examples/extending/sampler.py                     # asks the parrot below
python examples/extending/sampler.py ./my_model --fast   # asks yours; its last word is the seed
"""

import asyncio
import json
import sys
from asyncio.subprocess import PIPE
from collections.abc import Sequence

from deskcheck_agent import Completion, Message, Problem, SamplingParams, self_verify
from deskcheck_agent.errors import SamplerError
from deskcheck_agent.sampler import params_per_prompt, seed_of
from deskcheck_tracer import TestCase


class CommandSampler:
    def __init__(self, *command: str) -> None:
        self.command = command
        self.model_id = " ".join(command)

    async def sample(
        self, prompts: Sequence[list[Message]], params: SamplingParams | Sequence[SamplingParams]
    ) -> list[list[Completion]]:
        asked = zip(prompts, params_per_prompt(prompts, params), strict=True)
        return await asyncio.gather(*(self._row(prompt, each) for prompt, each in asked))

    async def _row(self, prompt: list[Message], params: SamplingParams) -> list[Completion]:
        # A completion depends on seed, prompt and index alone, never on what else is asked at the time.
        return await asyncio.gather(*(self._ask(prompt, seed_of(params.seed, index)) for index in params.indices))

    async def _ask(self, prompt: list[Message], seed: int) -> Completion:
        process = await asyncio.create_subprocess_exec(*self.command, str(seed), stdin=PIPE, stdout=PIPE)
        answer, _ = await process.communicate(json.dumps(prompt).encode())
        if process.returncode != 0:
            raise SamplerError(f"{self.model_id} ended with exit code {process.returncode}, expected 0")
        return Completion(answer.decode())


PARROT = """
import json, sys
asked = json.load(sys.stdin)[-1]["content"]
simulates = "<output>" in asked
print("<output>\\n7\\n</output>" if simulates else "```python\\nprint(input())\\n```")
"""

if __name__ == "__main__":
    sampler = CommandSampler(*(sys.argv[1:] or [sys.executable, "-c", PARROT]))
    problem = Problem("copy", "Print the line that you read.", (TestCase("7\n", "7\n"), TestCase("8\n", "8\n")))
    ranking = asyncio.run(self_verify(problem, sampler, k=2, n=1))
    for test in ranking.best.feedback:
        print(f"{test.input!r} -> {test.observed!r}: {'passes' if test.passed else 'fails'}, the model believes")
