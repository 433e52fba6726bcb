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
        if isinstance(error, OSError) and error.filename == str(temporary):
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


def text_of(data: bytes) -> str:
    r"""Content of a text file: UTF-8, a byte order mark dropped, all line ends written as ``\n``.

    Bytes that are not UTF-8 stay as lone surrogates ("surrogateescape"): a comment may hold any bytes, and
    `naming.decode` takes such a name for Latin-1.

    >>> text_of(b"\xef\xbb\xbfa\r\nb\rc")
    'a\nb\nc'
    """
    text = data.decode("utf-8", errors="surrogateescape").removeprefix("\ufeff")
    return text.replace("\r\n", "\n").replace("\r", "\n")


def lines_of(data: bytes, path: str) -> list[str]:
    r"""Lines of a text file without their ends; see `text_of`.

    Raises
    ------
    CircuitError
        For UTF-16 text, whose first bytes tell it.

    >>> lines_of(b"a \r\n b", "t.blif")
    ['a ', ' b']
    """
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        raise CircuitError(f"{path}, line 1: UTF-16 text, not UTF-8 text; save the file as UTF-8.")
    return text_of(data).split("\n")
