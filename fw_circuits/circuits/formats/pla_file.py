"""Espresso PLA files taken apart: rows of marks, and for each output the on-set, off-set and don't-cares they list.

A mark of an output counts only where the type has its letter: ``1`` (or 4) lists the on-set with f, ``0`` (or 3) the
off-set with r, ``-`` (or 2) the don't-cares with d; ``~`` says nothing.  What no row lists is 0 without r, 1 without f,
and a don't-care with both.  The default type is fd.  Format: espresso(5), OCTTOOLS 1986, and espresso's `cvrin.c` where
the page is silent.  ``.phase``, ``.pair`` and ``.symbolic`` tell espresso how to minimize and change no function.
Variables of more than two values, and state machines (``.kiss``), are refused.
"""

import re
import warnings
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from fw_circuits._files import text_of
from fw_circuits._typing import Array
from fw_circuits.exceptions import FormatError, InputError

TYPES = ("f", "r", "d", "fd", "fr", "dr", "fdr")
INPUT_MARKS = "01-2"  # 2 is an old spelling of -
MARKS = set("01-234~|")
LETTERS = str.maketrans("1403-2", "ffrrdd")
OFF, ON, DONT_CARE = 0, 1, 2
#: Inputs that take no byte of the file: a promise of more is a damaged head.
MAX_IDLE = 1 << 12
COUNTS = {".i": "n_inputs", ".o": "n_outputs", ".p": "n_promised"}
REFUSED = {
    ".label": ".label of a variable of many values; expected binary inputs: encode them first.",
    ".kiss": ".kiss; expected a combinational table, not the transitions of a state machine.",
}


@dataclass
class Pla:
    """The text of a PLA file, parsed: one cube and one string of letters f, r, d, ~ per listed row."""

    path: str | Path
    n_inputs: int = 0
    n_outputs: int = 0
    kind: str = "fd"
    input_names: list[str] = field(default_factory=list)
    output_names: list[str] = field(default_factory=list)
    n_promised: int | None = None
    cubes: list[str] = field(default_factory=list)
    outputs: list[str] = field(default_factory=list)
    lines: list[int] = field(default_factory=list)

    def error(self, line: int, message: str) -> FormatError:
        return FormatError(f"{self.path}, line {line}: {message}")

    def rows(self, output: int, letter: str) -> list[int]:
        """Places of the rows that list an output with a letter of the type."""
        return [i for i, marks in enumerate(self.outputs) if marks[output] == letter and letter in self.kind]

    def cover(self, output: int, letter: str) -> list[str]:
        """The cubes of these rows."""
        return [self.cubes[i] for i in self.rows(output, letter)]

    def check_disjoint(self, output: int, first: str, second: str) -> None:
        """Refuse a pattern that rows of both letters list, by the lines of two such rows."""
        one, two = self.rows(output, first), self.rows(output, second)
        hit = meeting([self.cubes[i] for i in one], [self.cubes[i] for i in two])
        if not hit.any():
            return
        j = two[int(np.argmax(hit))]
        i = one[int(np.argmax(meeting([self.cubes[j]], [self.cubes[i] for i in one])))]
        words = {"f": "1", "r": "0", "d": "a don't-care"}
        raise self.error(
            max(self.lines[i], self.lines[j]),
            f"output {self.output_name(output)!r} is {words[first]} by line {self.lines[i]} and {words[second]} by "
            f"line {self.lines[j]} for a common pattern; expected one value per pattern with .type {self.kind}.",
        )

    def check_partition(self, output: int) -> None:
        """Refuse rows that give a pattern two values; in type fd a don't-care is stronger than a 1, as in espresso."""
        if "f" in self.kind and "r" in self.kind:
            self.check_disjoint(output, "f", "r")
            self.check_disjoint(output, "f", "d")
            self.check_disjoint(output, "r", "d")

    def values(self, output: int, inputs: Sequence[int]) -> Array:
        """OFF, ON or DONT_CARE for the 2^k patterns of some inputs; the rows have no marks for the others."""
        rest = OFF if "r" not in self.kind else DONT_CARE if "f" in self.kind else ON
        table = np.full((2,) * len(inputs), rest, dtype=np.int8)
        for letter, value in (("r", OFF), ("f", ON), ("d", DONT_CARE)):
            for cube in self.cover(output, letter):
                marks = (cube[i] for i in reversed(inputs))  # the first input counts fastest
                table[tuple(slice(None) if mark == "-" else int(mark) for mark in marks)] = value
        return table.reshape(-1)

    def output_name(self, output: int) -> str:
        """Its name, or y0, y1, ..."""
        return self.output_names[output] if self.output_names else f"y{output}"


