"""The lattice of a data set: grid levels of the unit cube, their literals, and the J1 triangulation.

A level k puts 2^k grid points on each coordinate; the bits of their integer coordinates are the literals that
circuits read.  Every point of the cube is a convex combination of at most d + 1 grid points (theory, section
2).
"""

from fw_circuits.lattice.lattice import Lattice
from fw_circuits.lattice.rows import LevelRows
from fw_circuits.lattice.triangulation import codes, transpose_bits, triangulate, triangulate_columns

__all__ = ["Lattice", "LevelRows", "codes", "transpose_bits", "triangulate", "triangulate_columns"]
