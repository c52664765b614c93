"""What a statement's text promises must hold also where a program gives names, operators or streams another meaning.

Every program is recorded twice: as it is, and with `exec` in it, which switches all knowledge of effects off.
"""

import ast
import builtins
import sys

import pytest
from deskcheck_tracer import Limits
from deskcheck_tracer.engine import record_here
from deskcheck_tracer.special import may_call_unseen
from deskcheck_tracer.trace import Event

FREE = Limits(max_events=None, max_bytes=None)
OTHER_LEN = [
    "match xs.append:\n    case len: pass",
    "match [xs.append, 1]:\n    case [len, *rest]: pass",
    "match {1: xs.append}:\n    case {1: len, **rest}: pass",
    "for len in [xs.append]: pass",
    "(len := xs.append)",
    "import sys\nsys.modules['__main__'].len = xs.append",
    "import sys\nsys.modules['built' + 'ins'].len = xs.append",
    "import sys\nsys.modules['__main__'].__dict__.update(len=xs.append)",
    "import sys\nobject.__setattr__(sys.modules['__main__'], 'len', xs.append)",
    "import sys\ngetattr(sys.modules['__main__'], '__di' + 'ct__')['len'] = xs.append",
    "import sys\nsys._getframe().f_globals['len'] = xs.append",
    "import inspect\ninspect.currentframe().f_globals['len'] = xs.append",
    "import operator, sys\noperator.attrgetter('__di' + 'ct__')(sys.modules['__main__'])['len'] = xs.append",
    "import __main__\n__main__.len = xs.append",
    "print.__self__.len = xs.append",
    "def f(): pass\nf.__globals__['len'] = xs.append",
    "def f(): pass\nf.__builtins__['len'] = xs.append",
    "def f():\n    global len\n    len = xs.append\nf()",
]
"""Each makes `len` another name for `xs.append`."""
CALLED = [
    "class P: __add__ = xs.append\np = P()\ny = p + 1\nz = p + 2",
    "class P:\n    if True: __add__ = xs.append\np = P()\ny = p + 1",
    "class P: __getattr__ = xs.append\np = P()\ny = p.foo",
    "class P: __len__ = xs.pop\np = P()\ntry:\n    y = len(p)\nexcept TypeError: pass",
    "class P: __bool__ = xs.clear\np = P()\ntry:\n    y = 1 if p else 2\nexcept TypeError: pass",
    "class P: __eq__ = xs.append\np = P()\ny = p == 3",
    "class P: __contains__ = xs.append\np = P()\ny = 3 in p",
    "class P: __getitem__ = xs.append\np = P()\ny = p[3]",
    "class P: __class_getitem__ = xs.append\ny = P[3]",
    "class P: __format__ = xs.append\np = P()\ntry:\n    y = f'{p:a}'\nexcept TypeError: pass",
    "class P(dict): __or__ = xs.append\np = P()\ny = p | 1",
    "class P(list): __add__ = list.append\np = P()\ny = p + 1",
    "class P: __add__ = xs.append\nps = [[[P()]]]\ny = ps[0][0][0] + 1",
    "class P:\n    @(lambda f: xs.append)\n    def __add__(self, other): pass\np = P()\ny = p + 1",
    "class P: pass\np = P()\nq = p\nP.__add__ = xs.append\ny = p + 1",
    "class P: pass\np = P()\nq = p\ntype.__setattr__(P, '__add__', xs.append)\ny = p + 1",
    "class P: pass\nclass Q(P): __add__ = xs.append\np = P()\nq = p\np.__class__ = Q\ny = p + 1",
    "class M(type): __add__ = xs.append\nclass P(metaclass=M): pass\ny = P + 1",
    "class M(type):\n    @classmethod\n    def __prepare__(cls, *_): return {'__add__': xs.append}\n"
    "class P(metaclass=M): pass\np = P()\ny = p + 1",
    "class M(type):\n    @classmethod\n    def __prepare__(cls, *_): return {'len': xs.append}\n"
    "class P(metaclass=M):\n    y = len(3)\n    z = 1",
    "P = type('P', (), {'__add__': xs.append})\np = P()\ny = p + 1",
    "class P: a = property(xs.append)\np = P()\ny = p.a",
    "class P: pass\nP.a = property(xs.append)\np = P()\ny = p.a",
    "import functools\nclass P: a = functools.cached_property(xs.append)\np = P()\ny = p.a",
    "import types\nns = types.SimpleNamespace(write=xs.append)\nprint('a', file=ns)\ny = 1",
    "import sys, types\nout, sys.stdout = sys.stdout, types.SimpleNamespace(write=xs.append)\nprint('a')\nprint('b')\n"
    "sys.stdout = out",
    "import sys, types\nsys.stdin = types.SimpleNamespace(readline=xs.pop)\ntry:\n    y = input()\nexcept TypeError: pass",
    "import typing\nd = typing.DefaultDict(int)\ny = d[3]\nz = d[4]",
    "import sys\nsys.setprofile(lambda *_: xs.append(1))\ny = len([1])\nz = abs(-3)\nsys.setprofile(None)",
    "import sys\nm = sys.monitoring\nm.use_tool_id(2, 'x')\nm.register_callback(2, m.events.LINE, lambda *_: xs.append(1))\n"
    "m.set_events(2, m.events.LINE)\ny = 1\nz = 2\nm.set_events(2, 0)\nm.free_tool_id(2)",
    "import signal, os\nsignal.signal(signal.SIGUSR1, xs.insert)\ny = 1\nos.kill(os.getpid(), signal.SIGUSR1)\nz = 1\n"
    "signal.signal(signal.SIGUSR1, signal.SIG_DFL)",
    "import _thread, time\n_thread.start_new_thread(xs.append, (5,))\ntime.sleep(0.1)\ny = 1",
]
"""Each has `xs.append` or the like called in or between plain statements, which no line tells."""
HARMLESS = [
    "class P:\n    __slots__ = ('n',)\n    def __init__(self): self.n = 1\n    def __add__(self, o): return self.n + o\n"
    "    __radd__ = __add__\n    __hash__ = None\np = P()\ny = p + 1",
    "class P:\n    @property\n    def n(self): return 1\n    @classmethod\n    def make(cls): return cls()\np = P.make()\ny = p.n",
]
"""What programs do every day."""


def events(source: str, known: bool) -> list[Event]:
    """The program leaves its own `len` and streams behind: they are put back."""
    program = f"xs = [1]\n{source}\nw = 1\n{'None' if known else 'exec'}\n"
    kept, stdout, stdin = len, sys.stdout, sys.stdin
    try:
        return record_here(program, limits=FREE).events
    finally:
        builtins.len, sys.stdout, sys.stdin = kept, stdout, stdin


@pytest.mark.parametrize("source", OTHER_LEN)
def test_a_name_that_means_something_else(source: str) -> None:
    source += "\ny = len(3)\nz = 1\ndef g():\n    y = len(4)\n    return y\ng()"
    found = events(source, known=True)
    assert any((event.changes or {}).get("xs") == "[1, 3]" for event in found)
    assert found == events(source, known=False)


@pytest.mark.parametrize("source", CALLED)
def test_operators_and_streams_that_call_what_is_not_recorded(source: str) -> None:
    assert events(source, known=True) == events(source, known=False)


@pytest.mark.parametrize("source", HARMLESS)
def test_ordinary_classes_keep_what_is_known(source: str) -> None:
    assert not may_call_unseen(ast.walk(ast.parse(source)))
    assert events(source, known=True) == events(source, known=False)