def meeting(first: Sequence[str], second: Sequence[str]) -> Array:
    """Which cubes of the second cover share a pattern with some cube of the first.

    >>> meeting(["1-", "00"], ["01", "-1"]).tolist()
    [False, True]
    """
    hit = np.zeros(len(second), dtype=bool)
    if not first or not second:
        return hit
    n = len(first[0])
    marks = np.frombuffer("".join([*first, *second]).encode(), dtype=np.uint8).reshape(-1, n)
    ones, zeros = ((marks == ord(mark)).astype(np.float32) for mark in "10")
    ones_of_second, zeros_of_second = ones[len(first) :].T, zeros[len(first) :].T
    for start in range(0, len(first), 256):
        part = slice(start, min(start + 256, len(first)))
        clashes = ones[part] @ zeros_of_second + zeros[part] @ ones_of_second
        hit |= (clashes == 0).any(axis=0)
    return hit


def check_dont_care(dont_care: Any) -> int | None:
    """The value for don't-cares, None for no choice; `InputError` for anything else."""
    if dont_care is None or (isinstance(dont_care, int | np.integer | np.bool_) and dont_care in (0, 1)):
        return None if dont_care is None else int(dont_care)
    raise InputError(f"dont_care is {dont_care!r}; expected 0, 1 or None.")


