"""Errors of the tracer. An error here is about us or our user; what a traced program does wrong is recorded, never
raised.

DeskcheckError                 base; `exit_code` is what a command exits with after printing the message alone +--
InputError (ValueError)            bad source, file, option or narration; the message names what, where and the next
step +-- SandboxUnavailable (RuntimeError)  this machine cannot give the isolation that was asked for
"""


class DeskcheckError(Exception):
    """Base of every error that is the user's to fix; printed without a traceback."""

    exit_code = 2


class InputError(DeskcheckError, ValueError):
    """Something handed to us is not what it should be."""


class SandboxUnavailable(DeskcheckError, RuntimeError):
    """A limit or a wall of the sandbox cannot be set up here; the message says which, and how to get it."""
