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


ECHO = "problem=package:deskcheck_agent/problems/echo.md"


def test_the_bare_command_prints_the_program_alone(tmp_path, capsys):
    assert solve.main([f"output_root={tmp_path}", "wandb=disabled"]) == 0
    assert capsys.readouterr().out == "import sys\nprint(sys.stdin.read(), end='')\n"
    [folder] = tmp_path.glob("solve-echo-self_fix-*-s0")
    assert (folder / "solve.html").exists()


@pytest.mark.parametrize("strategy", ["single", "self_verify", "self_fix", "both"])
@pytest.mark.parametrize("feedback", ["simulated", "executed"])
def test_every_strategy_with_every_feedback(go, strategy, feedback):
    code, out, _, folder = go("problems=FILE", f"strategy={strategy}", f"feedback={feedback}", "k=3")
    assert code == 0 and all(each["id"] in out for each in PROBLEMS)
    rows = [json.loads(line) for line in (folder / "results.jsonl").read_text().splitlines()]
    believed = None if strategy == "single" else True
    assert sorted((row["problem_id"], row["believed"]) for row in rows) == [(f"p{n}", believed) for n in range(3)]
    assert (folder / "rankings.jsonl").exists() == (strategy in ("self_verify", "both"))
    page = (folder / "solve.html").read_text()
    assert "print the input &lt;b&gt;" in page and "PRIVATE" not in page
    assert not re.search(r'src=|href="(?!#)', page)  # self-contained


def test_not_believed_is_exit_code_one(go, tmp_path):
    (tmp_path / "p.md").write_text("Copy.\n\nInput: 1\nOutput: 2\n")
    code, out, err, _ = go(f"problem={tmp_path}/p.md", "strategy=self_verify", "k=2")
    assert code == 1 and "print(sys.stdin.read()" in out and "not believed" in err


def test_a_finished_run_is_shown_again_without_sampling(go, tmp_path):
    first = go("problems=FILE", "strategy=self_fix")
    before = (first[3] / "trajectories.jsonl").read_text()
    again = go("problems=FILE", "strategy=self_fix")
    assert again[:2] == first[:2]
    assert (first[3] / "trajectories.jsonl").read_text() == before


def test_a_killed_run_goes_on_problem_by_problem(go):
    folder = go("problems=FILE", "strategy=self_fix")[3]
    whole = load_trajectories(folder / "trajectories.jsonl")
    results = (folder / "results.jsonl").read_text().splitlines(keepends=True)
    lines = (folder / "trajectories.jsonl").read_text().splitlines(keepends=True)
    (folder / "results.jsonl").write_text(results[0][:10])  # killed while it wrote the first row
    (folder / "trajectories.jsonl").write_text("".join(lines[:-2]) + lines[-2][:20])
    (folder / "done.json").unlink()
    assert go("problems=FILE", "strategy=self_fix")[0] == 0
    assert load_trajectories(folder / "trajectories.jsonl") == whole
    assert sorted((folder / "results.jsonl").read_text().splitlines()) == sorted(line.strip() for line in results)


def test_a_problem_of_ones_own_prints_its_program_and_its_run_is_named_by_it(tmp_path, capsys):
    problem = tmp_path / "my copy.md"
    words = [f"problem='{problem}'", f"output_root={tmp_path}/out", "wandb=disabled"]
    folders = []
    for text in ("Copy.\n\nInput: 1\nOutput: 1\n", "Copy.\n\nInput: 2\nOutput: 2\n"):
        problem.write_text(text)
        assert solve.main(words) == 0
        said = capsys.readouterr()
        assert said.out == "import sys\nprint(sys.stdin.read(), end='')\n" and "tests believed -> submits" in said.err
        folders = sorted((tmp_path / "out").glob("solve-my-copy-self_fix-*-s0"))
    assert len(folders) == 2  # another text is another run


def test_tests_replace_the_examples(go, tmp_path):
    (tmp_path / "cases").mkdir()
    for name, text in {"1.in": "a\n", "1.out": "b\n"}.items():
        (tmp_path / "cases" / name).write_text(text)
    code, _, err, _ = go(ECHO, f"tests={tmp_path}/cases", "strategy=self_verify", "k=1")
    assert code == 1 and "not believed" in err


@pytest.mark.parametrize("feedback", ["simulated", "executed"])
@pytest.mark.parametrize(("source", "believed"), [("print(input())\n", True), ("print(input() + '!')\n", False)])
def test_an_existing_program_is_desk_checked(go, tmp_path, feedback, source, believed):
    (tmp_path / "mine.py").write_text(source)
    # The scripted simulator believes of every program that it copies its input.
    code, out, err, folder = go(f"program={tmp_path}/mine.py", ECHO, f"feedback={feedback}")
    assert code == (0 if believed or feedback == "simulated" else 1)
    assert "3 1 4" in out and ("100%" in out) and ("not believed on 2 of 2" in err) == (code == 1)
    assert (folder / "solve.html").exists() and json.loads((folder / "rankings.jsonl").read_text())["schema"] == 1


