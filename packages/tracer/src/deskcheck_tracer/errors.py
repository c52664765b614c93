"""Errors of the tracer. An error here is about us or our user; what a traced program does wrong is recorded, never
raised.

    DeskcheckError                          base; `exit_code` is what a command exits with after printing the message
    ├── InputError (ValueError)             bad source, file, option or narration: what, where and the next step
    ├── SandboxUnavailable (RuntimeError)   this machine cannot give the isolation that was asked for
    └── SandboxFailed (RuntimeError)        the sandbox broke under a program, twice: nothing is known about it
"""


class DeskcheckError(Exception):
    """Base of every error that is the user's to fix; printed without a traceback."""

    exit_code = 2


class InputError(DeskcheckError, ValueError):
    """Something handed to us is not what it should be."""


class SandboxUnavailable(DeskcheckError, RuntimeError):
    """A limit or a wall of the sandbox cannot be set up here; the message says which, and how to get it."""


class SandboxFailed(DeskcheckError, RuntimeError):
    """A program could not be run although the sandbox tried twice: our fault, so there is no trace and no score."""
