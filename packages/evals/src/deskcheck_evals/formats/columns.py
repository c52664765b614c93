"""How the columns of a table are set, and which tables are too wide to be set in columns alone."""

from deskcheck_evals.tables import Table

LONG = 44
"""Characters from which a cell may be broken into lines; a column of shorter ones stays on one."""
MOST_BESIDE = 60
"""Characters that the columns beside long ones may have together."""


def kinds(table: Table) -> list[str]:
    """For each column `number`, `long` (may wrap), or "" (plain)."""
    found = []
    for place in range(len(table.columns)):
        cells = [row[place] for row in table.rows]
        is_long = any(len(cell.text) > LONG for cell in cells)
        found.append("number" if any(cell.is_number for cell in cells) else "long" if is_long else "")
    return found


def is_too_wide(table: Table) -> bool:
    """Whether there are long columns and too much beside them, as in the table of runs."""
    widths = [max([len(name), *(len(row[i].text) for row in table.rows)]) for i, name in enumerate(table.columns)]
    found = kinds(table)
    return "long" in found and sum(w for w, kind in zip(widths, found, strict=True) if kind != "long") > MOST_BESIDE
