"""Linear-minimisation oracles: the best circuits for given weights, and a bound for those not returned."""

from fw_circuits.oracle.base import Oracle, OracleAnswer
from fw_circuits.oracle.dictionary import ColumnAtom, DictionaryOracle
from fw_circuits.oracle.factory import make_oracle
from fw_circuits.oracle.gates import GateOracle
from fw_circuits.oracle.subset import SubsetOracle
from fw_circuits.oracle.wrappers import CachedOracle, CountingOracle, TimeLimitedOracle

__all__ = [
    "CachedOracle",
    "ColumnAtom",
    "CountingOracle",
    "DictionaryOracle",
    "GateOracle",
    "Oracle",
    "OracleAnswer",
    "SubsetOracle",
    "TimeLimitedOracle",
    "make_oracle",
]
