"""`%%desk` for IPython and Jupyter: run a cell under the recorder and walk through it below the cell.

    %load_ext deskcheck_tracer

    %%desk
    total = 0
    for price in [3, 4]:
        total += price

The cell runs in the notebook's own namespace, as without the magic. Recorded are its lines and the functions that other
cells define. `%%desk text` and `%%desk words` show a listing or the narration instead of the page, which is what a
terminal gets in any case. The trace is kept as `_desk`.
"""

import ast
import html
import linecache
from types import CodeType
from typing import Any

from .listing import listing
from .narrate import narrate
from .program import Limits
from .recorder import Recorder
from .trace import Trace
from .view import page

LIMITS = Limits(max_events=100_000, max_bytes=50_000_000)
FORMS = ("page", "text", "words")


def load_ipython_extension(shell: Any) -> None:
    """What `%load_ext deskcheck_tracer` calls."""

    def desk(line: str, cell: str) -> None:
        """Run the cell under the recorder and show what it did: %%desk [page|text|words]"""
        _desk(shell, line.strip(), cell)

    shell.register_magic_function(desk, magic_kind="cell", magic_name="desk")


def _desk(shell: Any, form: str, cell: str) -> None:
    form = form or ("page" if hasattr(shell, "kernel") else "text")
    if form not in FORMS:
        print(f"%%desk got {form!r}, expected one of: {', '.join(FORMS)}")
        return
    source = shell.transform_cell(cell)
    file = shell.compile.cache(source, shell.execution_count)
    try:
        body, last = _compiled(source, file)
    except SyntaxError:
        shell.showsyntaxerror(file)
        return
    cells = [name for name in linecache.cache if name in shell.compile._filename_map]
    recorder = Recorder(limits=LIMITS, include=cells, main=file)
    value, failed = None, False
    try:
        with recorder:
            exec(body, shell.user_ns)
            value = eval(last, shell.user_ns) if last is not None else None
    except BaseException:
        failed = True
        shell.showtraceback()
    if not failed and last is not None:
        shell.displayhook(value)
    shell.user_ns["_desk"] = recorder.trace
    _show(shell, recorder.trace, form)


def _compiled(source: str, file: str) -> tuple[CodeType, CodeType | None]:
    """The cell's statements, and its last expression, whose value a cell displays."""
    tree = ast.parse(source, file)
    last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
    expression = compile(ast.Expression(last.value), file, "eval") if isinstance(last, ast.Expr) else None
    return compile(tree, file, "exec"), expression


def _show(shell: Any, trace: Trace, form: str) -> None:
    if form == "text":
        print("\n".join(listing(trace)))
    elif form == "words":
        print(narrate(trace))
    else:
        inside = html.escape(page(trace, "cell"))
        frame = f'<iframe srcdoc="{inside}" style="width: 100%; height: 42rem; border: 0"></iframe>'
        shell.display_pub.publish({"text/html": frame, "text/plain": f"a page of {len(trace.events)} events"})
