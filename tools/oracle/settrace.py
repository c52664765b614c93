"""The oracle: a slow, obvious recorder on `sys.settrace` that writes down every frame's whole state after every line.

It imports nothing of the tracer and works by other means: states are full pictures of every local, never differences;
logical lines come from the tokenizer, not from the syntax tree; whether a line starts over is decided by the
instruction that ran last (`f_trace_opcodes`); the step that prints is found by walking the stack. The rules it shares
are those of the documentation (trace.py, values.py): what a step is, and how a value is written.

It runs as text inside the sandbox (`observe` prints one JSON line) and takes Python 3.12 and 3.13.
"""

import ast
import decimal
import dis
import enum
import fractions
import gc
import io
import json
import os
import sys
import threading
import tokenize
import types
import weakref
from collections import Counter, OrderedDict, defaultdict, deque

NAME = "<oracle>"


# ---- pictures: how a value is written ----


class Pictures:
    """Full text of values as the tracer's documentation defines it. Numbers of objects stand between two \\x01."""

    def __init__(self):
        self.numbers = {}
        self.given = 0

    def label(self, value):
        entry = self.numbers.get(id(value))
        if entry is None:
            self.given += 1
            key = id(value)
            try:
                guard = weakref.ref(value, lambda _: self.numbers.pop(key, None))
            except TypeError:
                guard = value
            entry = self.numbers[key] = (self.given, guard)
        return f"{type(value).__name__}#\x01{entry[0]}\x01"

    def of(self, value, inside=(), objects=0):
        kind = type(value)
        if kind is int and value.bit_length() > 14_000:
            try:
                return repr(value)
            except ValueError:
                return f"<int of {value.bit_length()} bits>"
        if kind in (int, float, complex, str, bytes, bool, range, type(None), type(...), type(NotImplemented)):
            return repr(value)
        if id(value) in inside:
            return {list: "[...]", tuple: "(...)", dict: "{...}", deque: "[...]"}.get(kind) or self.label(value)
        inside = (*inside, id(value))
        if kind in (list, tuple, set, frozenset, deque, dict, defaultdict, Counter, OrderedDict, bytearray):
            return self.container(value, kind, inside, objects)
        return self.other(value, kind, inside, objects)

    def many(self, values, inside, objects):
        return ", ".join([self.of(value, inside, objects) for value in values])

    def pairs(self, pairs, inside, objects):
        return ", ".join([f"{self.of(k, inside, objects)}: {self.of(v, inside, objects)}" for k, v in pairs])

    def container(self, value, kind, inside, objects):
        if kind is list:
            return "[" + self.many(value, inside, objects) + "]"
        if kind is tuple:
            return "(" + self.many(value, inside, objects) + (",)" if len(value) == 1 else ")")
        if kind is set:
            return "{" + self.many(in_order(value), inside, objects) + "}" if value else "set()"
        if kind is frozenset:
            return "frozenset({" + self.many(in_order(value), inside, objects) + "})" if value else "frozenset()"
        if kind is deque:
            end = "])" if value.maxlen is None else f"], maxlen={value.maxlen})"
            return "deque([" + self.many(value, inside, objects) + end
        if kind is bytearray:
            return repr(value)
        if kind is Counter:
            pairs = list(dict.items(value))
            if all(type(count) is int for _, count in pairs):
                pairs.sort(key=lambda pair: pair[1], reverse=True)
            return "Counter({" + self.pairs(pairs, inside, objects) + "})" if value else "Counter()"
        pairs = "{" + self.pairs(dict.items(value), inside, objects) + "}"
        if kind is defaultdict:
            return f"defaultdict({self.of(value.default_factory, inside, objects)}, {pairs})"
        if kind is OrderedDict:
            return f"OrderedDict({pairs})" if value else "OrderedDict()"
        return pairs

    def other(self, value, kind, inside, objects):
        if issubclass(kind, type):
            return f"<class '{value.__name__}'>"
        if kind is types.FunctionType:
            return f"<function {value.__name__}>"
        if kind is types.BuiltinFunctionType:
            return f"<built-in {value.__name__}>"
        if kind is types.ModuleType:
            return f"<module {value.__name__}>"
        if kind is types.MethodType:
            return f"<method {getattr(value.__func__, '__name__', '?')} of {type(value.__self__).__name__}>"
        if issubclass(kind, enum.Enum):
            return f"{kind.__name__}.{value._name_}"
        if kind in (decimal.Decimal, fractions.Fraction) or (kind.__module__ == "datetime" and kind.__name__ in DATES):
            return repr(value)
        if issubclass(kind, BaseException):
            return f"{kind.__name__}({self.many(value.args, inside, objects)})"
        if kind in (TextInput, TextOutput, _BytesInput, _BytesOutput):
            return f"<{kind.__name__}>"
        if kind.__module__ == "builtins":
            return self.label(value)
        if issubclass(kind, tuple) and type(kind.__dict__.get("_fields")) is tuple:
            pairs = zip(kind._fields, tuple.__iter__(value), strict=False)
            return f"{kind.__name__}({', '.join([f'{k}={self.of(v, inside, objects)}' for k, v in pairs])})"
        content = self.content(value, inside, objects + 1)
        if issubclass(kind, (int, float, str, bytes)):
            return f"{kind.__name__}({content})"
        label = self.label(value)
        if objects:
            return label
        attributes = ", ".join([f"{k}={self.of(v, inside, 1)}" for k, v in self.attributes(value)])
        parts = [part for part in (content, attributes) if part]
        return f"{label}({', '.join(parts)})" if parts else label

    def content(self, value, inside, objects):
        for base in type(value).__mro__:
            if base in (list, tuple, deque):
                return "[" + self.many(base.__iter__(value), inside, objects) + "]"
            if base in (set, frozenset):
                return "{" + self.many(in_order(base.__iter__(value)), inside, objects) + "}"
            if base is dict:
                return "{" + self.pairs(dict.items(value), inside, objects) + "}"
            if base in (int, float, str, bytes):
                return base.__repr__(value)
        return None

    def attributes(self, value):
        found = {}
        for base in reversed(type(value).__mro__):
            for name, member in base.__dict__.items():
                # Not the interpreter's own.
                written = base.__module__ not in ("builtins", "collections") and name[:2] != "__"
                if isinstance(member, types.MemberDescriptorType) and written:
                    try:  # noqa: SIM105 - nothing is imported that the observed program might need fresh
                        found[name] = member.__get__(value)
                    except AttributeError:
                        pass
        for base in type(value).__mro__:
            if isinstance(base.__dict__.get("__dict__"), types.GetSetDescriptorType):  # not a property of that name
                found.update(base.__dict__["__dict__"].__get__(value))
                break
        return found.items()


