"""Circuit files: the file extension selects the format.

| extension | what it is | read | written as |
|---|---|---|---|
| .aag .aig | AIGER, text and binary | yes | the and-inverter graph of `fw_circuits.circuits.aig.to_aig` |
| .blif | Berkeley logic interchange format, models in one file | yes | one table per gate |
| .bench | ISCAS bench, LUTs of abc, gates of cirbo | yes | one line per gate, inverters of their own |
| .v | Verilog netlists, vectors, modules in one file | yes | one assignment per gate |
| .pla | espresso, two levels | yes | irredundant sum of products, ``.type f`` |
| .dot | Graphviz drawing | no | complemented wires dashed |

Don't-cares of a PLA are 0 unless ``read(path, dont_care=1)`` says 1.

Names of inputs and outputs survive in all of them (`naming`: characters that a format cannot carry are
written as ``%20`` and the like).  A reader goes through `Builder`: equal gates become one, and what a format
spends on buffers, inverters and constants costs no gate.  Registers, behaviour and cells that the file does not
describe are refused with the command that makes the file readable.

What is written is read by abc, yosys, aigverse, cirbo and Icarus Verilog, as far as they know the format.  Two
files are compared by the names of their ports in yosys and in abc's ``cec``, by position in abc's ``cec -n`` and where
truth tables of aigverse or cirbo are laid side by side.  A file lists the ports in the order of the circuit, under
their names, so both ways agree for circuits with the same order.  A vector's bits come from the lowest on, as
yosys lists them.  aigverse reads Verilog names of letters, digits and ``_ [ ]`` only, and PLA without names.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from os import PathLike
from pathlib import Path

from fw_circuits._files import check_writable, read_bytes, write_atomically
from fw_circuits.circuits.circuit import Circuit
from fw_circuits.circuits.formats import aiger, bench, blif, dot, pla, verilog
from fw_circuits.circuits.formats.pla_file import check_dont_care
from fw_circuits.exceptions import CircuitError, InputError

WRITERS: dict[str, Callable[..., bytes]] = {  # those of NAMED take the name of the model too
    ".aag": aiger.ascii_bytes,
    ".aig": aiger.binary_bytes,
    ".blif": lambda circuit, name=blif.NAME: blif.text(circuit, name).encode(),
    ".bench": lambda circuit: bench.text(circuit).encode(),
    ".v": lambda circuit, name=verilog.NAME: verilog.text(circuit, name).encode(),
    ".pla": lambda circuit: pla.text(circuit).encode(),
    ".dot": lambda circuit: dot.text(circuit).encode(),
}
NAMED = (".blif", ".v")
READERS: dict[str, Callable[[bytes, str], Circuit]] = {
    ".aag": aiger.parse,
    ".aig": aiger.parse,
    ".blif": blif.parse,
    ".bench": bench.parse,
    ".v": verilog.parse,
    ".pla": pla.parse,
}


def write(circuit: Circuit, path: str | PathLike[str], name: str | None = None) -> None:
    """Write a circuit in the format that the file extension selects.

    The file is written beside its target and then renamed: a full disk leaves the old file as it was.

    Parameters
    ----------
    circuit : Circuit
    path : path-like
        Ends in .aag, .aig, .bench, .blif, .dot, .pla or .v.
    name : str, optional
        Name of the Verilog module (default ``top``, which aigverse expects) or of the BLIF model (default
        ``fw_circuits``).  The other formats have no place for it.

    Raises
    ------
    InputError
        For another file extension, or a name that is empty or no string.
    CircuitError
        If the format cannot express the circuit; the message says why.
    OSError
        If the file cannot be written.

    Examples
    --------
    >>> import tempfile
    >>> half = Circuit(2, ((6, 1, 2), (8, 1, 2)), (6, 8), ("a", "b"), ("sum", "carry"))
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write(half, Path(folder) / "half.blif")
    ...     read(Path(folder) / "half.blif") == half
    True
    """
    if name is not None and not (isinstance(name, str) and name):
        raise InputError(f"name is {name!r}; expected a string such as 'top'.")
    ending = _ending(path, WRITERS)
    named = (name,) if name is not None and ending in NAMED else ()
    target = check_writable(path)  # a PLA may take minutes to make
    write_atomically(target, WRITERS[ending](circuit, *named))


def read(path: str | PathLike[str], *, dont_care: int | None = None) -> Circuit:
    """Read a circuit from a file in the format that its extension selects.

    Parameters
    ----------
    path : path-like
        Ends in .aag, .aig, .bench, .blif, .pla or .v.
    dont_care : 0, 1 or None
        Value of what a PLA leaves open.  None is 0, but a PLA of type fr or fdr must then list every pattern.

    Raises
    ------
    InputError
        For another file extension, a file that cannot be read, or `dont_care` for a format without don't-cares.
    CircuitError
        For a malformed file, with its line, and for registers, cells not described in it and cycles.

    Examples
    --------
    >>> read("adder.dot")
    Traceback (most recent call last):
    fw_circuits.exceptions.InputError: adder.dot: a .dot file is a drawing and is only written; ...
    """
    if Path(path).suffix.lower() == ".dot":
        raise InputError(
            f"{path}: a .dot file is a drawing and is only written; read the circuit from one of "
            f"{', '.join(READERS)} instead, or build a networkx graph and use Circuit.from_networkx."
        )
    ending = _ending(path, READERS)
    reader = READERS[ending]
    if (value := check_dont_care(dont_care)) is not None:
        if ending != ".pla":
            raise InputError(f"{path}: dont_care is {value}, but {ending} has no don't-cares; expected None.")
        reader = partial(pla.parse, dont_care=value)
    data = read_bytes(Path(path))
    try:
        return reader(data, str(path))
    except CircuitError as error:
        text = str(error)
        raise error if text.startswith(str(path)) else CircuitError(f"{path}: {text}") from None


def _ending(path: str | PathLike[str], known: Iterable[str]) -> str:
    ending = Path(path).suffix.lower()
    if ending not in known:
        raise InputError(f"{path} ends in {ending!r}; expected one of {', '.join(known)}.")
    return ending
