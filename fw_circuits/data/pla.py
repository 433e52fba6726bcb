"""Espresso PLA files as data.

What the type says about rows that are not listed decides what can be learned from: ``fr`` lists the on-set
and the off-set, the rest stays unknown, so the listed rows are a sample.  ``f`` (on-set, the rest is 0) and
``fd`` (on-set and don't-cares, the rest is 0; espresso's default) define the whole function, so all 2^n
patterns are returned but the don't-cares.  A pattern that ``fd`` lists both ways is a don't-care; ``fr`` rows
that contradict each other are kept, as noisy data has them.
"""

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from fw_circuits._typing import Bits
from fw_circuits.data.dataset import Dataset
from fw_circuits.data.selection import target_index
from fw_circuits.exceptions import FormatError, InputError

TYPES = ("fr", "fd", "f")
MAX_ROWS = 1 << 20
INPUT_MARKS = "01-2"  # 2 is an old spelling of -
OUTPUT_MARKS = {"1": 1, "4": 1, "0": 0, "-": 2, "2": 2, "~": 3, "3": 3}  # 3: says nothing


@dataclass
class Pla:
    """The text of a PLA file, parsed: one cube and one string of output codes a listed row."""

    path: str | Path
    n_inputs: int = 0
    n_outputs: int = 0
    kind: str = "fd"
    input_names: list[str] = field(default_factory=list)
    output_names: list[str] = field(default_factory=list)
    n_promised: int | None = None
    cubes: list[str] = field(default_factory=list)
    outputs: list[list[int]] = field(default_factory=list)
    lines: list[int] = field(default_factory=list)

    def error(self, line: int, message: str) -> FormatError:
        return FormatError(f"{self.path}, line {line}: {message}")

    def number(self, line: int, words: list[str]) -> int:
        if len(words) != 2 or not words[1].isdigit() or len(words[1]) > 9:
            raise self.error(line, f"{' '.join(words)!r}; expected {words[0]} and one whole number.")
        return int(words[1])

    def keyword(self, line: int, words: list[str]) -> bool:
        """Take one dot line in; true at the end mark."""
        match words[0]:
            case ".i":
                self.n_inputs = self.number(line, words)
            case ".o":
                self.n_outputs = self.number(line, words)
            case ".p":
                self.n_promised = self.number(line, words)
            case ".type":
                if len(words) != 2 or words[1] not in TYPES:
                    raise self.error(line, f"type {' '.join(words[1:])!r}; known types: {', '.join(TYPES)}.")
                self.kind = words[1]
            case ".ilb":
                self.input_names = words[1:]
            case ".ob":
                self.output_names = words[1:]
            case ".e" | ".end":
                return True
            case other:
                raise self.error(line, f"keyword {other!r}; known: .i .o .p .type .ilb .ob .e .end.")
        return False

    def row(self, line: int, text: str) -> None:
        """Take one cube line in."""
        if not self.n_inputs or not self.n_outputs:
            raise self.error(line, "a row before .i and .o (both at least 1); expected the two counts first.")
        marks = "".join(text.replace("|", " ").split())
        width = self.n_inputs + self.n_outputs
        if len(marks) != width:
            raise self.error(
                line,
                f"{len(marks)} marks; expected {width}: {self.n_inputs} inputs and {self.n_outputs} outputs.",
            )
        cube, out = marks[: self.n_inputs], marks[self.n_inputs :]
        bad = next((m for m in cube if m not in INPUT_MARKS), None) or next(
            (m for m in out if m not in OUTPUT_MARKS), None
        )
        if bad:
            raise self.error(line, f"mark {bad!r}; expected 0, 1 or - (outputs also ~).")
        self.cubes.append(cube.replace("2", "-"))
        self.outputs.append([OUTPUT_MARKS[m] for m in out])
        self.lines.append(line)


def parse_pla(data: bytes, path: str | Path) -> Pla:
    """Take the bytes of a PLA file apart; `path` is for messages.

    Raises
    ------
    FormatError
        For a damaged file, with the line number.

    Examples
    --------
    >>> parse_pla(b".i 2\\n.o 1\\n1- 1\\n", "t.pla").cubes
    ['1-']
    """
    pla = Pla(path)
    try:
        text = data.decode("ascii")
    except UnicodeDecodeError as error:
        raise FormatError(f"{path} is not a PLA file: byte {error.start} is not ASCII text.") from error
    line = 0
    for line, raw in enumerate(text.splitlines(), start=1):
        content = raw.split("#", 1)[0].strip()
        if not content:
            continue
        if not content.startswith("."):
            pla.row(line, content)
        elif pla.keyword(line, content.split()):
            break
    if not pla.cubes:
        raise FormatError(f"{path} lists no rows; expected .i, .o and at least one row of marks.")
    if pla.n_promised is not None and pla.n_promised != len(pla.cubes):
        raise pla.error(
            line, f"{len(pla.cubes)} rows but .p says {pla.n_promised}; the file is cut short or edited."
        )
    for names, count, word in (
        (pla.input_names, pla.n_inputs, ".ilb"),
        (pla.output_names, pla.n_outputs, ".ob"),
    ):
        if names and len(names) != count:
            raise FormatError(f"{path}: {word} names {len(names)} columns; expected {count}.")
    return pla


