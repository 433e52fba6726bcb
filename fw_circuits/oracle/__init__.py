"""Linear-minimisation oracles: the best circuits for given weights, and a bound for those not returned."""

from fw_circuits.oracle.base import AtomLike, CheckedOracle, Oracle, OracleAnswer, best_first
from fw_circuits.oracle.by_output import ByOutput
from fw_circuits.oracle.composition import CompositionOracle
from fw_circuits.oracle.data import LevelsOracle, OracleData
from fw_circuits.oracle.deep import DeepOracle
from fw_circuits.oracle.dictionary import ColumnAtom, DictionaryOracle
from fw_circuits.oracle.exact.gates import GateOracle
from fw_circuits.oracle.exact.shaped import ShapedOracle
from fw_circuits.oracle.exact.subset import SubsetOracle
from fw_circuits.oracle.factory import NAMES, make_oracle
from fw_circuits.oracle.families.carry import CarryOracle
from fw_circuits.oracle.families.parity import ParityOracle
from fw_circuits.oracle.families.symmetric import SymmetricOracle
from fw_circuits.oracle.lazy import LazyOracle, bounding, eager
from fw_circuits.oracle.shape import Shape
from fw_circuits.oracle.wrappers import CountingOracle

__all__ = [
    "NAMES",
    "AtomLike",
    "ByOutput",
    "CarryOracle",
    "CheckedOracle",
    "ColumnAtom",
    "CompositionOracle",
    "CountingOracle",
    "DeepOracle",
    "DictionaryOracle",
    "GateOracle",
    "LazyOracle",
    "LevelsOracle",
    "Oracle",
    "OracleAnswer",
    "OracleData",
    "ParityOracle",
    "Shape",
    "ShapedOracle",
    "SubsetOracle",
    "SymmetricOracle",
    "best_first",
    "bounding",
    "eager",
    "make_oracle",
]
