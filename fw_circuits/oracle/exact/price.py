"""What a search costs, from sizes alone: so that a schedule can choose an effort before it spends any time.

The stages are those of `subset_pass` without a time limit.  A stage costs the sums over its rows
(`literal_choice.work`) and a look at each subset; both in multiplications with additions.
"""

from __future__ import annotations

from math import comb

from fw_circuits.oracle.exact import subset_pass
from fw_circuits.oracle.exact.literal_choice import SAMPLE, widest, work
from fw_circuits.oracle.screen import PassSettings

#: Work of a search, of one literal of one row, of a stage and of one of its rows; of a sum, and of a look at one subset
#: of 2, 3 or 4.  Fitted to CPU seconds at 16 to 512 literals by 1,000 to 12,800 rows and efforts of 0.01 to 1; there
#: they are within a factor of 1.5.
CALL, BIT, STAGE, ROW = 9.4e6, 10.0, 7.5e6, 700.0
SUM = {2: 0.51, 3: 0.74, 4: 0.71}
LOOK = {2: 4e3, 3: 180.0, 4: 0.0}
#: Columns that a matrix is padded by, on average.
PADDING = 8

Stage = tuple[int, int, int]


def stages(n: int, n_rows: int, arity: int, settings: PassSettings) -> list[Stage]:
    """Literals, size of the subsets, and rows of each stage of a search without a time limit.

    Examples
    --------
    >>> settings = PassSettings(10, 4, 1, 2**30, work=1e9, whole=1e10)
    >>> stages(64, 6400, 4, settings), stages(500, 500, 2, settings)
    ([(64, 2, 6400), (64, 3, 6400), (64, 4, 6400)], [(500, 2, 500)])
    """
    if 2.0 * settings.work < work(n, 2, n_rows):
        return []
    left, done = settings.work, [(n, 2, n_rows)]
    if arity == 2:
        return done
    if subset_pass.fitting(n, arity, n_rows, max(left, settings.whole), settings) == n:
        return [*done, *[(n, size, n_rows) for size in range(3, arity + 1)]]

    def fits() -> int:
        return subset_pass.fitting(n, arity, n_rows, left, settings)

    left -= work(n, 2, n_rows)
    limit = fits()
    if work(n, 3, n_rows) > subset_pass.TRIPLES * left:
        keep = widest(n, 3, SAMPLE, 0.25 * left)
        rows = int(min(n_rows, max(SAMPLE, 0.25 * left / work(keep, 3, 1))))
        done += [(keep, 2, rows), (keep, 3, rows)]
        left -= work(keep, 3, rows)
        limit = fits()
        done += [(limit, 2, n_rows), (limit, 3, n_rows)]
    else:
        done += [(n, 3, n_rows)]
        left -= work(n, 3, n_rows)
        limit = fits()
        done += [(limit, 2, n_rows), (limit, 3, n_rows)] if arity == 4 else []
    return [*done, (limit, 4, n_rows)] if arity == 4 else done


def price(n: int, n_rows: int, arity: int, settings: PassSettings) -> float:
    """The work of such a search, over `literal_choice.RATE` its CPU seconds; the same for any number of threads.

    Examples
    --------
    >>> few, many = (price(n, 1000, 4, PassSettings(10, 4, 1, 2**30)) for n in (16, 64))
    >>> few < many
    True
    """
    total = CALL + BIT * n * n_rows
    for m, size, rows in stages(n, n_rows, arity, settings):
        total += STAGE + ROW * rows + SUM[size] * work(m + PADDING, size, rows) + LOOK[size] * comb(m, size)
    return 2.0 * total
