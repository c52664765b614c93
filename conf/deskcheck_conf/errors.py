"""The errors that a user can put right.

An exception class that carries `exit_code` is a message to the user, not a bug: the entry point (entry.py) prints it
without a traceback and exits with that code. The attribute is the whole protocol, so that packages which this one
must not import (the tracer's DeskcheckError) take part by setting it.

    Exception
    ├── ValueError ── ConfigError     exit 2: a bad configuration, or a run folder that cannot be used
    └── AnswerIsNo                    exit 1: the command did its work, and the answer is no
"""


class ConfigError(ValueError):
    """What is wrong, where (file or dotted key), what was got, what was expected, and the next step."""

    exit_code = 2


class AnswerIsNo(Exception):
    """The work is done and the answer is no: not accepted, not believed, a self-test row failed."""

    exit_code = 1
