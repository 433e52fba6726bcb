"""The parts of a solution as plain numbers, text and lists, and back; what does not fit is a ValueError or its kin."""

import warnings
from dataclasses import asdict, fields, replace
from typing import Any

import numpy as np

from fw_circuits._labels import from_json
from fw_circuits._settings import LOSSES, Settings
from fw_circuits._typing import Array
from fw_circuits.circuits import Circuit, Gate
from fw_circuits.lattice import Lattice
from fw_circuits.objective.forms import FORMS
from fw_circuits.solution.certificate import Certificate
from fw_circuits.solution.trace import Step, Trace
from fw_circuits.tetrakis import Atom, Combination, Outputs

#: Settings that files of version 2 do not know: left out at their defaults, so that earlier readers take the file.
NEW = {"kinds", "literals", "n_thresholds"}


def finite(value: Any) -> Any:
    """JSON has no infinities: they become text, which `number` reads."""
    return repr(float(value)) if isinstance(value, float | np.floating) and not np.isfinite(value) else value


def number(value: Any) -> Any:
    """The inverse of `finite`."""
    return float(value) if value in ("inf", "-inf", "nan") else value


def settings_to_dict(settings: Settings) -> dict[str, Any]:
    """All settings; a loss of one's own by its name, an oracle of one's own not at all."""
    values = {name: finite(value) for name, value in asdict(replace(settings, oracle=None, loss=None)).items()}
    values = {name: value for name, value in values.items() if name not in NEW or value != getattr(Settings, name)}
    loss, oracle = settings.loss, settings.oracle
    return values | {
        "loss": loss if isinstance(loss, str) else loss.name,
        "oracle": oracle if isinstance(oracle, str) else None,
    }


def settings_from_dict(values: dict[str, Any]) -> Settings:
    """The inverse; an oracle of one's own becomes "auto"."""
    given = {name: number(value) if isinstance(value, str) else value for name, value in values.items()}
    loss, oracle = given.pop("loss"), given.pop("oracle", None)
    if not isinstance(loss, str):
        raise TypeError(f"the loss is {loss!r}; expected its name")
    with warnings.catch_warnings(action="ignore", category=UserWarning):  # whoever saved it was warned
        settings = Settings.of(oracle=oracle or "auto", **({"loss": loss} if loss in LOSSES else {}), **given)
    if len(settings.form) != 1:
        raise ValueError(f"the form is {settings.form}; expected one of {', '.join(FORMS)}")
    return replace(settings, loss=loss)


def settings_of_version_1(header: dict[str, Any]) -> Settings:
    """Early files had only the settings that make the problem."""
    if header["form"] not in FORMS:
        raise ValueError(f"the form is {header['form']!r}; expected one of {', '.join(FORMS)}")
    known = {"gamma": header["gamma"], "loss": header["loss"], "tol": header["certificate"]["tol"]}
    known["huber_threshold"] = header.get("huber_threshold", 1.0)
    return settings_from_dict(known | {header["form"]: header["parameter"]})


def trace_to_array(trace: Trace) -> Array:
    """One row per pass, one column per field of `Step`."""
    return np.array([[getattr(s, f.name) for f in fields(Step)] for s in trace], dtype=np.float64)


def trace_from_array(array: Array) -> Trace:
    """The inverse."""
    names = [f.name for f in fields(Step)]
    counts = ("iteration", "n_atoms", "n_gates", "oracle_calls", "oracle_hits")
    rows = [dict(zip(names, row, strict=True)) for row in array.reshape(-1, len(names)).tolist()]
    return Trace(tuple(Step(**(row | {name: int(row[name]) for name in counts})) for row in rows))


def certificate_to_dict(certificate: Certificate) -> dict[str, Any]:
    """All fields, infinities as text."""
    return {name: finite(value) for name, value in asdict(certificate).items()}


def certificate_from_dict(listed: dict[str, Any]) -> Certificate:
    """The certificate, every field of its type; other fields are refused by the class."""
    kinds: dict[Any, Any] = {"float": (int, float), "int": int, "str": str}
    types = {field.name: field.type for field in fields(Certificate)}
    values = {name: number(value) for name, value in listed.items()}
    for name, value in values.items():
        if not isinstance(value, kinds.get(types.get(name), object)) or isinstance(value, bool):
            raise TypeError(f"{name} of the certificate is {value!r}; expected a {types.get(name)}")
    if values["form"] not in FORMS:
        raise ValueError(f"the form is {values['form']!r}; expected one of {', '.join(FORMS)}")
    return Certificate(**values)


def combination_from(atoms: tuple[Atom, ...], coef: Any, constant: Any, lattice: Lattice, joint: bool) -> Combination:
    """The combination; ``joint``: one with several outputs."""
    coef, intercept = np.asarray(coef, dtype=np.float64), np.asarray(constant, dtype=np.float64)
    if intercept.ndim != int(joint) or not np.isfinite(intercept).all():
        raise ValueError(f"the constants are {constant!r}; expected " + ("a list of them" if joint else "a number"))
    if coef.shape != (len(atoms), *intercept.shape) or not np.isfinite(coef).all():
        raise ValueError(f"{len(atoms)} atoms but coefficients of shape {coef.shape}, or not all finite")
    return Outputs(atoms, coef, intercept, lattice) if joint else Combination(atoms, coef, float(intercept), lattice)


def classes_from(listed: Any, array: Any, combination: Combination) -> Array | None:
    """The labels: an array of the archive, else objects of the header; early files had both in the header."""
    if array is None:
        if listed is None:
            return None
        if isinstance(listed, dict):
            return np.array(listed["values"], dtype=np.dtype(listed["dtype"]))
        array = from_json(listed)
    n_classes = max(2, np.size(combination.intercept))
    if array.shape != (n_classes,):
        raise ValueError(f"labels of shape {array.shape}, expected {n_classes} of them")
    return np.asarray(array)


def atom_to_dict(atom: Atom) -> dict[str, Any]:
    """Level, literals and netlist."""
    circuit = atom.circuit
    return {
        "level": atom.level,
        "literals": list(atom.literals),
        "n_inputs": circuit.n_inputs,
        "gates": [list(gate) for gate in circuit.gates],
        "outputs": list(circuit.outputs),
    }


def atom_from_dict(item: dict[str, Any], lattice: Lattice) -> Atom:
    """The inverse."""
    circuit = Circuit(item["n_inputs"], tuple(Gate(*gate) for gate in item["gates"]), tuple(item["outputs"]))
    return Atom(circuit=circuit, level=int(item["level"]), literals=tuple(item["literals"]), lattice=lattice)
