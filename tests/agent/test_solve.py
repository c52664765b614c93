"""`deskcheck-solve` from the command line to the run folder: modes, resuming, bad input, the page."""

import json
import re

import pytest
from deskcheck_agent import solve
from deskcheck_agent.config import SolveConfig
from deskcheck_agent.trajectory import load_trajectories
from deskcheck_conf import load_config

PROBLEMS = [
    {
        "id": f"p{number}",
        "statement": "print the input <b>",
        "public_tests": [{"input": f"{number}\n", "output": f"{number}\n"}],
        "private_tests": [{"input": "secret\n", "output": "PRIVATE\n"}],
    }
    for number in range(3)
]


@pytest.fixture
def go(tmp_path, capsys):
    """Run the command with overrides; gives (exit code, stdout, stderr, run folder)."""
    problems = tmp_path / "problems.jsonl"
    problems.write_text("".join(json.dumps(each) + "\n" for each in PROBLEMS))

    def run(*overrides):
        words = [
            "experiment=solve/own",
            "sampler=scripted",
            "model@sampler.model=scripted",
            "prompts=micro",
            "wandb=disabled",
        ]
        words += [
            f"output_root={tmp_path}/out",
            "run_name=t",
            *(each.replace("FILE", str(problems)) for each in overrides),
        ]
        code = solve.main(words)
        said = capsys.readouterr()
        return code, said.out, said.err, tmp_path / "out" / "t-s0"

    return run


INLINE = ["inline.statement=copy", 'inline.tests=[{input: "3 1\\n", output: "3 1\\n"}]']


def test_the_bare_command_prints_the_program_alone(tmp_path, capsys):
    assert solve.main([f"output_root={tmp_path}", "wandb=disabled"]) == 0
    assert capsys.readouterr().out == "import sys\nprint(sys.stdin.read(), end='')\n"
    assert (tmp_path / "solve-smoke-s0" / "solve.html").exists()


@pytest.mark.parametrize("mode", ["single", "verify", "fix", "both"])
@pytest.mark.parametrize("feedback", ["simulated", "executed"])
def test_every_mode_with_every_feedback(go, mode, feedback):
    code, out, _, folder = go("problems=FILE", f"mode={mode}", f"feedback={feedback}", "k=3")
    assert code == 0 and all(each["id"] in out for each in PROBLEMS)
    rows = [json.loads(line) for line in (folder / "results.jsonl").read_text().splitlines()]
    believed = None if mode == "single" else True
    assert sorted((row["problem_id"], row["believed"]) for row in rows) == [(f"p{n}", believed) for n in range(3)]
    assert (folder / "rankings.jsonl").exists() == (mode in ("verify", "both"))
    page = (folder / "solve.html").read_text()
    assert "print the input &lt;b&gt;" in page and "PRIVATE" not in page
    assert not re.search(r'src=|href="(?!#)', page)  # self-contained


def test_not_believed_is_exit_code_one(go):
    code, out, err, _ = go("inline.statement=copy", 'inline.tests=[{input: "1", output: "2"}]', "mode=verify", "k=2")
    assert code == 1 and "print(sys.stdin.read()" in out and "not believed" in err


def test_a_finished_run_is_shown_again_without_sampling(go, tmp_path):
    first = go("problems=FILE", "mode=fix")
    before = (first[3] / "trajectories.jsonl").read_text()
    again = go("problems=FILE", "mode=fix")
    assert again[:2] == first[:2]
    assert (first[3] / "trajectories.jsonl").read_text() == before


def test_a_killed_run_goes_on_problem_by_problem(go):
    folder = go("problems=FILE", "mode=fix")[3]
    whole = load_trajectories(folder / "trajectories.jsonl")
    results = (folder / "results.jsonl").read_text().splitlines(keepends=True)
    lines = (folder / "trajectories.jsonl").read_text().splitlines(keepends=True)
    (folder / "results.jsonl").write_text(results[0][:10])  # killed while it wrote the first row
    (folder / "trajectories.jsonl").write_text("".join(lines[:-2]) + lines[-2][:20])
    (folder / "done.json").unlink()
    assert go("problems=FILE", "mode=fix")[0] == 0
    assert load_trajectories(folder / "trajectories.jsonl") == whole
    assert sorted((folder / "results.jsonl").read_text().splitlines()) == sorted(line.strip() for line in results)


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        ([], "expected problems=FILE.jsonl or one problem inline"),
        (["problems=FILE", *INLINE], "got both"),
        (["problems=none.jsonl"], "cannot read problems from none.jsonl"),
        ([*INLINE, "feedback=none", "mode=verify"], "nothing to rank by"),
        ([*INLINE, "prompts=mirco"], "prompt set 'mirco' is neither shipped"),
        (
            [*INLINE, "sampler=transformers", "sampler.model.path=nowhere"],
            "neither a folder nor an installed micro model",
        ),
        ([*INLINE, "mode=verfy"], "verfy"),
        ([*INLINE, "max_turn=3"], "max_turn"),
        ([*INLINE, "feedback.n=0"], "feedback.n is 0"),
    ],
)
def test_bad_input_is_one_message_and_exit_code_two(go, overrides, message):
    code, out, err, folder = go(*overrides)
    assert code == 2 and out == ""
    assert message in err and "Traceback" not in err
    assert not (folder / "results.jsonl").exists()


@pytest.mark.parametrize("experiment", ["smoke", "micro", "own", "paper"])
def test_every_experiment_composes(experiment):
    extra = [] if experiment == "smoke" else ["problems=x.jsonl", "sampler.model.path=m"]
    config = load_config("solve", SolveConfig, [f"experiment=solve/{experiment}", *extra])
    assert config.simulator == config.sampler and config.sampling.seed == 0


@pytest.mark.parametrize(
    "group",
    [
        "sampler=vllm",
        "sampler=openai",
        "feedback=scheduled",
        "sampling=greedy",
        "model@sampler.model=smollm2_135m",
    ],
)
def test_every_group_composes(group):
    load_config(
        "solve",
        SolveConfig,
        [
            "experiment=solve/own",
            "problems=x.jsonl",
            group,
            *(["sampler.model.path=m"] if "model" not in group else []),
        ],
    )
