"""Running out of memory is something users can do something about, so it is told as what to make smaller.

PyTorch has an exception of its own for GPUs alone; its libraries and a CPU's allocator raise plain RuntimeErrors, known
by their texts. No torch in here.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from deskcheck_conf.errors import ConfigError

SIGNS = ("out of memory", "can't allocate memory")
"""In RuntimeErrors: of CUDA and its libraries, of PyTorch on a CPU."""
SHOWN_CHARACTERS = 200


def is_out_of_memory(error: RuntimeError) -> bool:
    return type(error).__name__ == "OutOfMemoryError" or any(sign in str(error) for sign in SIGNS)


def shown(error: RuntimeError) -> str:
    """The part of its text that says how much was asked for."""
    return str(error).partition("\n")[0][:SHOWN_CHARACTERS]


@contextmanager
def memory_told(cures: str) -> Iterator[None]:
    """Within, running out of memory is a ConfigError that names `cures`."""
    try:
        yield
    except RuntimeError as error:
        if not is_out_of_memory(error):
            raise
        raise ConfigError(f"out of memory ({shown(error)}). In this order: {cures}") from error
