"""The narrator `llm`: a model's prose becomes a row if it proves true, and is kept aside with its reason if not."""

import pytest
from deskcheck_agent.cache import CachedSampler
from deskcheck_agent.errors import SamplerError
from deskcheck_agent.gather import GatheringSampler
from deskcheck_agent.prompts import Prompts
from deskcheck_agent.sampler import Completion, SamplingParams, ScriptedSampler, StopReason
from deskcheck_tracer import Limits, Program, narrate
from deskcheck_tracer.engine import record_here
from deskcheck_trainer.nlex import Reason, Rejected, Row
from deskcheck_trainer.nlex.recording import Recorded
from deskcheck_trainer.nlex.sources import Explain
from deskcheck_trainer.nlex.translate import Translation, Translator

PROMPTS = Prompts.load()
SOURCE = "n = int(input())\ns = 0\nfor i in range(n):\n    s += i\nprint(s)\n"


def recorded(stdin: str = "3\n", origin: str = "o") -> Recorded:
    program = Program(SOURCE, stdin)
    return Recorded(Explain(program=program, origin=origin), record_here(SOURCE, stdin, None, Limits()))


def truth(run: Recorded) -> str:
    """What a good model would answer, in words that the verifier reads exactly."""
    return narrate(run.trace, "step")


def translator(script, **plan) -> Translator:
    sampler = script if isinstance(script, CachedSampler | GatheringSampler) else ScriptedSampler(script)
    return Translator(sampler, PROMPTS, Translation(**{"model": "m", "params": SamplingParams(max_tokens=50), **plan}))


def test_a_true_text_is_a_row_whose_prompt_holds_no_record() -> None:
    run = recorded()
    asked = ScriptedSampler([truth(run).removesuffix("</output>")])  # the closing tag is a stop string
    (row,), counts = Translator(asked, PROMPTS, Translation(model="m", params=SamplingParams()))([run])
    assert isinstance(row, Row) and row.style == "llm" and row.output == "3\n"
    assert row.completion[0]["content"] == truth(run)
    assert row.prompt == [dict(m) for m in PROMPTS.explain(run.item.program)]
    record = narrate(run.trace, "compact")
    assert record in asked.prompts[0][0]["content"] and "s = 1 + 2 = 3" not in row.prompt[0]["content"]
    assert counts == {"runs": 1, "attempts": 1, "accepted": 1}


BLOCKED = {
    Reason.wrong_output: truth(recorded()).replace("<output>\n3", "<output>\n4"),
    Reason.claim_false: truth(recorded()).replace("i is 2", "i is 5"),
    Reason.no_claims: "<output>\n3\n</output>",
    Reason.no_output: "The program adds the numbers below 3 and prints 3.",
    Reason.empty_answer: "  \n",
    Reason.copied: narrate(recorded().trace, "compact"),
    Reason.cut_off: Completion("s is 0, s is 0, s is 0, s is", token_ids=(1,) * 50, stop=StopReason.length),
    Reason.no_answer: Completion("", stop=StopReason.error),
}


@pytest.mark.parametrize("reason", BLOCKED)
def test_what_is_not_proven_is_kept_aside_with_its_reason(reason: Reason) -> None:
    (outcome,), counts = translator([BLOCKED[reason]])([recorded()])
    assert isinstance(outcome, Rejected) and outcome.reason is reason and outcome.detail
    said = BLOCKED[reason]
    assert outcome.narration == (said.text if isinstance(said, Completion) else said.strip())
    assert counts == {"runs": 1, "attempts": 1, reason.value: 1}


