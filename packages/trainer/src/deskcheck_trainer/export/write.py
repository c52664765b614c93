"""`deskcheck-rl ... export=verl|verifiers`: the tasks of a run as files of another trainer, and its rollouts so far.

    RUN/export/verl/{train,validation}.parquet        data_source, prompt, ability, reward_model, extra_info
    RUN/export/verifiers/{train,validation}.jsonl     prompt, answer, task, info; prime-rl reads verifiers' environments
    RUN/export/rollouts.jsonl                         prompt, completion, reward: of samples.jsonl, a line for each turn

Prompts are those that deskcheck-rl would play, byte for byte, and tasks come in the mixture's shares. Both formats hold
single-turn tasks: of Self-RLEF its first turn, as Solve; the second, whose prompt depends on the first answer, needs an
environment of the other trainer's own. Formats as documented by verl 0.9 (prepare data) and verifiers (datasets); that
the files hold them is tested, a run of either trainer was not made.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from deskcheck_agent.problem import Problem
from deskcheck_agent.prompts import Prompts
from deskcheck_conf.entry import Launch, Launched
from deskcheck_conf.errors import ConfigError
from deskcheck_conf.files import write_atomic
from deskcheck_conf.run import Run

from deskcheck_trainer.mixture import BlockMixture, Source
from deskcheck_trainer.rl_config import ExportFormat, RLConfig, training_benchmark, validation_benchmark
from deskcheck_trainer.rollout import Task
from deskcheck_trainer.tasks import load_tasks


def exporting(launch: Launch) -> Launch:
    """`launch`, but for runs that are only to be exported."""

    def export_or_launch(config: RLConfig, open_run: Callable[[], Run]) -> Launched | None:
        if config.export is None:
            return launch(config, open_run)
        run = open_run()
        try:
            for path in export(config, run.folder):
                print(path)
        finally:
            run.close()
        return Launched()

    return export_or_launch


def export(config: RLConfig, folder: Path) -> list[Path]:
    """Write the files below `folder`/export; returns their paths. ConfigError for rewards that no row can carry."""
    assert config.export is not None
    prediction = config.env.output_prediction
    if prediction is not None and getattr(prediction, "step_reward", 0):
        raise ConfigError(
            f"env.output_prediction.step_reward is {prediction.step_reward}, expected 0 with export: the exported "
            "reward looks at the output alone"
        )
    write = {ExportFormat.verl: _verl, ExportFormat.verifiers: _verifiers}[config.export]
    target = folder / "export" / config.export.value
    target.mkdir(parents=True, exist_ok=True)
    made = [write(target, "train", list(rows_of(config, _training(config))))]
    if config.validation.every:
        made.append(write(target, "validation", list(rows_of(config, _validation(config)))))
    if (samples := folder / "samples.jsonl").exists():
        made.append(_rollouts(samples, folder / "export" / "rollouts.jsonl"))
    return made


def _training(config: RLConfig) -> list[Task]:
    """As many draws of the mixture as the run would play."""
    sources = {
        name: Source(load_tasks(name, training_benchmark(config, name)), env.share, 1)
        for name, env in config.env.used().items()
    }
    blocks = BlockMixture(sources, seed=config.seed).take(config.max_steps * config.blocks_per_step)
    return [task for block in blocks for task in block]


def _validation(config: RLConfig) -> list[Task]:
    return [task for name in config.env.used() for task in load_tasks(name, validation_benchmark(config, name))]


def rows_of(config: RLConfig, tasks: Sequence[Task]) -> Iterator[dict[str, Any]]:
    """What both formats hold of each task: env, id, prompt (chat messages), truth (JSON text for reward.py)."""
    prompts, used = Prompts.load(config.prompts), config.env.used()
    for task in tasks:
        weight = used[task.env].reward_weight
        truth: dict[str, Any] = {"env": task.env, "weight": weight}
        if isinstance(task.item, Problem):
            prompt = prompts.solve(task.item)
            truth["problem"] = task.item.to_json()
        else:
            prediction = config.env.output_prediction
            assert prediction is not None
            prompt = prompts.simulate(task.item.program)
            is_call = task.item.program.call is not None
            truth |= {"output": task.item.output, "is_call": is_call, "checker": prediction.checker}
        messages = [{"role": message["role"], "content": message["content"]} for message in prompt]
        yield {"env": task.env, "id": task.id, "prompt": messages, "truth": json.dumps(truth, ensure_ascii=False)}


def _verl(folder: Path, split: str, rows: list[dict[str, Any]]) -> Path:
    import pyarrow as pa
    import pyarrow.parquet as pq

    path = folder / f"{split}.parquet"
    made = [
        {
            "data_source": f"deskcheck/{row['env']}",
            "prompt": row["prompt"],
            "ability": "code",
            "reward_model": {"style": "rule", "ground_truth": row["truth"]},
            "extra_info": {"split": split, "index": index, "id": row["id"]},
        }
        for index, row in enumerate(rows)
    ]
    pq.write_table(pa.Table.from_pylist(made), path)
    return path


def _verifiers(folder: Path, split: str, rows: list[dict[str, Any]]) -> Path:
    path = folder / f"{split}.jsonl"
    lines = (
        {"prompt": row["prompt"], "answer": row["truth"], "task": row["env"], "info": json.dumps({"id": row["id"]})}
        for row in rows
    )
    write_atomic(path, "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines))
    return path


def _rollouts(samples: Path, path: Path) -> Path:
    """A line for each turn of the rollouts that the run kept, each with its rollout's reward."""
    lines = []
    for line in samples.read_text(encoding="utf-8").splitlines():
        rollout = json.loads(line)
        for number, turn in enumerate(rollout["turns"]):
            about = {"step": rollout["step"], "turn": number, "role": turn["role"], "drop": rollout["drop"]}
            lines.append(
                {
                    "prompt": [{"role": "user", "content": turn["prompt"]}],
                    "completion": [{"role": "assistant", "content": turn["answer"]}],
                    "reward": rollout["reward"],
                    "task": rollout["env"],
                    "example_id": rollout["task"],
                    "info": json.dumps(about),
                }
            )
    write_atomic(path, "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines))
    return path
