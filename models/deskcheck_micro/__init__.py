"""The micro models as data: `folder("micro-base")` is a checkpoint folder in Transformers format.

Nothing is imported or loaded here; give the path to whatever loads models. In a wheel the checkpoints lie inside the
package, in the repository beside it, and this module finds them in both.
"""

from pathlib import Path

_HERE = Path(__file__).resolve().parent
_ROOTS = (_HERE / "checkpoints", _HERE.parent)


def names() -> list[str]:
    """The models there are."""
    return sorted({config.parent.name for root in _ROOTS for config in root.glob("micro*/config.json")})


def folder(name: str) -> Path:
    """The folder of model `name`. FileNotFoundError names the models there are."""
    for root in _ROOTS:
        if (root / name / "config.json").exists():
            return root / name
    raise FileNotFoundError(f"no micro model {name!r}, expected one of: {', '.join(names()) or '(none is installed)'}")


__all__ = ["folder", "names"]
