"""scikit-learn estimators around :func:`fw_circuits.solve` and :func:`fw_circuits.path`.

``CircuitRegressor`` and ``CircuitClassifier`` solve at one penalty; their ``CV`` forms choose it by cross-validation
along warm-started paths, as ``LassoCV`` does.  More than two classes are handled one-vs-rest, or by
``CircuitClassifier`` as one multinomial problem.
"""

from fw_circuits.estimators.cv import CircuitClassifierCV, CircuitRegressorCV
from fw_circuits.estimators.plain import CircuitClassifier, CircuitRegressor
from fw_circuits.estimators.rows import merge_rows

__all__ = [
    "CircuitClassifier",
    "CircuitClassifierCV",
    "CircuitRegressor",
    "CircuitRegressorCV",
    "merge_rows",
]
