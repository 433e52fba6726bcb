"""Compiled kernels and the switch between them and their NumPy twins.

``FW_CIRCUITS_KERNELS=python`` selects the twins (short, slow, and what the kernels are tested against);
``compiled``, the default, the extensions built from ``csrc/``.
"""

import os

from fw_circuits.exceptions import InputError

CHOICES = ("compiled", "python")


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
        raise InputError(f"FW_CIRCUITS_KERNELS is {choice!r}; expected 'compiled' or 'python'; unset it for 'compiled'.")
    return choice == "compiled"
