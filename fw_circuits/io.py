"""Solutions on disk: one NPZ file with a JSON header, no pickle.

The archive holds ``header`` (UTF-8 JSON: format, version, circuits, lattice, certificate, ...) and float64 arrays.
Files are written beside their target and then renamed, so a crash or a full disk leaves the old file as it was.
"""

from __future__ import annotations

import json
from dataclasses import asdict, fields
from io import BytesIO
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np

from fw_circuits._archive import read_arrays
from fw_circuits._files import write_atomically
from fw_circuits._labels import from_json, plain_labels, to_json
from fw_circuits._typing import Array
from fw_circuits.circuits import Circuit, Gate
from fw_circuits.exceptions import FormatError
from fw_circuits.lattice import Lattice
from fw_circuits.objective.forms import FORMS
from fw_circuits.solution import Certificate, Solution, Status, Step, Trace
from fw_circuits.tetrakis import Atom

FORMAT, VERSION = "fw_circuits/solution", 1


def save(solution: Solution, path: str | PathLike[str]) -> None:
    """Write ``solution`` to ``path``; see :meth:`Solution.save`."""
    classes = None if solution.classes is None else plain_labels(np.asarray(solution.classes))
    header = {
        "format": FORMAT,
        "version": VERSION,
        "atoms": [_atom_to_dict(atom) for atom in solution.atoms],
        "lattice": solution.lattice.to_dict(),
        "gamma": solution.gamma,
        "intercept": solution.intercept,
        "loss": solution.loss,
        "form": solution.form,
        "parameter": solution.parameter,
        "status": solution.status.name,
        "huber_threshold": solution.huber_threshold,
        "certificate": {name: _finite(value) for name, value in asdict(solution.certificate).items()},
        "feature_names": list(solution.feature_names),
        "classes": None if classes is None or classes.dtype != object else to_json(classes),
    }
    arrays = {
        "header": np.frombuffer(json.dumps(header, default=_plain, allow_nan=False).encode(), dtype=np.uint8),
        "coef": solution.coef,
        "dual_point": solution.dual_point,
        "trace": np.array(
            [[getattr(s, f.name) for f in fields(Step)] for s in solution.trace], dtype=np.float64
        ),
    }
    if classes is not None and classes.dtype != object:
        arrays["classes"] = classes
    content = BytesIO()
    np.savez_compressed(content, **arrays)  # type: ignore[arg-type]
    write_atomically(Path(path), content.getvalue())


def load(path: str | PathLike[str]) -> Solution:
    """Read a solution that :meth:`Solution.save` wrote.

    Parameters
    ----------
    path : path-like
        The file.

    Returns
    -------
    Solution

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    FormatError
        If the file is damaged, of another kind, or of a newer version.

    Examples
    --------
    >>> import numpy as np, tempfile, os, fw_circuits
    >>> X = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])
    >>> solution = fw_circuits.solve(X, X[:, 0] ^ X[:, 1], lam=0.01)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = os.path.join(folder, "xor.npz")
    ...     solution.save(path)
    ...     again = fw_circuits.load(path)
    >>> np.array_equal(again.predict(X), solution.predict(X))
    True
    """
    try:
        arrays = read_arrays(Path(path))
        header = json.loads(bytes(arrays["header"]).decode())
    except FileNotFoundError:
        raise
    except (KeyError, ValueError, OSError, RecursionError) as error:
        raise FormatError(
            f"{path} is not a readable solution ({type(error).__name__}: {error}); expected a file that "
            "Solution.save wrote; if it was copied, copy it again."
        ) from error
    if not isinstance(header, dict) or header.get("format") != FORMAT:
        kind = header.get("format") if isinstance(header, dict) else type(header).__name__
        raise FormatError(f"{path} holds {kind!r}; expected {FORMAT!r}.")
    if header.get("version") != VERSION:
        raise FormatError(
            f"{path} has version {header.get('version')!r}; this fw_circuits reads version {VERSION}; update it."
        )
    try:
        return _from_parts(header, arrays)
    except (KeyError, TypeError, ValueError, IndexError, AttributeError, OverflowError) as error:
        raise FormatError(
            f"{path} is incomplete or inconsistent ({type(error).__name__}: {error})."
        ) from error


