"""Backends: how rollouts become gradient steps. The only modules here, beside sft.py, that import TRL."""
