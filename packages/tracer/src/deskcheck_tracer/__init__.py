"""Record what a Python program did, tell it in words, check the words, and run programs safely.

The names below are imported when they are first used, so that `import deskcheck_tracer` costs next to nothing and
needs the standard library alone.
"""

import sys
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .checker import Checker as Checker
    from .checks import ClaimCheck as ClaimCheck
    from .claims import (
        OUTPUT_CLOSE as OUTPUT_CLOSE,
    )
    from .claims import (
        OUTPUT_OPEN as OUTPUT_OPEN,
    )
    from .claims import (
        Claim as Claim,
    )
    from .claims import (
        claims as claims,
    )
    from .claims import (
        stated_output as stated_output,
    )
    from .compare import Difference as Difference
    from .compare import compare as compare
    from .errors import DeskcheckError as DeskcheckError
    from .errors import InputError as InputError
    from .errors import SandboxFailed as SandboxFailed
    from .errors import SandboxUnavailable as SandboxUnavailable
    from .judge import (
        Judgement as Judgement,
    )
    from .judge import (
        TestResult as TestResult,
    )
    from .judge import (
        ajudge as ajudge,
    )
    from .judge import (
        judge as judge,
    )
    from .judge import (
        judge_many as judge_many,
    )
    from .narrate import (
        Narrator as Narrator,
    )
    from .narrate import (
        check as check,
    )
    from .narrate import (
        narrate as narrate,
    )
    from .program import Limits as Limits
    from .program import Program as Program
    from .program import TestCase as TestCase
    from .prose import Demands as Demands
    from .prose import Verification as Verification
    from .prose import verify as verify
    from .record import record as record
    from .recorder import Recorder as Recorder
    from .sandbox import RunResult as RunResult
    from .sandbox import Sandbox as Sandbox
    from .sandbox import default_sandbox as default_sandbox
    from .together import Calls as Calls
    from .together import judge_together as judge_together
    from .trace import (
        End as End,
    )
    from .trace import (
        EndReason as EndReason,
    )
    from .trace import (
        Event as Event,
    )
    from .trace import (
        EventKind as EventKind,
    )
    from .trace import (
        Step as Step,
    )
    from .trace import (
        Trace as Trace,
    )
    from .traced import traced as traced
    from .verdict import Verdict as Verdict

_HOMES = {
    "checker": ["Checker"],
    "checks": ["ClaimCheck"],
    "claims": ["OUTPUT_CLOSE", "OUTPUT_OPEN", "Claim", "claims", "stated_output"],
    "compare": ["Difference", "compare"],
    "errors": ["DeskcheckError", "InputError", "SandboxFailed", "SandboxUnavailable"],
    "judge": ["Judgement", "TestResult", "ajudge", "judge", "judge_many"],
    "narrate": ["Narrator", "check", "narrate"],
    "program": ["Limits", "Program", "TestCase"],
    "prose": ["Demands", "Verification", "verify"],
    "record": ["record"],
    "recorder": ["Recorder"],
    "sandbox": ["RunResult", "Sandbox", "default_sandbox"],
    "together": ["Calls", "judge_together"],
    "trace": ["End", "EndReason", "Event", "EventKind", "Step", "Trace"],
    "traced": ["traced"],
    "verdict": ["Verdict"],
}
_HOME_OF = {name: module for module, names in _HOMES.items() for name in names}
_HOOKS = {"load_ipython_extension": "notebook"}  # what `%load_ext deskcheck_tracer` asks for

__version__ = "0.1.0"
__all__ = sorted(_HOME_OF)  # pyright: ignore[reportUnsupportedDunderAll]


def __getattr__(name: str) -> Any:
    home = _HOME_OF.get(name) or _HOOKS.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f".{home}", __name__), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


class _Package(ModuleType):
    """Keeps `deskcheck_tracer.record` the function: importing the submodule `record` would rebind the name to the
    module."""

    def __setattr__(self, name: str, value: Any) -> None:
        if isinstance(value, ModuleType) and name in _HOME_OF:
            value = getattr(value, name)
        super().__setattr__(name, value)


sys.modules[__name__].__class__ = _Package