def _from_parts(header: dict[str, Any], arrays: dict[str, Any]) -> Solution:
    lattice = Lattice.from_dict(header["lattice"])
    atoms = tuple(_atom_from_dict(item, lattice) for item in header["atoms"])
    coef = np.asarray(arrays["coef"], dtype=np.float64)
    if coef.shape != (len(atoms),) or not np.isfinite(coef).all():
        raise ValueError(f"{len(atoms)} atoms but coefficients of shape {coef.shape}, or not all finite")
    names = [f.name for f in fields(Step)]
    rows = arrays["trace"].reshape(-1, len(names))
    steps = [_step(dict(zip(names, row, strict=True))) for row in rows.tolist()]
    return Solution(
        atoms=atoms,
        coef=coef,
        intercept=float(header["intercept"]),
        lattice=lattice,
        gamma=_positive(header["gamma"], "gamma"),
        loss=header["loss"],
        form=header["form"],
        parameter=float(header["parameter"]),
        status=Status[header["status"]],
        trace=Trace(tuple(steps)),
        certificate=_certificate(header["certificate"]),
        feature_names=tuple(header["feature_names"]),
        classes=_classes(header["classes"], arrays.get("classes")),
        dual_point=np.asarray(arrays["dual_point"], dtype=np.float64),
        huber_threshold=_positive(header.get("huber_threshold", 1.0), "huber_threshold"),
    )


def _positive(value: Any, name: str) -> float:
    number = float(value)
    if not 0.0 < number < np.inf:
        raise ValueError(f"{name} is {value!r}; expected a finite number > 0")
    return number


def _classes(listed: Any, array: Any) -> Array | None:
    """The labels: an array of the archive, else objects of the header; early files had both in the header."""
    if array is None:
        if listed is None:
            return None
        if isinstance(listed, dict):
            return np.array(listed["values"], dtype=np.dtype(listed["dtype"]))
        array = from_json(listed)
    if array.shape != (2,):
        raise ValueError(f"labels of shape {array.shape}, expected two of them")
    return np.asarray(array)


def _plain(value: Any) -> Any:
    """NumPy's numbers as Python's: an oracle of the user's own may put them into atoms and certificates."""
    if isinstance(value, np.generic | np.ndarray):
        return value.tolist()
    raise TypeError(f"{value!r} of type {type(value).__name__} cannot be saved")


def _finite(value: Any) -> Any:
    """JSON has no infinities: they become text, which `_number` reads."""
    return repr(float(value)) if isinstance(value, float | np.floating) and not np.isfinite(value) else value


def _number(value: Any) -> Any:
    return float(value) if value in ("inf", "-inf", "nan") else value


def _certificate(listed: dict[str, Any]) -> Certificate:
    """The certificate, every field of its type; other fields are refused by the class."""
    kinds: dict[Any, Any] = {"float": (int, float), "int": int, "str": str}
    types = {field.name: field.type for field in fields(Certificate)}
    values = {name: _number(value) for name, value in listed.items()}
    for name, value in values.items():
        if not isinstance(value, kinds.get(types.get(name), object)) or isinstance(value, bool):
            raise TypeError(f"{name} of the certificate is {value!r}; expected a {types.get(name)}")
    if values["form"] not in FORMS:
        raise ValueError(f"the form is {values['form']!r}; expected one of {', '.join(FORMS)}")
    return Certificate(**values)


def _step(row: dict[str, Any]) -> Step:
    counts = {
        name: int(row[name]) for name in ("iteration", "n_atoms", "n_gates", "oracle_calls", "oracle_hits")
    }
    return Step(**{**row, **counts})


def _atom_to_dict(atom: Atom) -> dict[str, Any]:
    circuit = atom.circuit
    return {
        "level": atom.level,
        "literals": list(atom.literals),
        "n_inputs": circuit.n_inputs,
        "gates": [list(gate) for gate in circuit.gates],
        "outputs": list(circuit.outputs),
    }


def _atom_from_dict(item: dict[str, Any], lattice: Lattice) -> Atom:
    circuit = Circuit(item["n_inputs"], tuple(Gate(*gate) for gate in item["gates"]), tuple(item["outputs"]))
    return Atom(circuit=circuit, level=int(item["level"]), literals=tuple(item["literals"]), lattice=lattice)
