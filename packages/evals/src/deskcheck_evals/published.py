"""The numbers of the paper, table by table, to stand beside ours.

Source: Self-Execution Simulation Improves Coding Models, arXiv 2604.03253, section 5: tables 1 to 9, and what is told
beside figure 3 (CRUXEval-O) and figure 5. Points of a hundred, unless a column says otherwise. The paper prints no
intervals. A number that we have not seen printed is absent, and shown as a dash.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

SOURCE = "arXiv 2604.03253"
SOLVED = ("pass@1", "pass@5", "pass@10")


@dataclass(frozen=True)
class Row:
    """Whose numbers, on which benchmark, by column."""

    run: str
    benchmark: str
    values: Mapping[str, float]


@dataclass(frozen=True)
class Published:
    """One table. `signed` columns are differences."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[Row, ...]
    signed: tuple[str, ...] = ()
    note: str = ""


def _rows(columns: Sequence[str], *told: tuple[str, str, Sequence[float | None]]) -> tuple[Row, ...]:
    """Rows from (run, benchmark, numbers in the order of the columns; None where the paper has none)."""
    return tuple(
        Row(run, benchmark, {name: value for name, value in zip(columns, values, strict=True) if value is not None})
        for run, benchmark, values in told
    )


_TRANSITIONS = ("FF", "FP fixed", "PF broken", "PP", "first", "submitted")

