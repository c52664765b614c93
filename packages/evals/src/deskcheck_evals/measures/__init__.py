"""From the rows of a run to named measures: one value a problem, for intervals and paired differences.

Which measures there are depends on the task; their names are the ones in every table.

    measure.py      what a measure is, and how one is made
    predicting.py   output and input prediction
    verifying.py    self-verification, its curves and controls
    fixing.py       self-fixing
    answering.py    no regression
"""

from deskcheck_evals.measures.answering import MAIN_SCORES, answer_measures, main_score
from deskcheck_evals.measures.fixing import fix_measures, transition_measures, transitions
from deskcheck_evals.measures.measure import PAPER_KS, Maker, Measure, Statistics, difference, headline
from deskcheck_evals.measures.predicting import (
    accuracy_by_construct,
    accuracy_by_length,
    copied_input,
    ends,
    input_measures,
    majority_output,
    prediction_measures,
    statuses,
)
from deskcheck_evals.measures.verifying import Control, controls, curve_measures, gain_measures, verify_measures

__all__ = [
    "MAIN_SCORES",
    "PAPER_KS",
    "Control",
    "Maker",
    "Measure",
    "Statistics",
    "accuracy_by_construct",
    "accuracy_by_length",
    "answer_measures",
    "controls",
    "copied_input",
    "curve_measures",
    "difference",
    "ends",
    "fix_measures",
    "gain_measures",
    "headline",
    "input_measures",
    "main_score",
    "majority_output",
    "prediction_measures",
    "statuses",
    "transition_measures",
    "transitions",
    "verify_measures",
]
