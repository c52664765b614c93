"""`deskcheck-report` from the command line on made-up runs: what it prints, what it writes, what it refuses."""

import re
from html.parser import HTMLParser

import pytest
from deskcheck_agent.feedback import Combine
from deskcheck_evals.report import main
from deskcheck_evals.results import pools, read_result, read_runs
from deskcheck_evals.selection import selectors, values

QUIET = ["wandb.mode=disabled", "resamples=200"]
TABLES_ALONE = ["formats=[markdown]", "samples=0"]


@pytest.fixture
def three(make_run):
    return [make_run(task) for task in ("output_prediction", "self_verify", "self_fix")]


def runs(folders):
    return f"runs=[{','.join(map(str, folders))}]"


def test_one_page_and_one_set_of_tables(three, tmp_path, capsys):
    page = tmp_path / "out" / "page.html"
    code = main([runs(three), f"html={page}", f"output_root={tmp_path / 'out'}", *QUIET])
    out = capsys.readouterr().out
    assert code == 0
    for words in (
        "pass@5",
        "majority output",
        "best@10 simulate",
        "simulation gap at 10",
        "FP fixed",
        "submit precision",
    ):
        assert words in out, words
    assert re.search(r"random simulator = pass@1, k=10 .* yes", out)
    assert re.search(r"perfect simulator = best@10 exec, k=10 .* yes", out)
    html = page.read_text()
    assert "deskcheck-eval task=x" in html and "torch 2.13.0" in html, "every number has its command and versions"
    assert re.search(r"\(programs: 0-9: \d+, 10-19: \d+", html), "a bar says how many programs it stands on"
    assert html.count("<figure") == 5 and "prefers-color-scheme: dark" in html
    assert not re.search(r'src="|href="(?!#|page_files/)', html.replace("xlink:href", "")), "nothing is loaded"
    assert "default-src 'none'" in html
    for label in ("output-prediction", "self-verify", "self-fix"):
        [viewer] = page.parent.glob(f"page_files/*-{label}.html")
        assert f'href="page_files/{viewer.name}"' in html
    markdown, latex = page.with_suffix(".md").read_text(), page.with_suffix(".tex").read_text()
    for figure in ("page_files/self-verification-2.svg", "page_files/self-verification-2.pdf"):
        assert (page.parent / figure).read_bytes()[:5] in (b"<?xml", b"%PDF-")
        assert figure in (markdown if figure.endswith("svg") else latex)
    first = re.search(r"pass@1 \| (\d+\.\d)", markdown)
    assert first and first[1] in html and first[1] in latex and first[1] in out, "one number, four times"


def test_nothing_right_at_all_says_how_much_room_that_leaves(make_run, tmp_path):
    pages = {}
    for name, skill in (("unable", 0.0), ("able", 0.05)):
        folder, page = make_run("output_prediction", name, skill=skill, rows=20), tmp_path / name / "page.html"
        assert main([runs([folder]), f"html={page}", f"output_root={tmp_path / 'out'}", *TABLES_ALONE, *QUIET]) == 0
        pages[name] = page.with_suffix(".md").read_text()
    assert "of 10 problems leaves room up to 30.8, and 100.0 as far down" in pages["unable"]
    assert "leaves room" not in pages["able"]


def test_predicted_inputs_are_shown_with_how_they_ended_and_their_control(make_run, tmp_path, capsys):
    folder, page = make_run("input_prediction"), tmp_path / "page.html"
    assert main([runs([folder]), f"html={page}", f"output_root={tmp_path / 'out'}", *QUIET]) == 0
    out = capsys.readouterr().out
    assert "Input prediction" in out and "copy output" in out and "not_plain" in out
    assert re.search(r"majority input\W+12\.5 ", out), "5 of 40"
    assert re.search(r"true input\W+40\W+40\W+yes", out)
    assert "How runs of predicted inputs ended" in page.read_text()
    rows = (folder / "rows.jsonl").read_text()
    (folder / "rows.jsonl").write_text(rows.replace('"true input": "right"', '"true input": "raised"', 1))
    assert main([runs([folder]), f"html={page}", f"output_root={tmp_path / 'again'}", *QUIET]) == 0
    assert re.search(r"true input\W+39\W+40\W+NO", capsys.readouterr().out)


