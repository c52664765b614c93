"""Where programs come from, a file a kind of source."""

from deskcheck_trainer.nlex.sources.items import Explain, Explore, Fix, Item, Malformed, Solve, Source

__all__ = ["Explain", "Explore", "Fix", "Item", "Malformed", "Solve", "Source"]