def expand(cube: str) -> Bits:
    """All 0/1 rows of a cube: (2^dashes, n), the first dash counting fastest.

    Examples
    --------
    >>> expand("1-0").tolist()
    [[1, 0, 0], [1, 1, 0]]
    """
    row = np.frombuffer(cube.encode(), dtype=np.uint8) - ord("0")
    free = [i for i, mark in enumerate(cube) if mark == "-"]
    rows = np.repeat(row[None, :], 1 << len(free), axis=0)
    counter = np.arange(1 << len(free))
    for place, i in enumerate(free):
        rows[:, i] = counter >> place & 1
    return rows


def read_pla(path: str | Path, target: str | int | None = None, *, max_rows: int = MAX_ROWS) -> Dataset:
    """Read an espresso PLA file as rows and labels.

    Parameters
    ----------
    path : str or Path
        Keywords .i .o .p .type (fr, fd, f; fd if left out) .ilb .ob .e; marks 0, 1, - and, for outputs, ~.
    target : str, int or None
        Which output: a name of .ob or an index; the last one if left out.
    max_rows : int
        Limit for the rows after don't-care inputs are expanded (and for the 2^n rows of types f and fd).

    Returns
    -------
    Dataset
        X 0/1, y int64 0/1.  Patterns whose label is not known (see the head of this module) are not in it.

    Raises
    ------
    FormatError
        A damaged file, with the line number.
    InputError
        No such file or output, too many rows after expansion, no labelled rows.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = Path(folder) / "t.pla"
    ...     _ = file.write_text(".i 2\\n.o 1\\n.type fr\\n1- 1\\n00 0\\n.e\\n")
    ...     data = read_pla(file)
    >>> data.X.tolist(), data.y.tolist()
    ([[1.0, 0.0], [1.0, 1.0], [0.0, 0.0]], [1, 1, 0])
    """
    path = Path(path)
    try:
        data = path.read_bytes()
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}; check the path.") from error
    pla = parse_pla(data, path)
    out = target_index(pla.output_names or [f"y{i}" for i in range(pla.n_outputs)], target)
    codes = np.array([row[out] for row in pla.outputs])
    bits, labels = _sample(pla, codes, max_rows) if pla.kind == "fr" else _whole(pla, codes, max_rows)
    if not len(labels):
        raise InputError(
            f"{path}: no row has a label for output {out}; every listed or implied row is a don't-care."
        )
    names = tuple(pla.input_names or [f"x{i}" for i in range(pla.n_inputs)])
    goal = pla.output_names[out] if pla.output_names else ("y" if pla.n_outputs == 1 else f"y{out}")
    text = f"read from {path.name} (.type {pla.kind}, {len(pla.cubes)} listed rows)"
    return Dataset(bits.astype(np.float64), labels.astype(np.int64), names, goal, path.stem, text)


def _sample(pla: Pla, codes: np.ndarray, max_rows: int) -> tuple[Bits, np.ndarray]:
    """Type fr: every listed row with output 0 or 1, its dashes expanded."""
    keep = [i for i, code in enumerate(codes) if code in (0, 1)]
    sizes = [1 << pla.cubes[i].count("-") for i in keep]
    total = 0
    for i, size in zip(keep, sizes, strict=True):
        total += size
        if total > max_rows:
            raise InputError(
                f"{pla.path}, line {pla.lines[i]}: don't-care inputs expand to more than {max_rows} rows; "
                "list fewer, or raise max_rows."
            )
    if not keep:
        return np.zeros((0, pla.n_inputs), dtype=np.uint8), np.zeros(0, dtype=np.int64)
    if total == len(keep):  # the common case: no dashes
        flat = np.frombuffer("".join(pla.cubes[i] for i in keep).encode(), dtype=np.uint8) - ord("0")
        return flat.reshape(len(keep), pla.n_inputs), codes[keep]
    return np.concatenate([expand(pla.cubes[i]) for i in keep]), np.repeat(codes[keep], sizes)


def _whole(pla: Pla, codes: np.ndarray, max_rows: int) -> tuple[Bits, np.ndarray]:
    """Types f and fd: all 2^n patterns, on where a cube covers them, without the don't-cares of fd."""
    n = pla.n_inputs
    if n >= 63 or 1 << n > max_rows:
        raise InputError(
            f"{pla.path}: .type {pla.kind} defines all 2^{n} patterns, more than {max_rows} rows; expected "
            ".type fr (a sample), or raise max_rows."
        )
    labels = np.zeros(1 << n, dtype=np.int64)
    place = 1 << np.arange(n, dtype=np.int64)
    for code in (1, 2) if pla.kind == "fd" else (1,):
        for i in np.flatnonzero(codes == code):
            labels[expand(pla.cubes[i]) @ place] = code
    known = labels != 2
    return expand("-" * n)[known], labels[known]
