"""Espresso PLA files as data.

What the type says about patterns that no row lists decides what can be learned from.  ``fr`` and ``fdr`` list the
on-set and the off-set, the rest stays unknown, so the listed rows are a sample.  The other types define the whole
function, so all 2^n patterns are returned but the don't-cares.  A pattern that ``fd`` lists both ways is a don't-care;
``fr`` rows that contradict each other are kept, as noisy data has them; those of ``fdr``, which can say don't-care,
are refused.
"""

from pathlib import Path

import numpy as np

from fw_circuits._files import read_bytes
from fw_circuits._typing import Array, Bits
from fw_circuits.circuits.formats.pla_file import DONT_CARE, Pla, check_dont_care, parse_pla
from fw_circuits.data.dataset import Dataset
from fw_circuits.data.selection import target_index
from fw_circuits.exceptions import InputError

MAX_ROWS = 1 << 20


def expand(cube: str) -> Bits:
    """All 0/1 rows of a cube: (2^dashes, n), the first dash counting fastest.

    Examples
    --------
    >>> expand("1-0").tolist()
    [[1, 0, 0], [1, 1, 0]]
    """
    row = np.frombuffer(cube.encode(), dtype=np.uint8) - ord("0")
    free = [i for i, mark in enumerate(cube) if mark == "-"]
    rows = np.repeat(row[None, :], 1 << len(free), axis=0)
    counter = np.arange(1 << len(free))
    for place, i in enumerate(free):
        rows[:, i] = counter >> place & 1
    return rows


def read_pla(
    path: str | Path,
    target: str | int | None = None,
    *,
    max_rows: int = MAX_ROWS,
    dont_care: int | None = None,
) -> Dataset:
    """Read an espresso PLA file as rows and labels.

    Parameters
    ----------
    path : str or Path
        Types f, r, d, fd (the default), fr, dr and fdr, with the keywords and marks of espresso(5); binary inputs.
    target : str, int or None
        Which output: a name of .ob or an index; the last one if left out.
    max_rows : int
        Limit for the rows after don't-care inputs are expanded (and for the 2^n rows of a whole function).
    dont_care : 0, 1 or None
        Label of the don't-cares, unlisted patterns of types fr and fdr among them, so that all 2^n patterns are
        returned.  None leaves them out.

    Returns
    -------
    Dataset
        X 0/1, y int64 0/1.  Patterns whose label is not known (see the head of this module) are not in it.

    Raises
    ------
    FormatError
        A damaged file, with the line number; rows that contradict each other where a whole function is asked for.
    InputError
        No such file or output, too many rows after expansion, no labelled rows.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = Path(folder) / "t.pla"
    ...     _ = file.write_text(".i 2\\n.o 1\\n.type fr\\n1- 1\\n00 0\\n.e\\n")
    ...     data, whole = read_pla(file), read_pla(file, dont_care=0)
    >>> data.X.tolist(), data.y.tolist(), whole.y.tolist()
    ([[1.0, 0.0], [1.0, 1.0], [0.0, 0.0]], [1, 1, 0], [0, 1, 0, 1])
    """
    path = Path(path)
    dont_care = check_dont_care(dont_care)
    pla = parse_pla(read_bytes(path), path)
    out = target_index([pla.output_name(j) for j in range(pla.n_outputs)], target)
    two_sided = "f" in pla.kind and "r" in pla.kind
    if two_sided and dont_care is None:
        bits, labels = _sample(pla, out, max_rows)
    else:
        bits, labels = _whole(pla, out, max_rows, dont_care)
    if not len(labels):
        raise InputError(f"{path}: no row has a label for output {out}; every listed or implied row is a don't-care.")
    names = tuple(pla.input_names or [f"x{i}" for i in range(pla.n_inputs)])
    goal = "y" if pla.n_outputs == 1 and not pla.output_names else pla.output_name(out)
    text = f"read from {path.name} (.type {pla.kind}, {len(pla.cubes)} listed rows)"
    return Dataset(bits.astype(np.float64), labels.astype(np.int64), names, goal, path.stem, text)


def _sample(pla: Pla, output: int, max_rows: int) -> tuple[Bits, Array]:
    """Types fr and fdr: every listed row with output 0 or 1, its dashes expanded, in the order of the file."""
    if "d" in pla.kind:
        pla.check_partition(output)
    on = set(pla.rows(output, "f"))
    keep = sorted([*on, *pla.rows(output, "r")])
    sizes = [1 << pla.cubes[i].count("-") for i in keep]
    total = 0
    for i, size in zip(keep, sizes, strict=True):
        total += size
        if total > max_rows:
            raise InputError(
                f"{pla.path}, line {pla.lines[i]}: don't-care inputs expand to more than {max_rows} rows; "
                "list fewer, or raise max_rows."
            )
    labels = np.array([i in on for i in keep], dtype=np.int64)
    if not keep:
        return np.zeros((0, pla.n_inputs), dtype=np.uint8), labels
    if total == len(keep):  # the common case: no dashes
        flat = np.frombuffer("".join(pla.cubes[i] for i in keep).encode(), dtype=np.uint8) - ord("0")
        return flat.reshape(len(keep), pla.n_inputs), labels
    return np.concatenate([expand(pla.cubes[i]) for i in keep]), np.repeat(labels, sizes)


def _whole(pla: Pla, output: int, max_rows: int, dont_care: int | None) -> tuple[Bits, Array]:
    """All 2^n patterns but the don't-cares, or all with these labelled."""
    n = pla.n_inputs
    if n >= 63 or 1 << n > max_rows:
        raise InputError(
            f"{pla.path}: .type {pla.kind} defines all 2^{n} patterns, more than {max_rows} rows; expected "
            ".type fr (a sample), or raise max_rows."
        )
    pla.check_partition(output)
    labels = pla.values(output, range(n))
    patterns = expand("-" * n)
    if dont_care is not None:
        return patterns, np.where(labels == DONT_CARE, dont_care, labels)
    known = labels != DONT_CARE
    return patterns[known], labels[known]
