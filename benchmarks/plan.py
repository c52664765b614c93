"""Predicted and measured peak memory of fine-tuning runs on this machine, and how far apart they are.

    python benchmarks/plan.py [--only NAME ...]

Each run is a process of its own: random models of 20 to 90 million parameters, rows of random words, two steps of two
passes. Measured is the process's highest resident memory during training less what it held before the model was loaded
and after a tiny model was trained, which loads every library; predicted is what plan=true prints. Exit code 1 where
they differ by more than --within (0.2).
"""

import argparse
import json
import random
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

MIB = 2**20


@dataclass(frozen=True)
class Case:
    hidden: int = 512
    layers: int = 8
    vocab: int = 8192
    rows: int = 4
    """Sequences of a pass."""
    length: int = 256
    overrides: tuple[str, ...] = ()


CASES = {
    "float32": Case(overrides=("bf16=false",)),
    "bfloat16": Case(),
    "long rows": Case(hidden=256, layers=6, rows=1, length=2048),
    "packed": Case(hidden=256, layers=6, rows=2, length=768, overrides=("packing=true",)),
    "large vocabulary": Case(hidden=256, layers=4, vocab=65536, rows=4, length=256),
    "Muon": Case(overrides=("optimizer.kind=muon",)),
    "wide": Case(hidden=768, layers=10, rows=2),
    "checkpointed": Case(rows=8, overrides=("activation_checkpointing=true",)),
    "LoRA": Case(hidden=768, layers=10, rows=2, overrides=("lora.r=16",)),
}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="+", choices=CASES, default=list(CASES))
    parser.add_argument("--within", type=float, default=0.2)
    parser.add_argument("--run", nargs=2, metavar=("NAME", "FOLDER"), help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.run:
        print(json.dumps(measure(CASES[asked.run[0]], Path(asked.run[1]))))
        return 0
    print(f"{'run':<18}{'parameters':>12}{'tokens':>8}{'predicted MiB':>15}{'measured MiB':>14}{'ratio':>7}")
    worst = 0.0
    for name in asked.only:
        with tempfile.TemporaryDirectory() as folder:
            subprocess.run([sys.executable, __file__, "--run", name, folder], check=True, capture_output=True)
            words = [sys.executable, __file__, "--run", name, folder]
            told = json.loads(subprocess.run(words, check=True, capture_output=True, text=True).stdout.splitlines()[-1])
        ratio = told["predicted"] / told["measured"]
        worst = max(worst, abs(ratio - 1))
        case = CASES[name]
        print(
            f"{name:<18}{told['parameters']:>12,}{case.rows * case.length:>8,}{told['predicted'] / MIB:>15,.0f}"
            f"{told['measured'] / MIB:>14,.0f}{ratio:>7.2f}",
            flush=True,
        )
    print(f"farthest apart: {worst:.0%}, allowed {asked.within:.0%}")
    return int(worst > asked.within)


def measure(case: Case, folder: Path) -> dict[str, float]:
    """The first call makes the model and its rows, the second trains and measures: making would leave memory behind."""
    if not (folder / "model").exists():
        make(case, folder)
        return {}
    from deskcheck_conf.entry import load_config
    from deskcheck_trainer.plan.memory import peak
    from deskcheck_trainer.plan.report import sft_process
    from deskcheck_trainer.sft import SFTConfig, build

    tiny = load_config("sft", SFTConfig, ["wandb=disabled", f"output_root={folder}", "max_steps=1", "bf16=false"])
    build(tiny, folder / "tiny").train()
    config = load_config(
        "sft",
        SFTConfig,
        [
            *("wandb=disabled", "run_name=plan", f"output_root={folder}", "scratch=null", f"model.path={folder}/model"),
            *(f"datasets=[{{path: {folder}/rows.jsonl}}]", "packing=false", f"max_length={case.length}"),
            *(f"sequences_per_pass={case.rows}", f"sequences_per_step={2 * case.rows}", "max_steps=2"),
            *("optimizer.kind=adamw", "save_every=1000", *case.overrides),
        ],
    )
    one = sft_process(config)
    _, predicted = peak(one)
    before = status("VmRSS")
    trainer = build(config, folder / "run")
    Path("/proc/self/clear_refs").write_text("5")  # from here on VmHWM is the highest of the training
    trainer.train()
    return {"predicted": predicted, "measured": status("VmHWM") - before, "parameters": one.shape.parameters}


def make(case: Case, folder: Path) -> None:
    import deskcheck_micro
    import torch
    from transformers import AutoTokenizer, LlamaConfig, LlamaForCausalLM

    torch.manual_seed(0)
    tokenizer = AutoTokenizer.from_pretrained(str(deskcheck_micro.folder("micro-base")))
    model = LlamaForCausalLM(
        LlamaConfig(
            hidden_size=case.hidden,
            intermediate_size=case.hidden * 11 // 4,
            num_hidden_layers=case.layers,
            num_attention_heads=case.hidden // 64,
            num_key_value_heads=case.hidden // 128,
            vocab_size=case.vocab,
            max_position_embeddings=4096,
            tie_word_embeddings=True,
            bos_token_id=None,
            eos_token_id=tokenizer.eos_token_id,
            pad_token_id=tokenizer.pad_token_id,
        )
    )
    model.save_pretrained(folder / "model")
    tokenizer.save_pretrained(folder / "model")
    rng = random.Random(0)
    with (folder / "rows.jsonl").open("w") as rows:
        for _ in range(8 * case.rows):
            # digits are single tokens: every row is longer than max_length and is cut to it
            text = "".join(rng.choices("0123456789", k=2 * case.length))
            rows.write(json.dumps({"text": text}) + "\n")


def status(key: str) -> int:
    """A size of /proc/self/status, in bytes."""
    (line,) = [line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith(f"{key}:")]
    return int(line.split()[1]) * 1024


if __name__ == "__main__":
    sys.exit(main())
