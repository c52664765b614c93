"""What the parameters of a function may hold, read off its text alone: nothing of it is imported, run or evaluated.

Evidence comes from annotations and defaults (hints.py) and from what bodies do with values (usage.py, library.py); it
gathers in shapes (shape.py). strategies.py draws values of a shape.
"""

from deskcheck_trainer.nlex.shapes.parameters import Parameter, read_parameters
from deskcheck_trainer.nlex.shapes.shape import Code, Shape

__all__ = ["Code", "Parameter", "Shape", "read_parameters"]
