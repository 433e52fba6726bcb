"""Exact synthesis by SAT (ABC's ``lutexact``): the smallest circuit of a whole function, with a time limit.

The number of gates grows from ``inputs - 1`` until a circuit exists, so every smaller number is refuted on the way.
Known traps: ABC spends a gate on ``f(0) = 1`` (here the complement is synthesised: it is free), refuses more than
ten inputs, and may end without the sentence "no solution"; only a printed circuit counts, and it is simulated.
"""

import re
import shutil
import subprocess
from time import perf_counter
from typing import NamedTuple

from fw_circuits.circuits.tables import variable_table

PROGRAM = "berkeley-abc"
INSTALL = "apt-get update && apt-get install -y berkeley-abc"
MAX_INPUTS = 10
_GATE = re.compile(r"(\d+) = 4'b([01]{4})\( *(\w+) +(\w+) *\)")


class Synthesis(NamedTuple):
    """Gates of a smallest circuit (None: not found), seconds, and how it ended.

    That is "exact", "time-out", "refused" or, without the program, "missing".
    """

    gates: int | None
    seconds: float | None
    ended: str


def available() -> bool:
    """Whether ABC is installed."""
    return shutil.which(PROGRAM) is not None


def smallest(table: int, n: int, limit: float) -> Synthesis:
    """Smallest circuit of the function of n inputs with a truth table (bit v: value at pattern v).

    It must depend on all its inputs; ``limit`` is in seconds.
    """
    if not available():
        return Synthesis(None, None, "missing")
    if n > MAX_INPUTS:
        return Synthesis(None, 0.0, "refused")
    ones = (1 << (1 << n)) - 1
    table = table ^ ones if table & 1 else table
    digits = max(1, (1 << n) // 4)
    start = perf_counter()
    gates = max(1, n - 1)
    while (left := limit - (perf_counter() - start)) > 0:
        command = f"lutexact -I {n} -N {gates} -K 2 {table:0{digits}x}"
        try:
            text = subprocess.run([PROGRAM, "-c", command], capture_output=True, text=True, timeout=left).stdout
        except subprocess.TimeoutExpired:
            break
        if "Error" in text:
            raise RuntimeError(f"{PROGRAM}: {text.strip().splitlines()[-1]}")
        if "Realization of" in text:
            if simulate(text, n) != table:
                raise RuntimeError(f"{PROGRAM} printed a circuit of another function than {table:#x}")
            return Synthesis(gates, perf_counter() - start, "exact")
        gates += 1
    return Synthesis(None, limit, "time-out")


def simulate(text: str, n: int) -> int:
    """Truth table of the circuit that ABC printed, its last gate first.

    Inputs are a, b, c, ...; ``4'b`` lists the values at 11, 10, 01, 00, the first operand before the second.
    """
    ones = (1 << (1 << n)) - 1
    value = {chr(97 + i): variable_table(i, n) for i in range(n)}
    gates = _GATE.findall(text)
    for name, bits, a, b in reversed(gates):
        x, y = value[a], value[b]
        rows = ((ones ^ x) & (ones ^ y), (ones ^ x) & y, x & (ones ^ y), x & y)
        value[name] = sum(row for row, bit in zip(rows, reversed(bits), strict=True) if bit == "1")
    return value[gates[0][0]]
