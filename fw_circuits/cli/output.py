"""What commands print and write: lines, JSON, and files whose paths are tried before the work."""

import csv
import json
import os
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from io import StringIO
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console

from fw_circuits._files import check_writable
from fw_circuits.exceptions import InputError


def print_lines(console: Console, lines: Iterable[str]) -> None:
    """Lines as they are: names from data are no markup."""
    for line in lines:
        console.print(line, highlight=False, markup=False)


def csv_text(rows: Iterable[Sequence[Any]], lineterminator: str) -> str:
    """Rows as CSV, quoted where need be."""
    text = StringIO()
    csv.writer(text, lineterminator=lineterminator).writerows(rows)
    return text.getvalue()


def print_written(console: Console, written: Mapping[str, str]) -> None:
    """Where files went, by what they are."""
    print_lines(console, (f"Wrote {what}: {where}" for what, where in written.items()))


def print_json(value: dict[str, Any]) -> None:
    """One JSON object."""
    print(json.dumps(_finite(value), indent=2, allow_nan=False))


def _finite(value: Any) -> Any:
    """JSON knows no infinities and no NaN: null."""
    if isinstance(value, dict):
        return {name: _finite(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in value]
    value = value.item() if isinstance(value, np.generic) else value
    return None if isinstance(value, float) and not np.isfinite(value) else value


def output_paths(folder: str, name: str, **extensions: str) -> dict[str, str]:
    """Paths of what will be written; each is tried before the work, so that a wrong one costs none."""
    try:
        Path(folder).mkdir(parents=True, exist_ok=True)
    except (FileExistsError, NotADirectoryError):
        raise InputError(f"--output is {folder}, which is or lies in a file; name a folder.") from None
    if not os.access(folder, os.W_OK):
        raise InputError(f"--output is {folder}, which cannot be written to; name another folder.")
    stem = Path(folder) / f"fw-circuits-{'-'.join(name.split())}"
    return {what: str(check_writable(f"{stem}{extension}", "--output")) for what, extension in extensions.items()}


def write_all(
    paths: Mapping[str, str], actions: Mapping[str, Callable[[str], Any]], called: str = "the"
) -> dict[str, str]:
    """Write each file by its action; the paths of those that were written, by what they are.

    A line says which were not: the work before them must not be lost with them.
    """
    written = {}
    for what, action in actions.items():
        try:
            action(paths[what])
        except Exception as error:
            reason = f"{type(error).__name__}: {' '.join(str(error).split())[:200]}"
            print(f"fw-circuits: {called} {what} was not written ({reason})", file=sys.stderr)
        else:
            written[what] = paths[what]
    return written
