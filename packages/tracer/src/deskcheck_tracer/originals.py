"""What a program may replace and the recorder must keep: the builtins, `sys.monitoring`, `sys._getframe`, `os.write`.

They are copied when the recorder is imported, before any program runs. A module that does
`from .originals import BUILTINS as __builtins__` before it defines anything finds `len` or `repr` here whatever the
program has made of the real ones: functions take their builtins from that name of their module.
"""

import builtins
import os
import sys
from types import SimpleNamespace
from typing import Any

BUILTINS: dict[str, Any] = dict(vars(builtins))
monitoring: Any = SimpleNamespace(**vars(sys.monitoring))
getframe = sys._getframe
get_recursion_limit, set_recursion_limit = sys.getrecursionlimit, sys.setrecursionlimit
write, leave = os.write, os._exit
