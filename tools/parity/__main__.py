"""The proof that our scores mean what published scores mean, and where they do not on purpose.

cruxeval: 8,000 predictions that the benchmark's authors scored, row by row. humaneval: pass@k, best@k exec and short1@k
of 3,280 labelled samples, and how wide an interval must be. estimators: closed forms against listing every draw.

Exit 0 if everything agrees and every difference is explained. `python -m tools.parity [cruxeval humaneval estimators]`.
"""

import os
import sys
from collections.abc import Callable
from pathlib import Path

from tools.parity import cruxeval, estimators, humaneval
from tools.parity.checks import Checks

PARTS: dict[str, Callable[[Path, Checks], None]] = {
    "cruxeval": cruxeval.prove,
    "humaneval": humaneval.prove,
    "estimators": lambda _, checks: estimators.prove(checks),
}


def main(names: list[str]) -> int:
    data, checks = Path(os.environ["DESKCHECK_DATA"]), Checks()
    for name in names:
        checks.say(f"## {name}\n")
        PARTS[name](data, checks)
        checks.say("")
    print(f"{checks.made} checks, {len(checks.failed)} failed" + "".join(f"\n- {each}" for each in checks.failed))
    return 1 if checks.failed or not checks.made else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:] or list(PARTS)))
