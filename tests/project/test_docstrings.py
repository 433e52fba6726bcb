"""Docstrings of public names, by numpydoc's validator: what it is first, every parameter under its own name, in order.

Three parameters or more are described in full, and what comes back as well; fewer may be told in the summary.
"""

import functools
import inspect
import re
import sys
from typing import Any

import pytest

from tests.project import public_api

validate = pytest.importorskip("numpydoc.validate").validate
docscrape = pytest.importorskip("numpydoc.docscrape")

#: Codes of https://numpydoc.readthedocs.io/en/latest/validation.html
ALWAYS = {
    "GL03", "GL05", "GL06", "GL07", "GL08", "SS01", "SS02", "SS03", "SS04", "SS06", "PR02", "PR03", "PR05", "PR06",
    "PR07", "PR08", "PR09", "PR10", "RT04", "RT05", "YD01",
}  # fmt: skip
#: Asked for from this many parameters on, unless the docstring says whose parameters they are.
IN_FULL, MANY = {"PR01", "RT01"}, 3
ELSEWHERE = re.compile(r"\b(as in|those of|handed to)\s+:(func|class|meth):`")

DOCUMENTED = type | property | functools.cached_property | classmethod | staticmethod


def is_defined_by(name: str, value: Any) -> bool:
    """Whether the class in the name defines the member itself, or no class is named."""
    function = getattr(value, "fget", None) or getattr(value, "func", None) or getattr(value, "__func__", value)
    return name.endswith(f".{getattr(function, '__qualname__', name)}")


#: An inherited member is checked once: at the class that defines it, where that is public.
PUBLIC = sorted(
    {
        id(value): (name, value)
        for name, value in sorted(public_api.described(), key=lambda pair: is_defined_by(*pair))
        if inspect.isroutine(value) or isinstance(value, DOCUMENTED)
    }.values(),
    key=lambda pair: pair[0],
)


def parameters(value: Any) -> set[str]:
    """Names of the parameters of a callable; of a class, those of its own constructor."""
    if isinstance(value, property | functools.cached_property):
        return set()
    if isinstance(value, type) and not public_api.has_own_constructor(value):
        return set()
    return set(inspect.signature(getattr(value, "__func__", value)).parameters) - {"self", "cls"}


def attributes(value: Any) -> set[str]:
    """Names in the section Attributes, which describes the fields of a dataclass as well as Parameters would."""
    section = docscrape.NumpyDocString(inspect.getdoc(value) or "")["Attributes"] if isinstance(value, type) else []
    return {name.strip() for item in section for name in item.name.split(",")}


def is_described_elsewhere(name: str) -> bool:
    """Whether a base class, or a protocol of the same room, describes this method (``search`` of an oracle)."""
    kind, _, method = name.rpartition(".")
    room, _, own = kind.rpartition(".")
    if room not in public_api.ROOMS or not isinstance(getattr(sys.modules[room], own), type):
        return False
    everything = [getattr(sys.modules[room], other) for other in public_api.names_of(room)]
    protocols = [it for it in everything if getattr(it, "_is_protocol", False) and it.__name__ != own]
    bases = getattr(sys.modules[room], own).__mro__[1:]
    return any(vars(other).get(method).__doc__ for other in [*bases, *protocols] if method in vars(other))


def problems(name: str, value: Any) -> list[str]:
    """What is wrong with one docstring, in numpydoc's words; a method described elsewhere needs only a summary."""
    elsewhere = is_described_elsewhere(name)
    if elsewhere and not value.__doc__:
        return []
    found, text, given = validate(name), inspect.getdoc(value) or "", parameters(value)
    in_full = len(given) >= MANY and not (elsewhere or ELSEWHERE.search(text) or given <= attributes(value))
    codes = ALWAYS | (IN_FULL if in_full else set())
    wrong = [f"{code}: {message}" for code, message in found["errors"] if code in codes]
    if ">>>" in text and not re.search(r"^Examples\n-+$", text, re.MULTILINE):
        wrong.append("an example (>>>) that is not under the heading Examples")
    return wrong


@pytest.mark.parametrize(("name", "value"), PUBLIC, ids=[name for name, _ in PUBLIC])
def test_the_docstring_is_complete(name, value):
    wrong = problems(name, value)
    assert not wrong, "\n".join([name, *wrong])


class Sloppy:
    def nothing(self):
        pass

    def renamed(self, a, b, c):
        """Add things.

        >>> 1 + 1
        2

        Parameters
        ----------
        a, b, d : int
            Numbers.
        """
        return a + b + c

    def elsewhere(self, a, b, c):
        """Add things, which are those of :func:`sum`."""
        return a + b + c


@pytest.mark.parametrize(
    ("name", "expected"),
    [("nothing", ["GL08"]), ("renamed", ["PR01", "PR02", "RT01", "an example"]), ("elsewhere", [])],
)
def test_the_check_sees(name, expected):
    wrong = problems(f"{__name__}.Sloppy.{name}", getattr(Sloppy, name))
    assert sorted(re.split(r":| \(", w)[0] for w in wrong) == expected
