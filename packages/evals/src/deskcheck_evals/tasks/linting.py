"""`deskcheck-eval task=lint`: the faults of a benchmark as a table, and all of them in findings.jsonl.

Rows that the loader refuses are findings here, so that one broken row does not hide the others. Nothing of the
benchmark is run unless `execute=true`, but for evalplus's canonical solutions, whose answers are its tests. The exit
code is 1 if there is an error among the findings.
"""

import json
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict

from deskcheck_agent.problem import load_problems as read_problems
from deskcheck_conf import AnswerIsNo, Run, write_atomic
from deskcheck_tracer import Sandbox
from rich.console import Console
from rich.table import Table
from rich.text import Text

from deskcheck_evals.benchmarks import SHAPES, BenchmarkConfig, BenchmarkName, load_problems_of
from deskcheck_evals.benchmarks.collection import Collection, Entry, collect
from deskcheck_evals.config import EvalConfig
from deskcheck_evals.lint import Finding, Severity, lint

FINDINGS = "findings.jsonl"
SHOWN = 20
"""Findings shown one by one; the file has all."""
KINDS = {"broken": ("unreadable", Severity.error), "duplicate": ("duplicate_statement", Severity.warning)}


def lint_benchmark(config: EvalConfig, run: Run) -> float:
    """Lint the benchmark of `config`; the number of errors. Raises AnswerIsNo if there are any."""
    loaded = loaded_whole(config.benchmark)
    references = {entry.problem.id: entry.references for entry in loaded.entries}
    findings = [Finding(one.id or one.where, *KINDS[one.kind], one.reason) for one in loaded.left if one.kind in KINDS]
    if config.execute:
        with Sandbox(isolation=config.isolation, degraded=config.degraded) as sandbox:
            findings += lint(loaded.problems, sandbox, references)
    else:
        findings += lint(loaded.problems)
    path = run.folder / FINDINGS
    write_atomic(path, "".join(json.dumps(asdict(finding)) + "\n" for finding in findings))
    show(loaded, findings, config)
    print(f"findings: {path}")
    errors = sum(finding.severity is Severity.error for finding in findings)
    summary = {"problems": len(loaded.entries), "left_out": len(loaded.left), "errors": errors}
    run.log({f"lint/{name}": number for name, number in summary.items()})
    run.finish({"task": "lint", **summary, "rules": Counter(finding.rule for finding in findings)})
    if errors:
        raise AnswerIsNo(f"{errors} errors in {config.benchmark.path or config.benchmark.name}: see {path}")
    return float(errors)


def loaded_whole(config: BenchmarkConfig) -> Collection:
    """The problems as far as they can be read, and the rows that cannot."""
    if config.name in SHAPES:
        return collect(SHAPES[config.name], config, keep_faults=True)
    if config.name is BenchmarkName.problems:  # one without tests is a finding
        return Collection([Entry(problem) for problem in read_problems(str(config.path))][: config.limit])
    return Collection([Entry(problem) for problem in load_problems_of(config)])


def show(loaded: Collection, findings: Sequence[Finding], config: EvalConfig) -> None:
    """Counts by rule, then the first findings."""
    console = Console(file=sys.stdout, width=None if sys.stdout.isatty() else 160)
    references = sum(len(entry.references) for entry in loaded.entries)
    ran = f"{references} references run twice" if config.execute else f"{references} references not run (execute=true)"
    tests = sum(len(problem.public_tests) + len(problem.private_tests) for problem in loaded.problems)
    title = f"lint {config.benchmark.name}: {len(loaded.entries)} problems, {tests} tests, {ran}"
    table = Table("severity", "rule", "problems", "first", title=title, title_justify="left")
    counts = Counter((finding.severity, finding.rule) for finding in findings)
    for (severity, rule), count in sorted(counts.items()):
        first = next(finding for finding in findings if finding.rule == rule and finding.severity is severity)
        table.add_row(severity, rule, str(count), Text(f"{first.problem}: {first.detail}"[:200]))
    console.print(table)
    for finding in [finding for finding in findings if finding.severity is Severity.error][:SHOWN]:
        console.print(Text(f"error {finding.problem} {finding.rule}: {finding.detail}"[:400]))
    if unused := [one for one in loaded.left if one.kind == "unused"]:
        console.print(Text(f"{len(unused)} rows left out as not asked for"))
