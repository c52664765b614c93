"""One self-contained HTML page of a trace: the source on the left, the steps on the right, arrow keys to walk.

No server and no network: the steps are embedded as JSON. Long traces are cut to MAX_STEPS, and the page says so.
"""

from __future__ import annotations

import html
import itertools
import json
from typing import Any

from .trace import Step, Trace

MAX_STEPS = 5_000

_PAGE = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>deskcheck: trace</title><style>
body {{ font: 14px/1.5 system-ui, sans-serif; margin: 1.5rem; color: #222; }}
main {{ display: grid; grid-template-columns: minmax(20rem, 1fr) minmax(20rem, 1fr); gap: 2rem; }}
pre, td, code {{ font: 13px/1.5 ui-monospace, monospace; margin: 0; white-space: pre-wrap; overflow-wrap: anywhere; }}
.line {{ padding: 0 .5rem; border-left: 3px solid transparent; }}
.line.now {{ background: #fff3c4; border-color: #d9a400; }}
.number {{ color: #999; display: inline-block; width: 3rem; user-select: none; }}
td {{ padding: 0 1rem 0 0; vertical-align: top; }} .changed td {{ background: #e3f4e1; }} .gone td {{ color: #b00; }}
input[type=range] {{ width: 100%; }} h2 {{ font-size: 1rem; margin: 1rem 0 .25rem; }} footer {{ color: #666; }}
</style></head><body>
<h1>{title}</h1><p>{summary}</p>
<input id="at" type="range" min="0" max="{last}" value="0" aria-label="step">
<main><section><h2>Source</h2><pre id="source">{source}</pre></section>
<section><h2 id="where"></h2><table id="locals"></table><h2>Printed so far</h2><pre id="printed"></pre></section></main>
<footer>Left and right arrow keys walk the steps.</footer>
<script id="steps" type="application/json">{steps}</script><script>
const steps = JSON.parse(document.getElementById('steps').textContent), at = document.getElementById('at');
const cell = text => {{ const td = document.createElement('td'); td.textContent = text; return td; }};
function show() {{
  const step = steps[at.value]; if (!step) return;
  document.querySelectorAll('.line.now').forEach(line => line.classList.remove('now'));
  const line = document.getElementById('L' + step.line);
  if (line) {{ line.classList.add('now'); line.scrollIntoView({{block: 'nearest'}}); }}
  document.getElementById('where').textContent = 'Step ' + (+at.value + 1) + ' of ' + steps.length +
    ': line ' + step.line + ' of ' + step.function + ' (frame ' + step.frame + ', visit ' + step.visit + ')';
  const table = document.getElementById('locals'); table.replaceChildren();
  for (const [name, value] of Object.entries(step.locals)) {{
    const row = table.insertRow(); if (name in step.changes) row.className = 'changed';
    row.append(cell(name), cell(value));
  }}
  for (const [name, value] of Object.entries(step.changes)) if (value === null) {{
    const row = table.insertRow(); row.className = 'gone'; row.append(cell(name), cell('no longer bound'));
  }}
  document.getElementById('printed').textContent = steps.slice(0, +at.value + 1).map(step => step.stdout).join('');
}}
at.addEventListener('input', show); show();
document.addEventListener('keydown', event => {{
  if (event.target === at) return;
  if (event.key === 'ArrowRight') at.stepUp(); else if (event.key === 'ArrowLeft') at.stepDown(); else return;
  show();
}});
</script></body></html>
"""


def page(trace: Trace, title: str = "trace") -> str:
    """The whole page as text."""
    steps = list(itertools.islice(trace.steps(), MAX_STEPS + 1))
    cut = len(steps) > MAX_STEPS
    steps = steps[:MAX_STEPS]
    detail = f" ({trace.end.detail})" if trace.end.detail else ""
    summary = f"{len(steps)} steps{' (the first ones only)' if cut else ''}, ended: {trace.end.reason}{detail}"
    if trace.returned is not None:
        summary += f", returned {trace.returned[:200]}"
    # "<" escaped: no value can end the script element
    embedded = json.dumps([_row(step) for step in steps]).replace("<", "\\u003c")
    return _PAGE.format(
        title=html.escape(title),
        summary=html.escape(summary),
        source=_source(trace.program.source),
        steps=embedded,
        last=max(0, len(steps) - 1),
    )


def _row(step: Step) -> dict[str, Any]:
    return {
        "line": step.line,
        "frame": step.frame,
        "function": step.function,
        "visit": step.visit,
        "locals": step.locals,
        "changes": step.changes,
        "stdout": step.stdout,
    }


def _source(source: str) -> str:
    return "".join(
        f'<div class="line" id="L{number}"><span class="number">{number}</span>{html.escape(line) or " "}</div>'
        for number, line in enumerate(source.split("\n"), 1)
    )
