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

#: Still to be mended, by room.  A name here that passes is an error, so the list only gets shorter.
KNOWN: dict[str, str] = {
    "circuits": "Circuit.from_truth_table Gate",
    "circuits.catalogue": "Catalogue chain_gates main search_classes",
    "data": (
        "Dataset.n_features adder_bit comparator divider_bit majority multiplier_bit parity read_csv "
        "read_features remainder_bit square_root_bit symmetric threshold"
    ),
    "estimators": (
        "CircuitClassifier CircuitClassifier.fit CircuitRegressor CircuitRegressor.fit CircuitRegressorCV merge_rows"
    ),
    "lattice": "Lattice Lattice.fit Lattice.literal_name Lattice.rows Lattice.transform codes",
    "objective": "Form.dual Loss.encode_target make_form make_loss",
    "oracle": (
        "AtomLike.cost CheckedOracle.answer CheckedOracle.search CountingOracle DictionaryOracle GateOracle "
        "LazyOracle Oracle.search OracleAnswer.of OracleData.of SubsetOracle best_first make_oracle"
    ),
    "resnet": (
        "Block Box.of LipschitzCheck ResNet ResNet.complexity ResNet.prune ResNet.to_onnx activation_bounds "
        "compile_resnet prune sensitivities verify_lipschitz"
    ),
    "resnet.baseline": "fit train",
    "solver": "ActiveSet.columns ActiveSet.norm Run Run.record",
}
PENDING = {
    ".".join(filter(None, ["fw_circuits", room, name])) for room, names in KNOWN.items() for name in names.split()
}

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
    if name in PENDING:
        assert wrong, f"{name} is in order: take it off KNOWN"
        pytest.xfail("; ".join(wrong))
    assert not wrong, "\n".join([name, *wrong])


def test_pending_names_exist():
    assert {name for name, _ in PUBLIC} >= PENDING


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
