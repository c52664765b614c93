"""lm-eval's own definitions of the tasks we ask it for, read from its YAML, with nothing of them run on the way.

Its code tasks import a metric that comes from the hub and executes programs in the process that asks. Importing their
functions would do that, so a task's YAML is read here, and the functions it names are taken one by one out of the file
beside it: prompts, few-shot examples, stop strings and the way a program is cut out of an answer stay lm-eval's.
Source: github.com/EleutherAI/lm-evaluation-harness, 0.4.13 (MIT).
"""

import ast
import re
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml

from deskcheck_evals.benchmarks.config import BenchmarkName

FILES = {
    BenchmarkName.humaneval: ("humaneval/humaneval.yaml", "humaneval/humaneval_instruct.yaml"),
    BenchmarkName.humaneval_plus: ("humaneval/humaneval_plus.yaml", "humaneval/humaneval_instruct.yaml"),
    BenchmarkName.mbpp: ("mbpp/mbpp.yaml", "mbpp/mbpp_instruct.yaml"),
    BenchmarkName.gsm8k: ("gsm8k/gsm8k.yaml", "gsm8k/gsm8k.yaml"),
    BenchmarkName.math500: ("hendrycks_math/hendrycks_math500.yaml", "hendrycks_math/hendrycks_math500.yaml"),
}
"""For plain text, and for a chat template. Of lm-eval's two MATH-500 tasks the one that compares normalised text: the
other needs antlr 4.11, and omegaconf needs 4.9."""
PROGRAMS = (BenchmarkName.humaneval, BenchmarkName.humaneval_plus, BenchmarkName.mbpp)
"""Benchmarks whose answers are programs."""


def definition(name: BenchmarkName, *, chat: bool = False) -> dict[str, Any]:
    """What lm-eval's YAML says of a task; `dataset_path` and the rest may be replaced."""
    import lm_eval.tasks

    config = _read(Path(str(lm_eval.tasks.__file__)).parent / FILES[name][chat])
    if name is BenchmarkName.mbpp and chat:
        config["filter_list"] = [{"name": "extract_code", "filter": [{"function": "custom", "filter_fn": blocks}]}]
    return config


def blocks(answers: Sequence[Sequence[str]], _rows: Sequence[Any]) -> list[list[str]]:
    """What stands before the closing fence of an answer whose block the prompt has opened.

    In the place of lm-eval's own filter of mbpp_instruct, which takes the first word of a program ("def") for the name
    of the block's language (0.4.13).
    """
    return [[re.sub(r"^\s*```\w*\n", "", text).partition("```")[0] for text in each] for each in answers]


def _read(path: Path) -> dict[str, Any]:
    config = yaml.load(path.read_text(encoding="utf-8"), Loader=_loader(path.parent))
    included = config.pop("include", None)
    return {**(_read(path.parent / included) if included else {}), **config}


def _loader(folder: Path) -> type[yaml.SafeLoader]:
    """YAML in which `!function utils.name` stands for a function of utils.py in `folder`."""

    class Loader(yaml.SafeLoader):
        pass

    def function(loader: yaml.SafeLoader, node: yaml.Node) -> Any:
        module, _, name = str(loader.construct_scalar(node)).rpartition(".")  # type: ignore[arg-type]
        return functions_of(folder / f"{module}.py").get(name)

    Loader.add_constructor("!function", function)
    return Loader


def functions_of(path: Path) -> dict[str, Any]:
    """The functions of a module of lm-eval; its statements that do something, and the import of `evaluate`, are left
    out.
    """
    with warnings.catch_warnings(action="ignore", category=SyntaxWarning):  # "\\%" in a file of lm-eval
        tree = ast.parse(path.read_text(encoding="utf-8"), str(path))
    tree.body = [node for node in tree.body if _is_passive(node)]
    names: dict[str, Any] = {"__name__": f"lm_eval_{path.parent.name}_{path.stem}"}
    exec(compile(tree, str(path), "exec"), names)
    return names


def _is_passive(node: ast.stmt) -> bool:
    if isinstance(node, ast.Import):
        return all(name.name != "evaluate" for name in node.names)
    return isinstance(node, ast.ImportFrom | ast.FunctionDef | ast.ClassDef | ast.Assign | ast.AnnAssign)
