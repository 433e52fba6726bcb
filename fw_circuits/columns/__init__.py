"""Columns of a user's table: their kinds, and the numeric columns that circuits read in their place.

raw table --Column.fit--> kinds, categories, fill values --base--> finite numbers --expand--> derived columns

Everything stands before the lattice, which sees the derived columns: `city = Rome`, `age >= 36.5`,
`income is missing`.  A table of plain numbers needs none of it (`columns_for` says so with None).
"""

from fw_circuits.columns.column import Column
from fw_circuits.columns.table import Columns, columns_for, points_of

__all__ = ["Column", "Columns", "columns_for", "points_of"]
