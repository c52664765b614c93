"""The scripted twin of lm-eval's backends: hands out texts in the order in which they are asked for."""

from typing import Any

from lm_eval.api.instance import Instance
from lm_eval.api.model import LM

from deskcheck_evals.errors import EvalError


class ScriptedLM(LM):
    """Answers from a list; it has no probabilities."""

    def __init__(self, texts: list[str]) -> None:
        super().__init__()
        self.texts = texts
        self.asked: list[str] = []
        """The prompts, in order."""

    def generate_until(self, requests: list[Instance], disable_tqdm: bool = False) -> list[str]:
        if len(self.asked) + len(requests) > len(self.texts):
            wanted = len(self.asked) + len(requests)
            raise EvalError(f"sampler.script has {len(self.texts)} texts, expected {wanted}: one a question, in order")
        answers = self.texts[len(self.asked) : len(self.asked) + len(requests)]
        self.asked += [request.args[0] for request in requests]
        for request, answer in zip(requests, answers, strict=True):
            self.cache_hook.add_partial("generate_until", request.args, answer)
        return answers

    @property
    def tokenizer_name(self) -> str:
        return "scripted"

    def apply_chat_template(self, chat_history: list[dict[str, str]], add_generation_prompt: bool = True) -> str:
        return "\n".join(f"<{message['role']}>\n{message['content']}" for message in chat_history)

    def loglikelihood(self, requests: list[Instance], disable_tqdm: bool = False) -> Any:
        raise NotImplementedError("a scripted model has no probabilities")

    loglikelihood_rolling = loglikelihood
