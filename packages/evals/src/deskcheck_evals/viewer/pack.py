"""The viewer's page: items packed into it so that it stays small, and the script that unpacks what is looked at.

Packs are gzip in base64: no text of a model stands in the page as it is, so none can end a script or begin one. The
script is allowed by its hash and nothing else is, so that markup which slipped through an escape would run nothing.
"""

import base64
import gzip
import hashlib
import json
from collections import Counter
from collections.abc import Sequence
from importlib.resources import files
from typing import Any

from deskcheck_agent.page.look import solve_file, style
from markupsafe import Markup

from deskcheck_evals.results import Result
from deskcheck_evals.viewer.item import Item, rendered

IN_PACK = 20
"""Items unpacked together: large enough to compress well, small enough to unpack while a key is held."""


def page(label: str, result: Result, items: Sequence[Item], total: int, back: str) -> str:
    """The whole page as text; `total` is how many items the run has, `back` leads to the report."""
    script = _file("viewer.js")
    told = [[item.id, item.brief, round(item.share, 4), item.kind, list(item.tags)] for item in items]
    packs = [items[start : start + IN_PACK] for start in range(0, len(items), IN_PACK)]
    html = rendered(
        "viewer.html.j2",
        label=label,
        result=result,
        shown=len(items),
        total=total,
        back=back,
        tags=Counter(tag for item in items for tag in item.tags).most_common(),
        kinds=Counter(item.kind for item in items),
        index=packed({"in_pack": IN_PACK, "items": told}),
        packs=[packed([item.html for item in pack]) for pack in packs],
        style=style(solve_file("page.css"), _file("viewer.css")),
        script=Markup(script),
        script_hash=base64.b64encode(hashlib.sha256(script.encode()).digest()).decode(),
    )
    return html.encode("utf-8", "backslashreplace").decode()  # a lone surrogate in a label


def packed(value: Any) -> str:
    """JSON, compressed, in letters that mean nothing to HTML. The same value gives the same text."""
    return base64.b64encode(gzip.compress(json.dumps(value).encode(), mtime=0)).decode()


def _file(name: str) -> str:
    return files("deskcheck_evals").joinpath(f"templates/viewer/{name}").read_text(encoding="utf-8")
