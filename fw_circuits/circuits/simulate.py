"""Evaluate a netlist on many rows at once: 64 rows per machine word, one word operation per gate."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from fw_circuits._kernels import select
from fw_circuits._tables import as_array
from fw_circuits._typing import Array, Bits, Words
from fw_circuits.circuits.gate import Gate, apply_table
from fw_circuits.exceptions import InputError

ONES = np.uint64(0xFFFF_FFFF_FFFF_FFFF)


def check_bits(bits: Any, n_inputs: int, names: Sequence[str] | None = None) -> Bits:
    """Return `bits` as uint8 of shape (rows, n_inputs), or raise `InputError`; columns of a table go by these names.

    >>> check_bits(np.array([[True, False]]), 2)
    array([[1, 0]], dtype=uint8)
    """
    values = as_array(bits, names, "bits")
    if values.ndim != 2 or values.shape[1] != n_inputs:
        raise InputError(f"bits have shape {values.shape}; expected (rows, {n_inputs}), one column per input.")
    if values.dtype == bool:
        return values.view(np.uint8)
    if values.size and not np.isin(values, (0, 1)).all():
        bad = values[~np.isin(values, (0, 1))].flat[0]
        raise InputError(f"bits contain {bad}; expected only 0 and 1; threshold the data first.")
    return values.astype(np.uint8)


def simulate(words: Words, gates: Array | Sequence[Gate], outputs: tuple[int, ...], n_threads: int = 1) -> Words:
    """Values of the output signals of a valid netlist; arguments as in `Circuit.evaluate_words`, not checked here.

    Padding bits follow the circuit's value at the all-zero pattern; the result does not depend on `n_threads`.

    >>> simulate(np.array([[12], [10]], dtype=np.uint64), (Gate(6, 1, 2),), (6,))
    array([[6]], dtype=uint64)
    """
    table = np.asarray(gates, dtype=np.int32).reshape(-1, 3)
    signals = np.array(outputs, dtype=np.int32)
    if kernels := select("_circuits", None):
        return np.asarray(kernels.simulate(np.ascontiguousarray(words), table, signals, n_threads))
    return simulate_numpy(words, table, signals)


def simulate_numpy(words: Words, gates: Array, outputs: Array) -> Words:
    """NumPy reference of the compiled kernel; same arguments as arrays of shapes (n_gates, 3) and (n_outputs,).

    >>> simulate_numpy(np.array([[12], [10]], dtype=np.uint64), np.array([[8, 1, 2]]), np.array([6, 4]))
    array([[ 8],
           [10]], dtype=uint64)
    """
    ones = np.full(words.shape[1], ONES)
    values = [np.zeros_like(ones), *words]
    for table, a, b in gates.tolist():
        values.append(apply_table(table, values[a], values[b], ones))
    result = np.empty((len(outputs), words.shape[1]), dtype=np.uint64)
    for row, signal in zip(result, outputs.tolist(), strict=True):
        row[:] = values[signal >> 1] ^ (ONES if signal & 1 else np.uint64(0))
    return result