class _Parser:
    """Lines into a `Pla`: keywords, rows that may run over several lines, and the end mark."""

    def __init__(self, path: str | Path) -> None:
        self.pla = Pla(path)
        self.line = self.started = 0  # the line, and the one in which the open row begins
        self.open = ""  # marks of a row that is not complete
        self.names: list[str] | None = None  # of an .ilb or .ob that is not complete
        self.missing = 0  # their number
        self.ended = False
        self.semicolons = 0  # that a .symbolic still needs

    def error(self, message: str) -> FormatError:
        return self.pla.error(self.line, message)

    def take(self, raw: str) -> None:
        """One line."""
        text = raw.strip()
        if text.startswith("#"):
            if text.startswith("#.phase") and "0" in text:
                self.warn(
                    "#.phase with a 0: espresso wrote the rows of such an output for its complement; the rows are "
                    "read as they stand"
                )
        elif self.semicolons:
            self.semicolons -= text.count(";")
        elif text.startswith("."):
            self.statements(re.split(r"\s#", text)[0].split())
        elif self.names is not None and text and not set(text) <= MARKS | {" ", "\t"}:
            self.more_names(text.split())
        else:
            self.statements(text.split("#", 1)[0].split())

    def statements(self, words: list[str]) -> None:
        """The keywords and the marks of a line, one after the other: to espresso a blank is as good as a line's end."""
        self.names = None
        while words and not self.ended:
            if words[0].startswith("."):
                self.no_open_row()
                words = self.keyword(words)
                continue
            end = next((i for i, word in enumerate(words) if word.startswith(".")), len(words))
            self.marks("".join(words[:end]).replace("|", ""))
            words = words[end:]

    def warn(self, message: str) -> None:
        warnings.warn(f"{self.pla.path}, line {self.line}: {message}.", UserWarning, stacklevel=6)

    def no_open_row(self) -> None:
        if self.open:
            raise self.pla.error(
                self.started, f"{len(self.open)} marks; expected {self.width()}; the row is cut short."
            )

    def width(self) -> str:
        pla = self.pla
        return f"{pla.n_inputs + pla.n_outputs}: {pla.n_inputs} inputs and {pla.n_outputs} outputs"

    def keyword(self, words: list[str]) -> list[str]:
        """Take a keyword and its arguments in; returns what is left of the line, from the next keyword on."""
        pla, word = self.pla, words[0]
        if word in COUNTS or word == ".type":
            self.setting(words)
            return self.rest(words[2:])
        if word in (".ilb", ".ob"):
            return self.begin_names(words)
        if word == ".mv":
            self.multiple_valued(words)
        elif word == ".label" and pla.n_inputs and words[1:2] == [f"var={pla.n_inputs}"]:
            pla.output_names[:] = words[2:]
        elif word in REFUSED:
            raise self.error(REFUSED[word])
        elif word in (".e", ".end"):
            self.ended = True
        elif word.startswith(".symbolic"):
            self.semicolons = max(0, 2 - " ".join(words).count(";"))
        elif word not in (".phase", ".pair"):
            self.warn(f"keyword {word!r} is unknown and ignored, as espresso does")
        return []

    def setting(self, words: list[str]) -> None:
        """A count or the type."""
        word, value = words[0], "".join(words[1:2])
        if word in COUNTS:
            if not re.fullmatch("[0-9]{1,18}", value):
                raise self.error(f"{' '.join(words)[:60]!r}; expected {word} and one whole number.")
            self.count(COUNTS[word], int(value))
            return
        if value not in TYPES:
            raise self.error(f"type {' '.join(words[1:])!r}; known types: {', '.join(TYPES)}.")
        if self.pla.cubes:
            raise self.error(".type after a row; expected it before the first row, which it is about.")
        self.pla.kind = value

    def begin_names(self, words: list[str]) -> list[str]:
        """The names of one line behind .ilb or .ob; returns what is left of the line."""
        pla, inputs = self.pla, words[0] == ".ilb"
        self.names, self.missing = (pla.input_names, pla.n_inputs) if inputs else (pla.output_names, pla.n_outputs)
        self.names.clear()
        left = words[1 + self.missing :]
        left = left if self.missing and "".join(left).startswith(".") else []
        self.more_names(words[1 : len(words) - len(left)])
        return left

    def count(self, what: str, value: int) -> None:
        if self.pla.cubes and what != "n_promised":
            raise self.error("a count after a row; expected .i and .o before the first row.")
        setattr(self.pla, what, value)

    def rest(self, words: list[str]) -> list[str]:
        """What follows a keyword of one argument in its line: nothing, another keyword, or a row."""
        if words and not words[0].startswith(".") and not set(words[0]) <= MARKS:
            raise self.error(f"{' '.join(words)[:60]!r} after the argument; expected a new line.")
        return words

    def multiple_valued(self, words: list[str]) -> None:
        """``.mv``, where every variable but the outputs is binary."""
        numbers = [int(word) for word in words[1:] if re.fullmatch("[0-9]{1,9}", word)]
        if len(numbers) != 3 or len(words) != 4 or numbers[0] != numbers[1] + 1:
            raise self.error(
                f"{' '.join(words)[:60]!r} declares variables of many values; expected binary inputs and one output "
                "part (.mv n+1 n outputs): encode the values in bits first."
            )
        self.count("n_inputs", numbers[1])
        self.count("n_outputs", numbers[2])

    def more_names(self, words: list[str]) -> None:
        """Names of an .ilb or .ob, which may run over several lines."""
        assert self.names is not None
        for word in words:
            if any("\ud800" <= letter <= "\udfff" for letter in word):  # a byte that did not decode
                raise self.error(
                    f"the name {word!r} is not UTF-8 text; rename it, or convert the file first: "
                    "iconv -f latin1 -t utf-8."
                )
        self.names += words
        if len(self.names) >= self.missing:
            self.names = None

    def marks(self, marks: str) -> None:
        """Marks of a row, or of a part of it."""
        pla = self.pla
        if not marks:
            return
        if not pla.n_inputs or not pla.n_outputs:
            raise self.error("a row before .i and .o (both at least 1); expected the two counts first.")
        self.started = self.started if self.open else self.line
        self.open += marks
        n = pla.n_inputs
        if len(self.open) < n + pla.n_outputs:
            return
        cube, out, self.open = self.open[:n], self.open[n:], ""
        if len(out) != pla.n_outputs:
            since = f" since line {self.started}" if self.started < self.line else ""
            raise self.error(f"{n + len(out)} marks{since}; expected {self.width()}.")
        if bad := set(cube) - set(INPUT_MARKS) or set(out) - set("01234-~"):
            mark = min(bad, key=(cube + out).index)
            hint = "; a row with ? matches no pattern: leave it out" if mark == "?" else ""
            raise self.error(f"mark {mark!r}; expected 0, 1 or - (outputs also ~){hint}.")
        pla.cubes.append(cube.replace("2", "-"))
        pla.outputs.append(out.translate(LETTERS))
        pla.lines.append(self.started)

    def finish(self, size: int) -> Pla:
        """The whole file, checked."""
        pla = self.pla
        self.no_open_row()
        if not pla.n_inputs or not pla.n_outputs:
            raise FormatError(f"{pla.path} is no PLA file; expected .i, .o (both at least 1) and rows of marks.")
        if not pla.cubes and not self.ended and pla.n_promised != 0:
            raise FormatError(f"{pla.path} lists no rows and has no .e; expected rows of marks: the file is cut short.")
        if pla.n_inputs + pla.n_outputs > max(size, MAX_IDLE):
            raise FormatError(
                f"{pla.path}: {pla.n_inputs} inputs and {pla.n_outputs} outputs in {size} bytes; the head is damaged."
            )
        if pla.n_promised not in (None, len(pla.cubes)):
            message = f"{len(pla.cubes)} rows but .p says {pla.n_promised}"
            if not self.ended and len(pla.cubes) < (pla.n_promised or 0):
                raise self.error(f"{message}; the file is cut short.")
            self.warn(f"{message}; the rows are read as they stand")
        for names, count, word in (
            (pla.input_names, pla.n_inputs, ".ilb"),
            (pla.output_names, pla.n_outputs, ".ob"),
        ):
            if names and len(names) != count:
                raise FormatError(f"{pla.path}: {word} names {len(names)} columns; expected {count}.")
            if len(set(names)) < len(names):
                twice = next(name for name in names if names.count(name) > 1)
                raise FormatError(f"{pla.path}: {word} has the name {twice!r} twice; expected distinct names.")
        return pla


def parse_pla(data: bytes, path: str | Path) -> Pla:
    """Take the bytes of a PLA file apart; `FormatError` with the line for a damaged one.

    >>> parse_pla(b".i 2\\n.o 1\\n1- 1\\n", "t.pla").cubes
    ['1-']
    """
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        raise FormatError(f"{path}, line 1: UTF-16 text, not UTF-8 text; save the file as UTF-8.")
    parser = _Parser(path)
    for line in text_of(data).split("\n"):
        parser.line += 1
        parser.take(line)
        if parser.ended:
            break
    return parser.finish(len(data))
