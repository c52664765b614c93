"""The turn sampler: one inner call a turn, however unevenly the rollouts come back."""

import asyncio

from deskcheck_agent.sampler import Message, SamplingParams, ScriptedSampler
from deskcheck_trainer.turn_sampler import RecordingSampler, TurnSampler

PARAMS = SamplingParams()


def ask(text: str) -> list[Message]:
    return [Message(role="user", content=text)]


async def test_a_turn_leaves_when_everyone_who_still_plays_waits():
    inner = ScriptedSampler(lambda messages, params, index: messages[0]["content"].upper())
    sampler = TurnSampler(inner, players=4)

    async def play(number: int, turns: int) -> list[str]:
        answers = []
        for turn in range(turns):
            await asyncio.sleep(0.002 * number)  # a sandbox that answers one by one
            answers.append((await sampler.sample([ask(f"p{number}t{turn}")], PARAMS))[0][0].text)
        sampler.leave()
        return answers

    played = await asyncio.gather(*(play(number, turns) for number, turns in enumerate([3, 1, 2, 1])))
    assert played == [["P0T0", "P0T1", "P0T2"], ["P1T0"], ["P2T0", "P2T1"], ["P3T0"]]
    assert inner.calls == 3  # the longest rollout's turns
    assert sampler.seconds > 0


async def test_the_recorder_keeps_every_pair_in_order():
    recorder = RecordingSampler(ScriptedSampler(["a", "b"]))
    await recorder.sample([ask("x"), ask("y")], PARAMS)
    assert [(prompt[0]["content"], completion.text) for prompt, completion in recorder.calls] == [
        ("x", "a"),
        ("y", "b"),
    ]