DATES = ("date", "datetime", "time", "timedelta", "timezone")


def in_order(values):
    """Numbers by size, strings by text, a mixture by type and text."""
    values = list(values)
    kinds = {type(value) for value in values}
    if kinds <= {int, float, bool} or kinds in ({str}, {bytes}):
        return sorted(values)
    return sorted(values, key=lambda value: (type(value).__name__, Pictures().of(value)))


# ---- the source: logical lines and comprehensions ----


def logical_lines(source):
    """Physical line -> first line of its logical line, as the tokenizer sees them; decorators count to their def."""
    heads, start, decorators, wait = {}, None, [], False
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type in (tokenize.COMMENT, tokenize.NL, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER):
            continue
        if start is None and token.type != tokenize.NEWLINE:
            start, wait = token.start[0], token.string == "@"
        if token.type == tokenize.NEWLINE and start is not None:
            lines = range(start, token.end[0] + 1)
            if wait:
                decorators.extend(lines)
            else:
                heads.update(dict.fromkeys([*lines, *decorators], start))
                decorators = []
            start = None
    return heads


def spans_of(source, kinds):
    return [
        ((node.lineno, node.col_offset), (node.end_lineno, node.end_col_offset))
        for node in ast.walk(ast.parse(source))
        if isinstance(node, kinds)
    ]


# ---- the run ----


class Frame:
    """One activation: its number, its current step, the instruction that ran last."""

    def __init__(self, number):
        self.number, self.step, self.last, self.kind = number, None, -1, "call"