def test_what_the_budget_cut_and_what_was_skipped_is_in_the_result(go):
    folder = go("problems=FILE", "strategy=self_verify", "k=4", "budget.calls=6", "feedback.n=1")[3]
    rows = [json.loads(line) for line in (folder / "results.jsonl").read_text().splitlines()]
    assert [(row["calls"], row["cut"], row["skipped"]) for row in rows] == [
        (5, {}, 0)
    ] * 3  # equal programs: asked once
    again = go("problems=FILE", "strategy=self_verify", "k=4", "budget.calls=3", "run_name=u")[3].parent / "u-s0"
    rows = [json.loads(line) for line in (again / "results.jsonl").read_text().splitlines()]
    assert [(row["calls"], row["cut"]) for row in rows] == [(3, {"solver": 1, "simulator": 5})] * 3
    early = go("problems=FILE", "strategy=self_verify", "k=9", "early_exit=2", "run_name=v")[3].parent / "v-s0"
    rows = [json.loads(line) for line in (early / "results.jsonl").read_text().splitlines()]
    assert [(row["turns"], row["skipped"]) for row in rows] == [(2, 7)] * 3


def test_another_problem_under_the_same_name_is_no_continuation(go, tmp_path):
    problem = tmp_path / "p.md"
    problem.write_text("Copy.\n\nInput: 1\nOutput: 1\n")
    assert go(f"problem={problem}", "strategy=self_verify", "k=1")[0] == 0
    problem.write_text("Copy.\n\nInput: 1\nOutput: 2\n")
    code, out, err, _ = go(f"problem={problem}", "strategy=self_verify", "k=1")
    assert (code, out) == (2, "") and "problem 'p' is not what it was" in err


def test_changed_tests_are_another_run(tmp_path, capsys):
    (tmp_path / "cases").mkdir()
    words = [
        ECHO,
        f"tests={tmp_path}/cases",
        "strategy=self_verify",
        "k=1",
        f"output_root={tmp_path}/out",
        "wandb=disabled",
    ]
    codes = []
    for output in ("a\n", "b\n"):
        for name, text in {"1.in": "a\n", "1.out": output}.items():
            (tmp_path / "cases" / name).write_text(text)
        codes.append(solve.main(words))
    assert codes == [0, 1]


def test_a_problem_that_cannot_be_compared_is_told_before_anything_is_asked(go, tmp_path):
    rows = [*PROBLEMS, {"id": "own", "statement": "any", "checker": {"source": "def check(i, o, a): return True"}}]
    (tmp_path / "mixed.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    code, _, err, folder = go(f"problems={tmp_path}/mixed.jsonl", "strategy=self_verify", "k=1")
    assert code == 2 and "problem 'own' is checked by code" in err and not (folder / "results.jsonl").exists()


def test_a_kill_between_ranking_and_result_leaves_one_ranking(go):
    folder = go("problems=FILE", "strategy=self_verify", "k=2")[3]
    lines = (folder / "results.jsonl").read_text().splitlines(keepends=True)
    (folder / "results.jsonl").write_text("".join(lines[:-1]))
    (folder / "done.json").unlink()
    assert go("problems=FILE", "strategy=self_verify", "k=2")[0] == 0
    ids = [json.loads(line)["problem_id"] for line in (folder / "rankings.jsonl").read_text().splitlines()]
    assert sorted(ids) == ["p0", "p1", "p2"]


def test_the_page_runs_programs_only_when_asked(go):
    first = go(ECHO, "strategy=self_verify", "k=2")[3] / "solve.html"
    assert "Not executed" in first.read_text()
    assert go(ECHO, "strategy=self_verify", "k=2", "page_executes=true")[0] == 0  # the same run, its page made again
    assert "Not executed" not in first.read_text()


def test_tables_go_to_wandb(tmp_path):
    assert solve.main([f"output_root={tmp_path}", "wandb=offline", "run_name=w"]) == 0
    tables = list((tmp_path / "w-s0").rglob("problems_*.table.json"))
    assert len(tables) == 1 and json.loads(tables[0].read_text())["columns"][:2] == ["problem_id", "code"]


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        ([], "expected problem=FILE.md or .json, problems=FILE.jsonl, or program=FILE.py"),
        (["problems=FILE", ECHO], "problem and problems are both set"),
        (["problems=none.jsonl"], "cannot read problems from none.jsonl"),
        ([ECHO, "feedback=none", "strategy=self_verify"], "nothing to rank by"),
        ([ECHO, "prompts=mirco"], "prompt set 'mirco' is neither shipped"),
        (
            [ECHO, "sampler=transformers", "sampler.model.path=nowhere"],
            "neither a folder nor an installed micro model",
        ),
        ([ECHO, "strategy=self_verfy"], "self_verfy"),
        ([ECHO, "max_turn=3"], "max_turn"),
        ([ECHO, "feedback.n=0"], "feedback.n is 0"),
        ([ECHO, "budget.tokens=0"], "budget.tokens is 0"),
        ([ECHO, "early_exit=-1"], "early_exit is -1"),
        ([ECHO, "limit=0"], "limit is 0"),
        ([ECHO, "strategy=both", "feedback=none"], "strategy=both has nothing to rank by"),
        (["problem=nowhere.md"], "cannot read the problem nowhere.md"),
        ([ECHO, "tests=nowhere"], "cannot read tests from nowhere"),
        (["problems=FILE", "tests=cases"], "tests=FOLDER is for problem=FILE.md"),
        (["problems=FILE", "program=a.py"], "desk-checked on one problem"),
        ([ECHO, "program=nowhere.py"], "cannot read the program nowhere.py"),
        ([ECHO, "program=x.py", "feedback=none"], "nothing to look at it with"),
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
