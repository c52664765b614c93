"""What is told by its name: functions, classes, modules, enumeration members, and numbers and dates by their repr."""

import types
from collections.abc import Callable
from typing import Any

from .originals import BUILTINS as __builtins__  # noqa: F401
from .storage import Storage, dict_of, exact, is_built_in, module_of, mro_of, name_of

_module_dict: Callable[[types.ModuleType], dict[str, Any]] = vars(types.ModuleType)["__dict__"].__get__
_EXACT = frozenset({
    ("decimal", "Decimal"), ("datetime", "date"), ("datetime", "datetime"), ("datetime", "timedelta"),
    ("datetime", "time"), ("datetime", "timezone"),
})  # fmt: skip


def named_text(value: Any, kind: type) -> str | None:
    """Text for what goes by its name: functions, classes, modules, bound methods, enumeration members, exact numbers,
    dates."""
    module, name = module_of(kind), name_of(kind)
    if module.startswith("deskcheck_tracer."):
        return f"<{name}>"  # a Recorder in the code it records
    if issubclass(kind, type):
        return f"<class '{name_of(value)}'>"
    if kind is types.FunctionType:
        return f"<function {exact(value.__name__)}>"
    if kind is types.BuiltinFunctionType:
        return f"<built-in {exact(value.__name__)}>"
    if kind is types.ModuleType:
        return f"<module {_module_name(value)}>"
    if kind is types.MethodType:
        function = value.__func__
        known = type(function) is types.FunctionType or type(function) is types.BuiltinFunctionType
        return f"<method {exact(function.__name__) if known else '?'} of {name_of(type(value.__self__))}>"
    if is_built_in(kind):
        return repr(value) if (module, name) in _EXACT and _has_plain_zone(value, kind) else None
    if module == "fractions" and name == "Fraction":
        parts = Storage(kind).attributes(value)
        return f"Fraction({parts.get('_numerator')!r}, {parts.get('_denominator')!r})" if _is_ratio(parts) else None
    if any(module_of(base) == "enum" and name_of(base) == "Enum" for base in mro_of(kind)):
        member = Storage(kind).attributes(value).get("_name_")
        return f"{name}.{exact(member)}"
    return None


def _has_plain_zone(value: Any, kind: type) -> bool:
    """A date's repr includes that of its time zone, which may be an object of the program."""
    zone = dict_of(kind)["tzinfo"].__get__(value) if "tzinfo" in dict_of(kind) else None
    return zone is None or is_built_in(type(zone))


def _is_ratio(parts: dict[str, Any]) -> bool:
    return len(parts) == 2 and all(type(n) is int and n.bit_length() < 10_000 for n in parts.values())


def _module_name(module: types.ModuleType) -> str:
    return exact(_module_dict(module).get("__name__"))