def test_the_page_is_well_formed_and_the_same_every_time(three, tmp_path, capsys):
    pages = []
    for name in ("a", "b"):
        page = tmp_path / name / "page.html"
        told = [f"html={page}", f"output_root={tmp_path / name}", "formats=[html,markdown]"]
        assert main([runs(three), *told, *QUIET]) == 0
        pages.append({path.name: path.read_bytes() for path in page.parent.rglob("page*/*")})
    assert len(pages[0]) == 8 and pages[0] == pages[1], "3 viewers, 5 figures; no date, no order of a set"
    assert _Balanced().unbalanced(page.read_text()) == []


def test_seeds_of_one_measurement_are_pooled(make_run, tmp_path, capsys):
    folders = [make_run("output_prediction", f"x-s{seed}", skill=0.3 + 0.2 * seed, seed=seed) for seed in range(3)]
    pattern = f"{folders[0].parent}/x-s*"
    assert main([f"runs=['{pattern}']", "labels=[all]", f"output_root={tmp_path / 'out'}", *TABLES_ALONE, *QUIET]) == 0
    out = capsys.readouterr().out
    alone = [read_result(folder) for folder in folders]
    together = read_runs(pattern, "all")
    shares = [sum(map(sum, (row["right"] for row in each.rows))) / 400 for each in alone]
    assert f"│ pass@1 │ {100 * sum(shares) / 3:.1f} [".replace(" ", "") in out.replace(" ", "")
    assert "Seed by seed" in out and all(f"{100 * share:.1f} [" in out for share in shares)
    assert [run.folder for run in together.runs] == folders and together.done


def test_pooled_pools_keep_to_their_own_candidates(make_run):
    folders = [make_run("self_verify", f"v-s{seed}", skill=0.9, seed=seed) for seed in range(2)]
    select = selectors(Combine.mean)["best@k simulate"]
    alone = [values(pools(read_result(folder)), select, 5) for folder in folders]
    together = values(pools(read_runs(f"{folders[0].parent}/v-s*")), select, 5)
    assert together == {name: pytest.approx((alone[0][name] + alone[1][name]) / 2) for name in alone[0]}


def test_what_cannot_be_pooled_is_refused(make_run, tmp_path, capsys):
    folders = [make_run("output_prediction", "y-s0"), make_run("self_fix", "y-s1")]
    assert main([f"runs=['{folders[0].parent}/y-s*']", f"output_root={tmp_path / 'out'}", *QUIET]) == 2
    assert "cannot be pooled" in (err := capsys.readouterr().err) and "task differs" in err
    assert main([f"runs=['{folders[0].parent}/z-s*']", f"output_root={tmp_path / 'out'}", *QUIET]) == 2
    assert "no run matches it" in capsys.readouterr().err


def test_named_pairs_are_compared_by_problem(make_run, tmp_path, capsys):
    good, bad = make_run("output_prediction", "good", skill=0.9), make_run("output_prediction", "bad", skill=0.2)
    arguments = [runs([good, bad]), "pairs=['good:bad']", f"output_root={tmp_path / 'out'}", "formats=[html]", *QUIET]
    assert main(arguments) == 0
    out = capsys.readouterr().out
    line = next(line for line in out.splitlines() if "good - bad" in line and "pass@1 " in line)
    assert re.search(r"\+\d\d\.\d \[\+\d", line) and line.rstrip(" │|").endswith("yes")
    assert re.search(r"good - bad .* sampler.model.path .* good .* bad", out), "what differs between the two is said"
    [page] = (tmp_path / "out").rglob("report.html")
    [gained, *_] = re.findall(
        r'gained</td><td[^>]*>(i\d+)</td><td[^>]*><a href="report_files/2-bad.html#(i\d+)"', page.read_text()
    )
    assert gained[0] == gained[1], "a problem that flipped leads to itself in either run"


