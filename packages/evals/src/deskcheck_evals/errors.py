"""What can go wrong in an evaluation that is the user's to put right.

DeskcheckError (tracer)
└── EvalError(ValueError)     bad benchmark file, rows of another configuration, too many sandbox failures
"""

from deskcheck_tracer.errors import DeskcheckError


class EvalError(DeskcheckError, ValueError):
    """What is wrong, where, what was got, what was expected, and the next step."""
