"""The public names of the package, one readable line each.

``python -m tests.project.public_api > tests/project/public_api.txt`` rewrites the file that freezes them.
"""

import enum
import functools
import importlib
import inspect
from collections.abc import Iterator
from typing import Any

#: Where users may import from.  A module without ``__all__`` offers what it defines without an underscore.
ROOMS = [
    "fw_circuits", "fw_circuits.certificate", "fw_circuits.circuits", "fw_circuits.circuits.catalogue",
    "fw_circuits.circuits.passes", "fw_circuits.comparison", "fw_circuits.data", "fw_circuits.estimators",
    "fw_circuits.exceptions", "fw_circuits.experiment", "fw_circuits.htmc", "fw_circuits.lattice",
    "fw_circuits.objective", "fw_circuits.oracle", "fw_circuits.report", "fw_circuits.resnet",
    "fw_circuits.resnet.baseline", "fw_circuits.rounding", "fw_circuits.solution", "fw_circuits.solver",
    "fw_circuits.tetrakis",
]  # fmt: skip


def names_of(room: str) -> list[str]:
    """Public names of a module, sorted."""
    module = importlib.import_module(room)
    if hasattr(module, "__all__"):
        return sorted(module.__all__)
    own = vars(module).items()
    return sorted(k for k, v in own if not k.startswith("_") and getattr(v, "__module__", None) == room)


def everything() -> Iterator[tuple[str, str, Any]]:
    """(full name, the name under which it is described, object) of everything public: of a room, where it is in one."""
    home: dict[int, str] = {}
    for room in [*ROOMS[1:], ROOMS[0]]:
        for name in names_of(room):
            full, value = f"{room}.{name}", getattr(importlib.import_module(room), name)
            if inspect.isroutine(value) or isinstance(value, type):
                home.setdefault(id(value), full)
            yield full, home.get(id(value), full), value


def has_own_constructor(kind: Any) -> bool:
    """Whether the constructor of a class is its own: not so for enumerations, exceptions and protocols."""
    return not issubclass(kind, enum.Enum | Exception) and not getattr(kind, "_is_protocol", False)


def members(kind: type) -> Iterator[tuple[str, Any]]:
    """Public members of a class that this package defines, inherited ones included: (name, as it is in the class)."""
    known: dict[str, Any] = {}
    for base in reversed(kind.__mro__):
        if base.__module__.startswith("fw_circuits"):
            known |= {name: None for name in inspect.get_annotations(base)} | vars(base)
    fields = inspect.signature(kind).parameters if has_own_constructor(kind) else {}
    for name, value in sorted(known.items()):
        ours = not type(value).__module__.startswith("sklearn")  # scikit-learn adds set_fit_request and the like
        if (name == "__call__" or not name.startswith("_")) and name not in fields and ours:
            yield name, value


def signature(call: Any) -> str:
    """Names, kinds and presence of defaults: ``(X, y, *, gamma=...)``."""
    given = inspect.signature(call)
    plain = [
        p.replace(annotation=p.empty, default=p.default if p.default is p.empty else ...)
        for p in given.parameters.values()
    ]
    return str(given.replace(parameters=plain, return_annotation=given.empty)).replace("=Ellipsis", "=...")


def line(name: str, value: Any) -> str:
    """What is frozen of one object."""
    if isinstance(value, classmethod | staticmethod):
        return f"{name}{signature(value.__func__)} {type(value).__name__}"
    if isinstance(value, property | functools.cached_property):
        return f"{name} property"
    if isinstance(value, type) and not has_own_constructor(value):
        return f"{name} {value.__mro__[1].__name__}"
    if inspect.isroutine(value) or isinstance(value, type):
        return name + signature(value)
    return f"{name} {'module' if inspect.ismodule(value) else 'attribute'}"


def described() -> Iterator[tuple[str, Any]]:
    """(full name, object) of everything public: each once, in its home."""
    for full, home, value in everything():
        if full == home:
            yield full, value
            if isinstance(value, type):
                yield from ((f"{full}.{member}", it) for member, it in members(value))


def lines() -> list[str]:
    """The frozen file, line by line."""
    again = (f"{full} is {home}" for full, home, _ in everything() if full != home)
    return sorted([*again, *(line(name, value) for name, value in described())])


if __name__ == "__main__":
    print("\n".join(lines()))