def test_one_simulator_on_the_candidates_of_several_solvers_is_a_figure_of_its_own(make_run, tmp_path, capsys):
    own = make_run("self_verify", "own", solver="S", simulator="S", rows=6)
    other = make_run("self_verify", "other", solver="T", simulator="S", rows=6)
    stored = make_run("self_verify", "stored", solver="U (stored)", simulator="S", rows=6, sources=[{"solver": "U"}])
    words = [f"output_root={tmp_path / 'out'}", "formats=[markdown]", "samples=0", "ks=[1,2]", *QUIET]
    assert main([runs([own]), *words]) == 0
    assert main([runs([own, other, stored]), *words]) == 0
    alone, together = sorted((tmp_path / "out").glob("*/report.md"), key=lambda path: path.stat().st_mtime)
    assert "simulates the candidates" not in alone.read_text()
    assert "S simulates the candidates of other solvers" in together.read_text()
    [figure] = together.parent.glob("report_files/self-verification-3.svg")
    titles = re.findall(r">\s*([STU])\s*</text>", figure.read_text())
    assert titles == ["S", "T", "U"]


def test_a_bare_command_shows_the_last_run_even_a_scripted_one(make_run, tmp_path, capsys):
    folder = make_run("self_fix", scripted=True)
    assert main([f"output_root={folder.parent}", *TABLES_ALONE, *QUIET]) == 0
    assert "say nothing about any model" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("extra", "words"),
    [
        ([], "allow_scripted=true"),
        (["allow_scripted=true", "pairs=['self_fix:nobody']"], "two of the labels self_fix"),
        (["allow_scripted=true", "labels=[a,b]"], "2 labels for 1 runs"),
        (["allow_scripted=true", "ks=[0]"], "ks is [0]"),
        (["allow_scripted=true", "samples=-1"], "samples is -1"),
        (["allow_scripted=true", "formats=[]"], "formats is []"),
        (["allow_scripted=true", "formats=[word]"], "expected one of"),
        (["allow_scripted=true", "html=page"], "ends in .html"),
        (["allow_scripted=true", "paper={T10: [self_fix]}"], "T10"),
        (["allow_scripted=true", "paper={T3: [nobody]}"], "paper.T3: 'nobody', expected some of the labels self_fix"),
        (["allow_scripted=true", "paper={T1: [self_fix]}"], "paper.T1: 'self_fix' is a run of self_fix"),
    ],
)
def test_what_is_refused_is_said_in_one_message(make_run, tmp_path, capsys, extra, words):
    folder = make_run("self_fix", scripted=True)
    code = main([runs([folder]), f"output_root={tmp_path / 'out'}", *extra, *QUIET])
    error = capsys.readouterr().err
    assert code == 2 and words in error and "Traceback" not in error
    assert not list((tmp_path / "out").rglob("report.html"))


def test_a_folder_without_rows_is_named(tmp_path, capsys):
    assert main([f"runs=[{tmp_path}]", f"output_root={tmp_path / 'out'}", *QUIET]) == 2
    assert "no rows.jsonl in it" in capsys.readouterr().err


class _Balanced(HTMLParser):
    """Names the elements that were opened and not closed, or closed and not opened."""

    VOID = frozenset({"meta", "br", "hr", "link", "img", "input"})

    def unbalanced(self, text: str) -> list[str]:
        self.open: list[str] = []
        self.wrong: list[str] = []
        self.feed(text)
        return self.wrong + self.open

    def handle_starttag(self, tag, attrs):
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        pass

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            self.wrong.append(tag)
