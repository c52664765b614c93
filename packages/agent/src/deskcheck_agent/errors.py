"""Errors of the agent.

    DeskcheckError (deskcheck_tracer)
      PromptError(ValueError)     a prompt set or a prompt that cannot be rendered
      ModelError(RuntimeError)    a model, tokenizer or checkpoint that cannot be loaded
      SamplerError(RuntimeError)  a server or an engine that does not answer as it should

All are the user's to mend: a command prints the message and exits with 2. What a *model* says wrong is never an error
here but a status (`ParseStatus`, `StopReason`, `TrajectoryStatus`) that is counted.
"""

from deskcheck_tracer.errors import DeskcheckError


class PromptError(DeskcheckError, ValueError):
    """A prompt set is missing, incomplete, or used a variable it was not given."""


class ModelError(DeskcheckError, RuntimeError):
    """A model cannot be loaded or cannot be used for sampling."""


class SamplerError(DeskcheckError, RuntimeError):
    """The server or engine behind a sampler failed; the message says what to start or to change."""