class Oracle:
    def __init__(self, source, max_steps, enough):
        self.heads, self.spans = logical_lines(source), spans_of(source, (ast.ListComp, ast.SetComp, ast.DictComp))
        self.nested = spans_of(source, (ast.GeneratorExp, ast.Lambda))
        self.spread = {head for line, head in self.heads.items() if head != line}
        self.pictures, self.max_steps, self.enough = Pictures(), max_steps, enough
        self.steps, self.frames, self.exits = [], [], []
        self.texts, self.states = {}, {}
        self.positions, self.targets = {}, {}
        self.recursion = False

    def on_call(self, frame, kind, _):
        """The global trace function: a frame begins, or a generator goes on."""
        if frame.f_code.co_filename != NAME:
            return None
        if frame.f_trace is not None:
            return frame.f_trace
        mine = Frame(len(self.frames))
        self.frames.append([frame.f_code.co_name, self.parent(frame)])

        def on_event(frame, kind, argument):
            frame.f_trace_opcodes = True  # 3.13 takes no notice of it before the frame has its f_trace
            self.on_event(mine, frame, kind, argument)
            return on_event

        frame.f_trace_opcodes = True
        on_event.frame = mine
        return on_event

    def parent(self, frame):
        """The number of the nearest frame of the program below this one on the stack."""
        below = frame.f_back
        while below is not None:
            if below.f_code.co_filename == "<call>":
                return self.call_frame
            if below.f_code.co_filename == NAME and below.f_trace is not None:
                return below.f_trace.frame.number
            below = below.f_back
        return None

    def on_event(self, mine, frame, kind, argument):
        if kind == "line" and self.is_new(mine, frame):
            self.see(mine, frame)
            if len(self.steps) >= self.max_steps:
                self.enough(self)
            mine.step = len(self.steps)
            self.steps.append([mine.number, self.line(frame), None, "", ""])
        elif kind == "return":
            self.see(mine, frame)
            opcode = dis.opname[frame.f_code.co_code[mine.last]] if mine.last >= 0 else ""
            how = "yield" if opcode == "YIELD_VALUE" else "return" if opcode.startswith("RETURN") else "unwind"
            if mine.kind == "exception":  # nothing ran since
                how = "unwind"
            if frame.f_code.co_flags & 2 == 0:  # the body of a class or module; CPython hands a cell out of some
                argument = None
            if type(argument).__name__ == "async_generator_wrapped_value":
                argument = gc.get_referents(argument)[0]
            self.exits.append([mine.number, how, None if how == "unwind" else self.text(self.pictures.of(argument))])
        elif kind == "exception" and issubclass(argument[0], RecursionError):
            self.recursion = True
        mine.kind = kind
        if kind in ("line", "opcode"):
            mine.last = frame.f_lasti

    def line(self, frame):
        """The line a step is told by."""
        if frame.f_code.co_name in ("<lambda>", "<genexpr>"):
            return frame.f_lineno
        return self.heads.get(frame.f_lineno, frame.f_lineno)

    def is_new(self, mine, frame):
        """Whether the line event begins a step: another logical line, or the same one over again."""
        if mine.step is None or self.steps[mine.step][1] != self.line(frame):
            return True
        code, now = frame.f_code, frame.f_lasti
        spans = self.inlined(frame)
        now = self.jumps(code).get(now, now)  # 3.13 reports a jump back from where it starts, 3.12 from where it ends
        if now > mine.last:  # forward: a piece of the same spread statement, or the exit of another item of a `with`
            clearing = any(within(self.position(code, now), span) for span in spans)  # after an exception
            return self.line(frame) not in self.spread and not clearing
        before, after = self.position(code, mine.last), self.position(code, now)
        return not any(within(before, span) and within(after, span) for span in spans)

    def inlined(self, frame):
        """The comprehensions whose loops run in this frame: a generator expression or lambda has those inside it."""
        if frame.f_code.co_name not in ("<lambda>", "<genexpr>"):
            return self.spans
        at = self.position(frame.f_code, frame.f_lasti)
        own = max((span for span in self.nested if within(at, span)), default=None)
        return [span for span in self.spans if own is None or within(span, own)]

    def jumps(self, code):
        if code not in self.targets:
            found = [
                (each.offset, each.argval) for each in dis.get_instructions(code) if each.opname == "JUMP_BACKWARD"
            ]
            self.targets[code] = dict(found)
        return self.targets[code]

    def position(self, code, offset):
        if code not in self.positions:
            self.positions[code] = list(code.co_positions())
        line, end_line, column, end_column = self.positions[code][offset // 2]
        return (line or 0, column or 0), (end_line or 0, end_column or 0)

    def see(self, mine, frame):
        """The state that the frame's current step has left so far."""
        if mine.step is None:
            return
        # 3.12's settrace keeps stale values of comprehension variables in the f_locals of a module
        space = frame.f_globals if frame.f_code.co_name == "<module>" else frame.f_locals
        state = []
        for name, value in list(space.items()):
            if name.isidentifier() and not (name.startswith("__") and name.endswith("__")):
                state += [name, self.text(self.pictures.of(value))]
        self.steps[mine.step][2] = self.states.setdefault(tuple(state), len(self.states))

    def text(self, text):
        return self.texts.setdefault(text, len(self.texts))

    def hear(self, text, column):
        """Text was written or read: it belongs to the step of the innermost frame of the program."""
        below = sys._getframe(1)
        while below is not None:
            if below.f_code.co_filename == NAME and below.f_trace is not None:
                step = below.f_trace.frame.step
                if step is not None:
                    self.steps[step][column] += text
                return
            if below.f_code.co_filename == "<call>":
                return
            below = below.f_back


def within(position, span):
    return span[0] <= position[0] and position[1] <= span[1]


class TextOutput(io.StringIO):
    """Standard output that tells the oracle who wrote."""

    def __init__(self, hear):
        super().__init__()
        self.hear, self.raw = hear, _BytesOutput(self)

    buffer = property(lambda self: self.raw)

    def write(self, text):
        self.hear(text, 3)
        return super().write(text)

    def reconfigure(self, **_):
        pass


class _BytesOutput(io.RawIOBase):
    def __init__(self, out):
        self.out = out

    def writable(self):
        return True

    def write(self, data):
        self.out.write(bytes(data).decode("utf-8", "replace"))
        return len(data)


class _BytesInput(io.BytesIO):
    """Standard input as bytes."""


class TextInput(io.StringIO):
    """Standard input that tells the oracle who read; reading bytes is not told."""

    def __init__(self, text, hear):
        super().__init__(text, newline=None)
        self.hear, self.text = hear, text

    @property
    def buffer(self):
        return _BytesInput(self.text.encode())

    def told(self, text):
        self.hear(text, 4)
        return text

    def read(self, *size):
        return self.told(super().read(*size))

    def readline(self, *size):
        return self.told(super().readline(*size))

    def readlines(self, *hint):
        lines = []
        while line := self.readline():
            lines.append(line)
        return lines

    def __next__(self):
        line = self.readline()
        if not line:
            raise StopIteration
        return line


def observe(source, stdin, call, max_steps, write):
    """Run a program under the oracle and hand `write` one JSON value: what it did, up to `max_steps` lines."""

    def enough(oracle, end="steps"):
        finish(oracle, end)
        os._exit(0)

    def finish(oracle, end, returned=None):
        sys.settrace(None)
        threading.settrace(None)
        write(
            {
                "texts": list(oracle.texts), "states": [list(state) for state in oracle.states], "steps": oracle.steps,
                "frames": oracle.frames, "exits": oracle.exits, "stdout": out.getvalue(), "end": end,
                "returned": returned, "recursion": oracle.recursion,
            }
        )  # fmt: skip

    body = compile(source, NAME, "exec", dont_inherit=True)
    expression = compile(call.strip(), "<call>", "eval", dont_inherit=True) if call else None
    oracle = Oracle(source, max_steps, enough)
    main = types.ModuleType("__main__")
    out = TextOutput(oracle.hear)
    real = sys.stdin, sys.stdout, sys.modules["__main__"], sys.argv
    sys.stdin, sys.stdout, sys.modules["__main__"], sys.argv = TextInput(stdin, oracle.hear), out, main, ["program.py"]
    end, returned, others = "finished", None, threading.enumerate()
    sys._getframe().f_trace_opcodes = True  # 3.12 reports instructions only if some frame asks before settrace
    sys.settrace(oracle.on_call)
    threading.settrace(oracle.on_call)
    try:
        exec(body, main.__dict__)
        if expression is not None:
            oracle.call_frame = len(oracle.frames)
            oracle.frames.append(["<call>", None])
            value = eval(expression, main.__dict__)
            sys.settrace(None)
            returned = repr(value)
        for thread in threading.enumerate():
            if thread not in others and not thread.daemon:
                thread.join()
    except BaseException as error:
        sys.settrace(None)
        end = type(error).__name__
        oracle.recursion = oracle.recursion or isinstance(error, RecursionError)
    finally:
        sys.settrace(None)
        sys.stdin, sys.stdout, sys.modules["__main__"], sys.argv = real
    finish(oracle, end, returned)


def jailed(source, stdin, call, max_steps):
    """The text of a program that observes another one and prints what it did as one JSON line."""
    with open(__file__, encoding="utf-8") as file:
        text = file.read()
    given = json.dumps([source, stdin, call, max_steps])
    printing = "def _print(seen):\n    os.write(1, (json.dumps(seen) + chr(10)).encode())"
    return f"{text}\n\n{printing}\n\nobserve(*json.loads({given!r}), _print)\n"
