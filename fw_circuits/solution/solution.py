"""The solution: a combination of circuits, the settings that made it, and how good it is proved to be."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from os import PathLike
from typing import Any, ClassVar

import numpy as np

from fw_circuits._archive import write_state
from fw_circuits._labels import plain_labels, to_json
from fw_circuits._optional import require
from fw_circuits._settings import Settings
from fw_circuits._typing import Array, Floats
from fw_circuits.circuits import Circuit
from fw_circuits.columns import Columns, points_of
from fw_circuits.lattice import Lattice
from fw_circuits.resnet import ResNet, compile_resnet
from fw_circuits.rounding import round_solution
from fw_circuits.solution import state
from fw_circuits.solution.certificate import Certificate
from fw_circuits.solution.trace import Status, Trace
from fw_circuits.tetrakis import Atom, Combination

FORMAT, VERSION = "fw_circuits/solution", 3


@dataclass(frozen=True)
class Solution:
    """A convex combination of circuits, ``f(x) = intercept + sum_j coef[j] atoms[j](x)``.

    Attributes
    ----------
    combination : Combination
        The function: ``atoms`` with non-zero coefficients ``coef``, largest ``|coef| kappa^(1/gamma)`` first, the free
        constant ``intercept``, and the ``lattice``.  These four are attributes of the solution, too.
    settings : Settings
        What was solved: ``gamma``, ``loss``, one of lam, tau and eps, and all else that ``solve`` was told.
    status, trace, certificate : Status, Trace, Certificate
        Why it ended, how it went, and how good it is proved to be.
    feature_names, classes : tuple of str, ndarray or None
        Names of the columns that circuits read; the two labels for a classification loss.
    dual_point : ndarray of shape (N,)
        The gradient behind the certificate (one entry per training row).
    columns : Columns or None
        The raw columns, and how they become those that circuits read; None where they are the same.
    """

    _joint: ClassVar[bool] = False

    combination: Combination
    settings: Settings
    status: Status
    trace: Trace
    certificate: Certificate
    feature_names: tuple[str, ...]
    classes: Array | None = None
    dual_point: Floats = field(default_factory=lambda: np.zeros(0), repr=False)
    columns: Columns | None = None

    @property
    def atoms(self) -> tuple[Atom, ...]:
        """Tetrakis functions with a non-zero coefficient."""
        return self.combination.atoms

    @property
    def coef(self) -> Floats:
        """Their coefficients, shape (m,)."""
        return self.combination.coef

    @property
    def intercept(self) -> float:
        """The free constant."""
        return self.combination.intercept

    @property
    def lattice(self) -> Lattice:
        """Domain map and levels."""
        return self.combination.lattice

    @property
    def gamma(self) -> float:
        """Exponent of the cost: an atom of ``kappa`` gates weighs ``kappa^(1/gamma)``."""
        return self.settings.gamma

    @property
    def loss(self) -> str:
        """Name of the loss."""
        loss = self.settings.loss
        return loss if isinstance(loss, str) else str(loss.name)

    @property
    def form(self) -> str:
        """Which of "lam", "tau" and "eps" was given."""
        return next(iter(self.settings.form))

    @property
    def parameter(self) -> float:
        """Its value."""
        return self.settings.form[self.form]

    @property
    def huber_threshold(self) -> float:
        """Where the Huber loss turns from square to linear, in the units of the target; other losses have none."""
        return self.settings.huber_threshold

    @property
    def norm(self) -> float:
        """``sum_j |coef_j| kappa_j^(1/gamma)``: an upper bound on the gauge of ``f`` without its intercept."""
        return self.combination.norm(self.gamma)

    @property
    def n_gates(self) -> int:
        """Distinct gates over all atoms; a gate shared by several atoms counts once."""
        return self.combination.n_gates

    def merged(self, level: int) -> Circuit:
        """All atoms of one level as one circuit with shared gates: literals in, one output per atom."""
        return self.combination.merged(level)

    @property
    def raw_names(self) -> tuple[str, ...]:
        """Names of the columns of a table that `predict` takes."""
        return self.feature_names if self.columns is None else self.columns.raw_names

    def encode(self, X: Any) -> Floats:
        """The columns that circuits read, named by ``feature_names``, of a table as `predict` takes it; float64.

        Columns are matched by name where both sides have names: any order, others beside them left out.  An array goes
        by position.  A solution fitted without names (x0, x1, ...) takes a table of other names by position, with a
        warning.  A category that the fit did not see has none of the 0/1 columns (an ordered one counts as a gap), and
        a gap in a column without gaps in the fit is filled like the others.

        Examples
        --------
        >>> import fw_circuits
        >>> X = np.array([("Rome", 3.0), ("Oslo", 5.0)], dtype=[("city", object), ("age", float)])
        >>> solution = fw_circuits.solve(X, [0.0, 1.0], lam=0.01, literals="thresholds")
        >>> solution.feature_names, solution.encode(X[["age", "city"]]).tolist()
        (('city = Oslo', 'city = Rome', 'age >= 4'), [[0.0, 1.0, 0.0], [1.0, 0.0, 1.0]])
        """
        return points_of(self.columns, X, names=self.feature_names)

    def decision_function(self, X: Any) -> Floats:
        """``f(X)``, shape (N,), for a table as in `encode`."""
        return self.combination.values(self.encode(X))

    def predict(self, X: Any) -> Array:
        """``f(X)``, or the label on its side of zero for a classification loss; X as in `decision_function`."""
        return self.answers(self.decision_function(X))

    def answers(self, f: Floats) -> Array:
        """What `predict` makes of values of f: themselves, or labels."""
        return f if self.classes is None else np.asarray(self.classes)[(f > 0).astype(np.intp)]

    def to_frame(self) -> Any:
        """The atoms as a pandas table: coefficient, share of the norm, gates, level, formula."""
        pd = require("pandas", "pandas", "to_frame")
        return pd.DataFrame(
            {
                "coef": self.coef,
                "share": self.combination.weights(self.gamma) / max(self.norm, 1e-300),
                "gates": [a.n_gates for a in self.atoms],
                "level": [a.level for a in self.atoms],
                "formula": [a.formula(self.feature_names) for a in self.atoms],
            }
        )

    def to_resnet(self, exact_on: str = "everywhere") -> ResNet:
        """An equivalent ReLU residual network (theory, section 6).

        Parameters
        ----------
        exact_on : {"everywhere", "domain", "corners"}
            Where the two are equal: on all of R^d; on the box of the training data; or at the corners of that box,
            which is everywhere for Boolean features (others get a warning).  The less is asked for, the smaller the
            network.

        Returns
        -------
        ResNet
            With the ``feature_names`` of the solution.  Of a table with categories, gaps or thresholds it reads the
            derived columns: ``net(solution.encode(X))``.
        """
        net = compile_resnet(self.atoms, self.coef, self.intercept, self.lattice, exact_on)
        return replace(net, feature_names=self.feature_names)

    def to_circuit(self, bits: int | None = None, **options: Any) -> Circuit:
        """One Boolean circuit for the rounded combination; see :func:`fw_circuits.rounding.round_solution`.

        That function takes the same arguments and also returns scale, error bound and sizes.
        """
        return round_solution(self, bits, **options).circuit

    def save(self, path: str | PathLike[str]) -> None:
        """Write to one file (NPZ with a JSON header, no pickle); :func:`fw_circuits.load` reads it back."""
        write_state(path, *self.to_state())

    def to_state(self) -> tuple[dict[str, Any], dict[str, Array]]:
        """What `save` writes: a header of plain numbers, text and lists, and numeric arrays."""
        classes = None if self.classes is None else plain_labels(np.asarray(self.classes))
        settings, plain = state.settings_to_dict(self.settings), self.columns is None
        header = {
            "format": FORMAT,
            "version": 2 if plain and not state.NEW & set(settings) else VERSION,
            "settings": settings,
            "atoms": [state.atom_to_dict(atom) for atom in self.atoms],
            "lattice": self.lattice.to_dict(),
            "intercept": np.asarray(self.intercept).tolist(),
            "status": self.status.name,
            "certificate": state.certificate_to_dict(self.certificate),
            "feature_names": list(self.feature_names),
            "classes": None if classes is None or classes.dtype != object else to_json(classes),
        } | ({} if self.columns is None else {"columns": self.columns.to_dict()})
        arrays = {"coef": self.coef, "dual_point": self.dual_point, "trace": state.trace_to_array(self.trace)}
        if classes is not None and classes.dtype != object:
            arrays["classes"] = classes
        return header, arrays

    @classmethod
    def from_state(cls, header: dict[str, Any], arrays: dict[str, Array]) -> Solution:
        """The inverse; a KeyError, ValueError, TypeError or their kin where the parts do not fit together."""
        lattice = Lattice.from_dict(header["lattice"])
        atoms = tuple(state.atom_from_dict(item, lattice) for item in header["atoms"])
        combination = state.combination_from(atoms, arrays["coef"], header["intercept"], lattice, cls._joint)
        early = header["version"] == 1
        columns = Columns.from_dict(header["columns"]) if "columns" in header else None
        if columns is not None and columns.names != tuple(header["feature_names"]):
            raise ValueError("the columns do not make the features that are named")
        return cls(
            combination=combination,
            settings=state.settings_of_version_1(header) if early else state.settings_from_dict(header["settings"]),
            status=Status[header["status"]],
            trace=state.trace_from_array(arrays["trace"]),
            certificate=state.certificate_from_dict(header["certificate"]),
            feature_names=tuple(header["feature_names"]),
            classes=state.classes_from(header["classes"], arrays.get("classes"), combination),
            dual_point=np.asarray(arrays["dual_point"], dtype=np.float64),
            columns=columns,
        )

    def __repr__(self) -> str:
        return (
            f"{type(self).__name__}({self.status.name}, {len(self.atoms)} atoms, {self.n_gates} gates, "
            f"norm={self.norm:.4g}, {self.form}={self.parameter:.4g}, relative_gap={self.certificate.relative_gap:.2g})"
        )
