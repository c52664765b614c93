"""What a proof keeps: what it said, how many checks it made, and which of them failed."""

from dataclasses import dataclass, field


@dataclass
class Checks:
    """Said aloud as they are made, unless `quiet`."""

    quiet: bool = False
    made: int = 0
    failed: list[str] = field(default_factory=list)

    def say(self, text: str) -> None:
        if not self.quiet:
            print(text, flush=True)

    def check(self, what: str, holds: bool) -> None:
        """One statement that must hold."""
        self.made += 1
        if not holds:
            self.failed.append(what)

    def figure(self, what: str, found: float, expected: float, digits: int = 4) -> str:
        """A number that must come out as it was published, to so many digits; its text, for a table."""
        self.check(f"{what} is {found:.{digits}f}, expected {expected:.{digits}f}", round(found, digits) == expected)
        return f"{found:.{digits}f}"
