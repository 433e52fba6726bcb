"""The examples of the IWLS 2020 contest, from a folder with train/, validation/ and test/ or a tar of it.

The data are not part of this project.
"""

import tarfile
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from fw_circuits._typing import Array
from fw_circuits.data import read_table

Parts = dict[str, tuple[Array, Array]]


def examples(data: str, only: str | None = None, quick: bool = False) -> Iterator[tuple[str, Parts]]:
    """Name and rows of the examples, or of those with the numbers ``only``; quick: two of them."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(data)
        if folder.is_file():
            with tarfile.open(folder) as archive:
                archive.extractall(scratch, filter="data")
            folder = Path(scratch)
        names = sorted(p.name.split(".")[0] for p in (folder / "test").iterdir() if p.suffix == ".pla")
        names = [n for n in names if not only or n.removeprefix("ex") in only.split(",")]
        for name in names[:: max(1, len(names) // 2)][:2] if quick else names:
            yield name, read_example(folder, name)


def read_example(folder: Path, name: str) -> Parts:
    """Rows and labels of the three parts."""
    parts = {}
    for part in ("train", "validation", "test"):
        table = read_table(folder / part / f"{name}.{part if part != 'validation' else 'valid'}.pla")
        parts[part] = (table.X, np.asarray(table.y))
    return parts
