"""Is the catalogue complete and minimal?

Searches the smallest circuits again by exhaustion and compares the number of functions of each size with the
published counts (D. E. Knuth, TAOCP 7.1.2); then checks that every one of the 65,536 circuits computes its
table with exactly its cost.
"""

from time import perf_counter

import numpy as np

from fw_circuits.circuits.catalogue import COUNTS4, COUNTS5, cost_table, count_by_cost, load, minimal_circuit


def run(quick: bool = False) -> int:
    """Print the table and return 0; raise `AssertionError` on any mismatch.

    Parameters
    ----------
    quick : bool
        Search 5 inputs up to 4 gates instead of 6, and check every 16th circuit.
    """
    for n, expected in ((4, COUNTS4), (5, COUNTS5[:5] if quick else COUNTS5)):
        start = perf_counter()
        counts = count_by_cost(n, len(expected) - 1)
        seconds = perf_counter() - start
        print(f"{n} inputs, searched in {seconds:.2f} s\n  gates   functions    expected")
        for gates, (found, known) in enumerate(zip(counts, expected, strict=True)):
            print(f"  {gates:5d} {found:11,d} {known:11,d}  {'' if found == known else '<- differs'}")
        if counts != expected:
            raise AssertionError(f"{n} inputs: counted {counts}, expected {expected}")

    start = perf_counter()
    load.cache_clear()
    cost = cost_table()
    print(f"data file read and spread over all functions in {perf_counter() - start:.2f} s")
    if tuple(np.bincount(cost).tolist()) != COUNTS4:
        raise AssertionError(f"the data file's costs are {np.bincount(cost).tolist()}, expected {COUNTS4}")
    start = perf_counter()
    tables = range(0, 1 << 16, 16 if quick else 1)
    for table in tables:
        circuit = minimal_circuit(table, 4)
        if circuit.truth_table() != table or circuit.n_gates != cost[table]:
            raise AssertionError(f"the circuit of {table:#06x} does not compute it with {cost[table]} gates")
    print(f"{len(tables):,} circuits compute their tables at their cost, {perf_counter() - start:.2f} s")
    return 0
