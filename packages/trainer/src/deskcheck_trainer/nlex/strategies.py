"""Inputs drawn by hypothesis for a function whose inputs nobody gave: by annotations, defaults and usage."""

from __future__ import annotations


def drawn_calls(source: str, entry_point: str, count: int, seed: str) -> list[str]:
    """Up to `count` distinct call expressions of `entry_point`, the same for the same seed."""
    return []