PAPER: dict[str, Published] = {
    "F3": Published(
        "Figure 3: CRUXEval-O after SFT, without and with NLEX",
        ("pass@1",),
        _rows(
            ("pass@1",),
            ("Qwen2.5 3B, without NLEX", "CRUXEval-O", [37.5]),
            ("Qwen2.5 3B, with NLEX", "CRUXEval-O", [68.0]),
            ("Qwen2.5 7B, without NLEX", "CRUXEval-O", [48.5]),
            ("Qwen2.5 7B, with NLEX", "CRUXEval-O", [75.5]),
        ),
    ),
    "T1": Published(
        "Table 1: output prediction after RL",
        SOLVED,
        _rows(
            SOLVED,
            ("Qwen2.5 3B, without NLEX", "LCB-IO solutions", [57.1, None, None]),
            ("Qwen2.5 3B, with NLEX", "LCB-IO solutions", [66.4, 80.6, 83.9]),
            ("Qwen2.5 7B, without NLEX", "LCB-IO solutions", [75.7, None, None]),
            ("Qwen2.5 7B, with NLEX", "LCB-IO solutions", [79.7, 89.4, 91.1]),
            ("Qwen2.5 3B, without NLEX", "DMC test solutions", [45.9, None, None]),
            ("Qwen2.5 3B, with NLEX", "DMC test solutions", [59.4, 78.2, 82.8]),
            ("Qwen2.5 7B, without NLEX", "DMC test solutions", [71.8, None, None]),
            ("Qwen2.5 7B, with NLEX", "DMC test solutions", [77.3, 89.3, 91.6]),
        ),
    ),
    "T2": Published(
        "Table 2: output prediction on the model's own solutions",
        ("pass@1", "pass@5"),
        _rows(
            ("pass@1", "pass@5"),
            ("CWM official", "DMC", [57.7, 80.4]),
            ("CWM, joint RL", "DMC", [80.2, 87.2]),
            ("CWM, prediction RL only", "DMC", [85.0, 89.8]),
            ("Qwen2.5 7B, joint RL", "DMC", [68.4, 83.1]),
            ("Qwen2.5 7B, prediction RL only", "DMC", [74.6, 86.8]),
            ("CWM official", "LCB-IO", [68.6, 87.9]),
            ("CWM, joint RL", "LCB-IO", [86.5, 91.0]),
            ("CWM, prediction RL only", "LCB-IO", [88.6, 92.7]),
            ("Qwen2.5 7B, joint RL", "LCB-IO", [76.5, 87.1]),
            ("Qwen2.5 7B, prediction RL only", "LCB-IO", [80.1, 89.2]),
        ),
    ),
    "F5": Published(
        "Figure 5: outputs of another model's programs, predicted",
        ("pass@1", "pass@5"),
        _rows(("pass@1", "pass@5"), ("CWM simulates Qwen3-32B's programs", "-", [86.1, 91.4])),
    ),
    "T3": Published(
        "Table 3: solving, single turn and with self-fixing",
        (*SOLVED, "public"),
        _rows(
            (*SOLVED, "public"),
            ("CWM official", "DMC", [49.0, 63.7, 67.9, 60.8]),
            ("CWM RL", "DMC", [60.8, 72.8, 76.0, 74.7]),
            ("Self-RLEF", "DMC", [63.2, 76.8, 80.2, 82.5]),
            ("executed feedback", "DMC", [65.3, 77.6, 80.6, 86.1]),
            ("CWM official", "LCB-IO", [57.4, 67.3, 70.1, 71.4]),
            ("CWM RL", "LCB-IO", [61.0, 67.6, 69.2, 82.9]),
            ("Self-RLEF", "LCB-IO", [62.3, 70.0, 71.9, 87.1]),
            ("executed feedback", "LCB-IO", [63.8, 70.9, 72.8, 88.5]),
        ),
        note="Self-RLEF of the paper uses 3.33 turns of at most 10.",
    ),
    "T4": Published(
        "Table 4: what the scaffold changes",
        ("change of pass@1",),
        _rows(
            ("change of pass@1",),
            ("Qwen3-32B, not trained for it", "DMC", [-10.6]),
            ("CWM, not trained for it", "DMC", [-4.8]),
            ("Qwen3-32B, not trained for it", "LCB-IO", [-20.1]),
            ("CWM, not trained for it", "LCB-IO", [-7.4]),
        ),
        signed=("change of pass@1",),
    ),
    "T5": Published(
        "Table 5: first to submitted program",
        _TRANSITIONS,
        _rows(
            _TRANSITIONS,
            ("Self-RLEF, public tests", "DMC", [16.3, 17.0, 1.2, 65.5, None, 82.5]),
            ("Self-RLEF, private tests", "DMC", [31.8, 10.4, 5.0, 52.8, 57.8, 63.2]),
        ),
        note="first = PF + PP and submitted = FP + PP, asserted in exact fractions for our rows.",
    ),
    "T6": Published(
        "Table 6: one of k candidates passes the public tests",
        ("public pass@1", "public pass@10"),
        _rows(
            ("public pass@1", "public pass@10"),
            ("Qwen3-4B", "DMC", [42.5, 65.4]),
            ("Qwen2.5 7B RL", "DMC", [55.1, 76.5]),
            ("Qwen3-32B", "DMC", [56.3, 79.0]),
            ("CWM RL", "DMC", [73.4, 87.6]),
            ("Qwen3-4B", "LCB-IO", [64.4, 80.9]),
            ("Qwen2.5 7B RL", "LCB-IO", [68.0, 84.7]),
            ("Qwen3-32B", "LCB-IO", [72.3, 88.8]),
            ("CWM RL", "LCB-IO", [81.7, 90.6]),
        ),
    ),
    "T7": Published(
        "Table 7: other tasks, without and with NLEX",
        ("without", "with"),
        _rows(
            ("without", "with"),
            ("Qwen2.5 7B", "MBPP", [63.4, 63.2]),
            ("Qwen2.5 7B", "HumanEval+", [65.2, 65.9]),
            ("Qwen2.5 7B", "LCBv5", [41.4, 41.3]),
            ("Qwen2.5 7B", "GSM8k", [84.2, 82.6]),
            ("Qwen2.5 7B", "MATH-500", [51.8, 52.8]),
            ("Qwen2.5 7B", "CRUXEval-I", [46.9, 50.5]),
        ),
    ),
    "T8": Published(
        "Table 8: what RL adds to output prediction",
        ("pass@1",),
        _rows(
            ("pass@1",),
            ("CWM official", "LCB-IO solutions", [60.4]),
            ("CWM, SFT only", "LCB-IO solutions", [30.3]),
            ("CWM, SFT and RL", "LCB-IO solutions", [89.6]),
            ("CWM official", "DMC solutions", [68.9]),
            ("CWM, SFT only", "DMC solutions", [38.4]),
            ("CWM, SFT and RL", "DMC solutions", [89.2]),
        ),
    ),
    "T9": Published(
        "Table 9: at most 3 turns",
        ("pass@1", "turns used"),
        _rows(
            ("pass@1", "turns used"),
            ("Self-RLEF", "DMC", [61.5, None]),
            ("executed feedback", "DMC", [62.7, None]),
            ("Self-RLEF", "LCB-IO", [61.5, None]),
            ("executed feedback", "LCB-IO", [63.3, None]),
        ),
        note="Self-RLEF of the paper uses 2.38 turns.",
    ),
}