PROSE = """The input is 3, so n becomes 3, and s starts at 0. In the first round i is 0 and s stays 0. In the second
round i is 1 and s becomes 1. In the third round i is 2, so s becomes 3. The loop ends, and 3 is printed.
<output>
3
</output>"""


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (PROSE, None),
        (PROSE.replace("so s becomes 3", "so s becomes 5"), Reason.claim_false),
        (PROSE.replace("output>\n3", "output>\n3 "), Reason.wrong_output),
        ("This program is a fine piece of work, as can be seen.\n<output>\n3\n</output>", Reason.no_claims),
    ],
)
def test_free_prose_is_verified(text: str, reason: Reason | None) -> None:
    (outcome,), _ = translator([text])([recorded()])
    assert (outcome.reason if isinstance(outcome, Rejected) else None) == reason


def test_an_answer_that_goes_on_after_its_output_is_cut_there() -> None:
    run = recorded()
    (row,), _ = translator([truth(run) + "\nIn summary, s is 99.\n<output>\n99\n</output>"])([run])
    assert isinstance(row, Row) and row.completion[0]["content"] == truth(run)


def test_the_first_attempt_that_holds_is_the_row() -> None:
    run = recorded()
    seeds = []

    def script(messages, params, index):
        seeds.append(params.seed)
        return truth(run) if len(seeds) == 3 else "no"

    (row,), counts = translator(script, attempts=5)([run])
    assert isinstance(row, Row) and len(set(seeds)) == 3
    assert counts == {"runs": 1, "attempts": 3, "accepted": 1, "no_output": 2}


def test_outcomes_keep_their_order_and_all_runs_share_a_batch() -> None:
    runs = [recorded(f"{n}\n", str(n)) for n in (3, 4, 5)]
    texts = {PROMPTS.translate(run.item.program, narrate(run.trace, "compact"))[0]["content"]: run for run in runs}
    inner = ScriptedSampler(lambda messages, params, index: truth(texts[messages[0]["content"]]))
    aside = Rejected(reason=Reason.trivial, detail="d", origin="x")
    outcomes, counts = translator(GatheringSampler(inner))([runs[2], aside, runs[0], runs[1]])
    assert [one.origin for one in outcomes] == ["5", "x", "3", "4"]
    assert inner.calls == 1 and counts["accepted"] == 3


def test_a_long_record_is_cut_with_a_mark_and_too_long_a_one_is_not_asked() -> None:
    run = recorded("60\n")
    sampler = ScriptedSampler(["no"])
    plan = Translation(model="m", params=SamplingParams(), record_tokens=150)
    Translator(sampler, PROMPTS, plan)([run])
    shown = sampler.prompts[0][0]["content"].partition("The record:")[2].partition("A line `...")[0]
    assert "lines left out ..." in shown and shown.count("\n") < 40
    source = "\n".join(f"print('{n}' * 50)" for n in range(20))
    wide = Recorded(Explain(program=Program(source), origin="o"), record_here(source, "", None, Limits()))
    (outcome,), counts = translator(["no"], record_tokens=10)([wide])
    assert isinstance(outcome, Rejected) and outcome.reason is Reason.too_long
    assert counts == {"runs": 1, "unasked": 1}


class Dying:
    """A server that is refused after so many prompts."""

    model_id = "dying"

    def __init__(self, most: int) -> None:
        self.left, self.asked = most, 0

    async def sample(self, prompts, params):
        if self.left < len(prompts):
            raise SamplerError("nothing answers")
        self.left -= len(prompts)
        self.asked += len(prompts)
        return [[Completion("no output here")] for _ in prompts]


def test_a_model_that_dies_in_mid_shard_goes_on_from_its_answers(tmp_path) -> None:
    runs = [recorded(f"{n}\n", str(n)) for n in range(2, 8)]
    dying = Dying(4)
    with pytest.raises(SamplerError, match="nothing answers"):
        translator(GatheringSampler(CachedSampler(dying, tmp_path), batch_size=2))(runs)
    assert dying.asked == 4
    again = Dying(2)
    outcomes, counts = translator(GatheringSampler(CachedSampler(again, tmp_path), batch_size=2))(runs)
    assert again.asked == 2 and counts["no_output"] == 6 and len(outcomes) == 6
