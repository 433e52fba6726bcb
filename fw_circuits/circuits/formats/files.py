"""Bytes to and from disk: whole files, written so that a failure never leaves half of one."""

from __future__ import annotations

import os
from pathlib import Path
from secrets import token_hex

from fw_circuits.exceptions import CircuitError, InputError


def write_atomically(path: Path, data: bytes) -> None:
    """Write beside the target, then rename: the old file stays until the new one is complete on the disk."""
    temporary = path.with_name(f".{path.name[:64]}.{token_hex(8)}.tmp")
    try:
        handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except BaseException as error:
        if isinstance(error, OSError) and error.filename in (None, str(temporary)):  # None: the disk is full
            error.filename = str(path)  # the user knows this name, not the temporary one
        temporary.unlink(missing_ok=True)
        raise


def read_bytes(path: Path) -> bytes:
    """Content of a file; InputError if it cannot be had."""
    try:
        return path.read_bytes()
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise InputError(f"{path} cannot be read: {reason}; check the path.") from error


def lines_of(data: bytes, path: str) -> list[str]:
    """Lines of a text file without their ends.

    >>> lines_of(b"a \\r\\n b", "t.blif")
    ['a ', ' b']
    """
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = 1 + data.count(b"\n", 0, error.start)
        raise CircuitError(
            f"{path}, line {line}: byte {error.start} is not UTF-8 text; check that the ending names the format."
        ) from None
    return text.replace("\r\n", "\n").split("\n")
