"""Tokens a second of our decode loop and of `model.generate`, on the same random model and prompts, in one run.

    python benchmarks/sampler.py --batch 256 --threads 2 [--kv-heads 2] [--autocast] [--prompt 100] [--new 100] [--n 8]

New tokens only, prefill included in the time; the best of `--rounds`. A sharpened output layer makes the model about
as sure of its next token as a trained one (top-p then needs no full sort).
"""

import argparse
import time
from collections.abc import Callable
from typing import Any

import torch
from deskcheck_agent.decode import Decoder
from deskcheck_agent.sampler import SamplingParams
from transformers import LlamaConfig, LlamaForCausalLM


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    defaults = {"batch": 256, "threads": 2, "width": 256, "layers": 4, "heads": 8, "kv_heads": 8, "prompt": 100}
    for name, value in {**defaults, "new": 100, "n": 8, "rounds": 3}.items():
        parser.add_argument(f"--{name.replace('_', '-')}", type=int, default=value)
    parser.add_argument("--autocast", action="store_true")
    parser.add_argument("--without-generate", action="store_true")
    return parser.parse_args()


def random_model(asked: argparse.Namespace) -> Any:
    torch.manual_seed(0)
    model = LlamaForCausalLM(
        LlamaConfig(
            vocab_size=512,
            hidden_size=asked.width,
            intermediate_size=3 * asked.width,
            num_hidden_layers=asked.layers,
            num_attention_heads=asked.heads,
            num_key_value_heads=asked.kv_heads,
            max_position_embeddings=4096,
            eos_token_id=None,
            pad_token_id=0,
        )
    )
    model.lm_head.weight.data.mul_(10)
    return model.eval()


def best(run: Callable[[], int], rounds: int) -> tuple[float, float]:
    """(tokens a second of wall time, tokens a second of CPU time) of the fastest round."""
    rates = []
    for _ in range(rounds):
        wall, cpu = time.perf_counter(), time.process_time()
        tokens = run()
        rates.append((tokens / (time.perf_counter() - wall), tokens / (time.process_time() - cpu)))
    return max(rate for rate, _ in rates), max(rate for _, rate in rates)


def main() -> None:
    asked = arguments()
    torch.set_num_threads(asked.threads)
    model = random_model(asked)
    prompts = torch.randint(0, 512, (asked.batch // asked.n, asked.prompt))

    def ours() -> int:
        decoder = Decoder(model, frozenset(), lambda ids: "", batch_size=asked.batch, autocast=asked.autocast)
        for place, prompt in enumerate(prompts.tolist()):
            decoder.add(place, prompt, SamplingParams(max_tokens=asked.new, n=asked.n))
        counts: list[int] = []
        decoder.run(lambda row: counts.append(len(row.token_ids)))
        return sum(counts)

    def generate() -> int:
        ids = prompts.repeat_interleave(asked.n, 0)
        with torch.no_grad(), torch.autocast("cpu", torch.bfloat16, enabled=asked.autocast):
            out = model.generate(ids, max_new_tokens=asked.new, do_sample=True, top_p=0.95, top_k=0, use_cache=True)
        return out[:, asked.prompt :].numel()

    print(f"{sum(each.numel() for each in model.parameters()) / 1e6:.1f}M parameters, {vars(asked)}")
    for name, run in {"ours": ours, **({} if asked.without_generate else {"model.generate": generate})}.items():
        wall, cpu = best(run, asked.rounds)
        print(f"{name:15} {wall:8.0f} tokens/s   {cpu:8.0f} tokens a CPU second")


if __name__ == "__main__":
    main()
