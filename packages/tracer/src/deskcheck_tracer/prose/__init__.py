"""Free texts about a run, read and checked: see verification.py."""

from .verification import Check as Check
from .verification import Demands as Demands
from .verification import Reason as Reason
from .verification import Verification as Verification
from .verification import verify as verify
