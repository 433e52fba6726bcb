"""NPZ archives: arrays from files that may be damaged or adversarial, and arrays with a JSON header.

``numpy.load`` takes the header of an array at its word: it allocates what a few bytes promise, and hands errors of
Python's tokenizer on.  Here a header is compared with the bytes that follow it before anything is allocated, nothing
is unpickled, and whatever is wrong is a `FormatError`.  Not limited: what deflate may legally expand, a thousandfold
at most.
"""

from __future__ import annotations

import json
import math
import zipfile
from io import BytesIO
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np

from fw_circuits._files import write_atomically
from fw_circuits._typing import Array
from fw_circuits.exceptions import FormatError

#: The headers that `numpy.save` writes for arrays without named fields.
HEADERS = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}


def read_arrays(path: str | Path) -> dict[str, Array]:
    """All arrays of an archive that ``numpy.savez`` or ``numpy.savez_compressed`` wrote.

    Raises
    ------
    FormatError
        Not such an archive, damaged, or with an array of objects.
    OSError
        If the file cannot be read at all.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     np.savez(f"{folder}/t.npz", X=np.eye(2))
    ...     read_arrays(f"{folder}/t.npz")["X"].tolist()
    [[1.0, 0.0], [0.0, 1.0]]
    """
    data = Path(path).read_bytes()
    if data.startswith(np.lib.format.MAGIC_PREFIX):
        raise FormatError(f"{path} contains a single array; expected an NPZ file (numpy.savez).")
    arrays = {}
    name = "the archive"
    try:
        with zipfile.ZipFile(BytesIO(data)) as archive:
            for member in archive.infolist():
                name = member.filename.removesuffix(".npy")
                arrays[name] = _array(archive.read(member))
    except MemoryError:
        raise
    except Exception as error:  # zipfile, zlib, ast and tokenize each have their own
        raise FormatError(
            f"{path} cannot be read as NPZ ({name}: {type(error).__name__}: {error}); expected numeric arrays "
            "saved by numpy.savez; if the file was copied, copy it again."
        ) from error
    return arrays


def write_state(path: str | PathLike[str], header: dict[str, Any], arrays: dict[str, Array]) -> None:
    """Write arrays with a JSON header to one file, beside the target and then renamed; nothing is pickled."""
    text = json.dumps(header, default=_plain, allow_nan=False).encode()
    content = BytesIO()
    np.savez_compressed(content, header=np.frombuffer(text, dtype=np.uint8), **arrays)  # type: ignore[arg-type]
    write_atomically(Path(path), content.getvalue())


def read_state(path: str | PathLike[str], kind: str, version: int) -> tuple[dict[str, Any], dict[str, Array]]:
    """Header and arrays that `write_state` wrote; the header names the ``kind`` of file and its version.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    FormatError
        If the file is damaged, of another kind, or of a newer version.
    """
    try:
        arrays = read_arrays(Path(path))
        header = json.loads(bytes(arrays.pop("header")).decode())
    except FileNotFoundError:
        raise
    except (KeyError, ValueError, OSError, RecursionError) as error:
        raise FormatError(
            f"{path} is not a readable solution ({type(error).__name__}: {error}); expected a file that "
            "Solution.save wrote; if it was copied, copy it again."
        ) from error
    if not isinstance(header, dict) or header.get("format") != kind:
        found = header.get("format") if isinstance(header, dict) else type(header).__name__
        raise FormatError(f"{path} contains {found!r}; expected {kind!r}.")
    if header.get("version") not in range(1, version + 1):
        raise FormatError(
            f"{path} has version {header.get('version')!r}; this fw_circuits reads version {version}; update it."
        )
    return header, arrays


def _plain(value: Any) -> Any:
    """NumPy's numbers as Python's: an oracle of the user's own may put them into atoms and certificates."""
    if isinstance(value, np.generic | np.ndarray):
        return value.tolist()
    raise TypeError(f"{value!r} of type {type(value).__name__} cannot be saved")


def _array(data: bytes) -> Array:
    """The array of one member; its header must promise exactly the bytes that are there."""
    stream = BytesIO(data)
    version = np.lib.format.read_magic(stream)
    if version not in HEADERS:
        raise ValueError(f"version {version} of the array format; expected {', '.join(map(str, HEADERS))}")
    shape, fortran, dtype = HEADERS[version](stream)
    if dtype.hasobject:
        raise ValueError("object arrays would be unpickled, and allow_pickle is off here")
    left = len(data) - stream.tell()
    if min(shape, default=0) < 0 or math.prod(shape) * dtype.itemsize != left:
        raise ValueError(f"the header promises shape {shape} of {dtype}; {left} bytes follow")
    if dtype.kind == "U" and left:
        points = np.frombuffer(data, np.dtype("u4").newbyteorder(dtype.byteorder), offset=stream.tell())
        if points.max() > 0x10FFFF:
            raise ValueError(f"{int(points.max()):#x} is no character")
    array = np.ndarray(shape, dtype, data, stream.tell(), order="F" if fortran else "C")
    return array.copy("F" if fortran else "C")
