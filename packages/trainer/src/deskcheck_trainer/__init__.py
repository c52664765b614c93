"""Training for deskcheck: NLEX datasets, SFT, and RL environments on TRL.

Importing this package imports neither torch nor TRL; the modules that need them say so and live behind the `[train]`
extra.
"""

__version__ = "0.1.0"
