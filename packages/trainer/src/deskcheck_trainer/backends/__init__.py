"""Backends: how rollouts become gradient steps. The only modules here, beside sft.py, that import TRL."""

import os
import warnings

# Before TRL is imported: we know that rollout_func is experimental, TRL's version is pinned for it.
os.environ.setdefault("TRL_EXPERIMENTAL_SILENCE", "1")
# TRL's own call of an old name in Transformers; nothing a user could change.
warnings.filterwarnings("ignore", "`is_gradient_checkpointing` is deprecated")
