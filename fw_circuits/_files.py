"""Bytes to and from disk: whole files, written so that a failure never leaves half of one."""

from __future__ import annotations

import os
from pathlib import Path
from secrets import token_hex
from stat import S_ISDIR, S_ISREG
from typing import Any

from fw_circuits.exceptions import CircuitError, InputError, PathError


def check_writable(path: Any, name: str = "path") -> Path:
    """Try, before the work, whether a file can be written at ``path``; nothing is left behind, an old file is kept.

    Parameters
    ----------
    path : path-like
        Where the file will go.
    name : str
        What to call the path in the message.

    Returns
    -------
    Path

    Raises
    ------
    PathError
        If the folder does not exist or cannot be written to, or the path is a folder or no path at all.
    """
    try:
        target = Path(path)
    except TypeError:
        raise InputError(f"{name} is {path!r}; expected the path of a file.") from None
    try:
        if _is_special(target):
            if S_ISDIR(target.stat().st_mode):
                raise IsADirectoryError("it is a folder")
            if not os.access(target, os.W_OK):
                raise PermissionError("it cannot be written to")
            return target
        trial = _beside(target)
        os.close(os.open(trial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666))
        trial.unlink()
    except (OSError, ValueError) as error:  # ValueError: a zero byte, or no name at all
        reason = error.strerror or error if isinstance(error, OSError) else error
        raise PathError(
            f"{name} is {str(target)!r}, where no file can be written ({reason}); name a file in a folder that "
            "exists and can be written to."
        ) from error
    return target


def _is_special(path: Path) -> bool:
    """Whether there is something other than a file that could be replaced: a folder, a device, a pipe."""
    try:
        return not S_ISREG(path.stat().st_mode)
    except FileNotFoundError:
        return False


def _beside(path: Path) -> Path:
    return path.with_name(f".{path.name[:64]}.{token_hex(8)}.tmp")


def write_atomically(path: Path, data: bytes) -> None:
    """Write beside the target, then rename: the old file stays until the new one is complete on the disk.

    What cannot be replaced, such as ``/dev/stdout``, is written to as it is.
    """
    if _is_special(path):
        path.write_bytes(data)
        return
    temporary = _beside(path)
    try:
        handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except BaseException as error:
        # A full disk has no name, and the user knows that of the target, not of the temporary file.
        if isinstance(error, OSError) and error.errno and error.filename in (None, str(temporary)):
            error.filename = str(path)
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

    Bytes that are not UTF-8 stay as lone surrogates ("surrogateescape"): a comment may contain any bytes, and
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
