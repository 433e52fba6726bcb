"""Compiled kernels and the switch between them and their NumPy reference implementations.

``FW_CIRCUITS_KERNELS=python`` selects the references (short, slow, and what the kernels are tested against; they need
no compiled extension); ``compiled``, the default, the extensions built from ``csrc/``.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from importlib.machinery import PathFinder
from typing import Any

from fw_circuits.exceptions import InputError

CHOICES = ("compiled", "python")
EXTENSIONS = ("_circuits", "_families", "_lattice", "_search", "_solver", "_threads")


def use_compiled() -> bool:
    """Whether the compiled kernels are selected, read from the environment at every call.

    Raises
    ------
    InputError
        If ``FW_CIRCUITS_KERNELS`` is neither ``compiled`` nor ``python``.

    Examples
    --------
    >>> use_compiled() in (True, False)
    True
    """
    choice = os.environ.get("FW_CIRCUITS_KERNELS", "compiled")
    if choice not in CHOICES:
        raise InputError(
            f"FW_CIRCUITS_KERNELS is {choice!r}; expected 'compiled' or 'python'; unset it for 'compiled'."
        )
    return choice == "compiled"


def select(extension: str, reference: Any) -> Any:
    """The compiled module, or the module or object that stands for it where the NumPy references are selected.

    Examples
    --------
    >>> select("_lattice", None) is None or select("_lattice", None).__name__
    'fw_circuits._kernels._lattice'
    """
    return _loaded(extension) if use_compiled() else reference


def _loaded(extension: str) -> Any:
    try:
        return import_module(f"{__name__}.{extension}")
    except ModuleNotFoundError as error:
        missing = [name for name in EXTENSIONS if PathFinder.find_spec(f"{__name__}.{name}", __path__) is None]
        tree = os.path.dirname(os.path.dirname(__file__))
        raise ImportError(
            f"{tree} is a source tree whose C kernels are not built ({', '.join(missing)} missing). Python takes it "
            "as you are in that folder: run pip install -e . there, which builds them in place, or start Python in "
            "another folder to use the installed package; FW_CIRCUITS_KERNELS=python does without them, slowly."
        ) from error


@contextmanager
def _without_spinning() -> Iterator[None]:
    """Have the OpenMP runtime, which reads the environment once, when it is loaded, let threads sleep while they wait.

    By default they spin, and where another process wants the core the others wait for whoever spins.  What the user
    says counts, and nothing stays in the environment.
    """
    said = any(name in os.environ for name in ("OMP_WAIT_POLICY", "GOMP_SPINCOUNT", "KMP_BLOCKTIME"))
    if not said:
        os.environ["OMP_WAIT_POLICY"] = "passive"
    try:
        yield
    finally:
        if not said:
            del os.environ["OMP_WAIT_POLICY"]


if os.environ.get("FW_CIRCUITS_KERNELS") != "python":
    with _without_spinning():
        for _name in EXTENSIONS:  # now: a library that is loaded after a fork does not know of it (csrc/forked.h)
            _loaded(_name)
