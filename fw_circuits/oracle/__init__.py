"""Linear-minimisation oracles: the best circuits for given weights, and a bound for those not returned."""

from fw_circuits.oracle.base import Oracle, OracleAnswer
from fw_circuits.oracle.composition import CompositionOracle
from fw_circuits.oracle.deep import DeepOracle
from fw_circuits.oracle.dictionary import ColumnAtom, DictionaryOracle
from fw_circuits.oracle.exact.gates import GateOracle
from fw_circuits.oracle.exact.subset import SubsetOracle
from fw_circuits.oracle.factory import NAMES, make_oracle
from fw_circuits.oracle.families.carry import CarryOracle
from fw_circuits.oracle.families.parity import ParityOracle
from fw_circuits.oracle.families.symmetric import SymmetricOracle
from fw_circuits.oracle.lazy import LazyOracle, eager
from fw_circuits.oracle.wrappers import CachedOracle, CountingOracle, TimeLimitedOracle

__all__ = [
    "NAMES",
    "CachedOracle",
    "CarryOracle",
    "ColumnAtom",
    "CompositionOracle",
    "CountingOracle",
    "DeepOracle",
    "DictionaryOracle",
    "LazyOracle",
    "GateOracle",
    "Oracle",
    "OracleAnswer",
    "ParityOracle",
    "SubsetOracle",
    "SymmetricOracle",
    "TimeLimitedOracle",
    "eager",
    "make_oracle",
]
