"""Micro problems: a family of small programs that a model of a few million parameters can learn on two CPU cores."""

from deskcheck_evals.micro.mutate import mutate
from deskcheck_evals.micro.problems import MicroProblem, micro_problems, stream
from deskcheck_evals.micro.split import Split, shape, split_of

__all__ = ["MicroProblem", "Split", "micro_problems", "mutate", "shape", "split_of", "stream"]
