"""Packages that are optional at run time: imported when they are needed, or an error that names the command."""

from __future__ import annotations

import importlib
from typing import Any

from fw_circuits.exceptions import InputError


def require(module: str, package: str, what: str) -> Any:
    """Import ``module`` for ``what``; ``package`` is what pip installs to have it.

    Raises
    ------
    InputError
        If the package is not installed.
    """
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise InputError(
            f"{what} needs {module.partition('.')[0]}, which cannot be imported ({error}); "
            f"install it with: pip install {package}"
        ) from error
