"""Data: seeded generators of Boolean functions, and readers for CSV, NPZ, Parquet and espresso PLA.

Everything comes back as one frozen ``Dataset``.  Column 0 of an operand is its least significant bit; a
function of two operands reads ``a`` from the first half of the columns and ``b`` from the second.
"""

from fw_circuits.data.arithmetic import (
    adder_bit,
    comparator,
    divider_bit,
    multiplier_bit,
    remainder_bit,
    square_root_bit,
)
from fw_circuits.data.blocks import blocks
from fw_circuits.data.counting import majority, parity, symmetric, threshold
from fw_circuits.data.dataset import Dataset
from fw_circuits.data.pla import read_pla
from fw_circuits.data.readers import read_features, read_npz, read_parquet, read_table
from fw_circuits.data.text import read_csv

__all__ = [
    "Dataset",
    "adder_bit",
    "blocks",
    "comparator",
    "divider_bit",
    "majority",
    "multiplier_bit",
    "parity",
    "read_csv",
    "read_features",
    "read_npz",
    "read_parquet",
    "read_pla",
    "read_table",
    "remainder_bit",
    "square_root_bit",
    "symmetric",
    "threshold",
]
