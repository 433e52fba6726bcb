"""Compiled kernels and the switch between them and their NumPy reference implementations.

``FW_CIRCUITS_KERNELS=python`` selects the references (short, slow, and what the kernels are tested against; they need
no compiled extension); ``compiled``, the default, the extensions built from ``csrc/``.
"""

import os
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
    if not use_compiled():
        return reference
    try:
        return import_module(f"{__name__}.{extension}")
    except ModuleNotFoundError as error:
        raise ImportError(_not_built()) from error


def _not_built() -> str:
    """What to do about kernels that are missing; empty if none is."""
    missing = [name for name in EXTENSIONS if PathFinder.find_spec(f"{__name__}.{name}", __path__) is None]
    tree = os.path.dirname(os.path.dirname(__file__))
    return (
        ""
        if not missing
        else (
            f"{tree} is a source tree whose C kernels are not built ({', '.join(missing)} missing). Python takes it as "
            "you are in that folder: run pip install -e . there, which builds them in place, or start Python in another "
            "folder to use the installed package; FW_CIRCUITS_KERNELS=python does without them, slowly."
        )
    )


if os.environ.get("FW_CIRCUITS_KERNELS") != "python" and (sentence := _not_built()):
    raise ImportError(sentence)
