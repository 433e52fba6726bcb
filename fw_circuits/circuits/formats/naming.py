"""Names in files: one spelling that every format can carry, and names for the wires in between.

Letters, digits and ``_ . - ~ [ ] : + / ^ & ! ? @ *`` stay as they are.  Everything else, blanks and
accents above all, is written as ``%`` and two hexadecimal digits for each byte of its UTF-8 code, as in web
addresses; an empty name is a lone ``%``.  A reader undoes exactly this and leaves other names alone.  Because
the spelling is the same in all formats, tools that compare two files find the same names in both.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Sequence
from urllib.parse import quote, unquote

from fw_circuits.circuits.circuit import Circuit

SAFE = "[]:+/^&!?@*"
EMPTY = "%"


def encode(name: str) -> str:
    """A name as one printable word.

    >>> encode("age[1]"), encode("mean radius"), encode("50%"), encode("")
    ('age[1]', 'mean%20radius', '50%25', '%')
    """
    return quote(name, safe=SAFE, errors="surrogatepass") or EMPTY


def decode(word: str) -> str:
    r"""The name that `encode` made a word of; a word that it never makes is a name as it is.

    A word whose bytes are not UTF-8 (see `files.text_of`) is taken for Latin-1.

    >>> decode("mean%20radius"), decode("50%"), decode("%"), decode("Stra\udcdfe")
    ('mean radius', '50%', '', 'Straße')
    """
    if word == EMPTY:
        return ""
    if any("\udc80" <= letter <= "\udcff" for letter in word):
        return word.encode("utf-8", errors="surrogateescape").decode("latin-1")
    try:
        name = unquote(word, errors="strict")
    except UnicodeDecodeError:
        return word
    return name if "%" in word and encode(name) == word else word


def is_text(word: str) -> bool:
    """Whether a word was UTF-8 text in its file, which is decoded with ``errors="surrogateescape"``.

    >>> is_text("größe"), is_text("gr\\udcf6\\udcdfe")
    (True, False)
    """
    return not any("\ud800" <= letter <= "\udfff" for letter in word)


def wire_prefix(words: Iterable[str], letter: str = "n") -> str:
    """A prefix such that no word is the prefix and a number.

    >>> wire_prefix(["a", "n1"])
    'n_'
    """
    taken = set(words)
    prefix = letter
    while any(word.startswith(prefix) and word[len(prefix) :].isdecimal() for word in taken):
        prefix += "_"
    return prefix


def complete(names: Sequence[str | None], letter: str) -> tuple[str, ...]:
    """Names with the missing ones filled in as x0, x1, ..., away from those that are there.

    >>> complete(["x1", None, "b"], "x")
    ('x1', 'x1_', 'b')
    """
    taken = set(names)
    full = []
    for i, name in enumerate(names):
        if name is None:
            name = f"{letter}{i}"
            while name in taken:
                name += "_"
            taken.add(name)
        full.append(name)
    return tuple(full)


def warn_shared_names(circuit: Circuit, form: str) -> None:
    """Warn of an output with the name of an input: this format can tell them apart, the field's tools cannot."""
    shared = sorted(set(map(encode, circuit.input_names)) & set(map(encode, circuit.output_names)))
    if shared:
        warnings.warn(
            f"output {decode(shared[0])!r} has the name of an input ({len(shared)} in all); {form} tells them apart, "
            "but ABC refuses the file and Yosys joins the two: rename the outputs with "
            "dataclasses.replace(circuit, output_names=...) if another tool is to read it.",
            UserWarning,
            stacklevel=5,
        )


def distinct(names: Sequence[str], kind: str, path: str) -> tuple[str, ...]:
    """Names as they are where they differ; else the later ones with an underscore and a number, and a warning."""
    if len(set(names)) == len(names):
        return tuple(names)
    taken, seen, full = set(names), set[str](), list[str]()
    count = dict.fromkeys(taken, 0)
    for name in names:
        new = name
        while new in seen or (new != name and new in taken):
            count[name] += 1
            new = f"{name}_{count[name]}"
        seen.add(new)
        full.append(new)
    old, new = next((a, b) for a, b in zip(names, full, strict=True) if a != b)
    warnings.warn(
        f"{path}: two {kind}s have the name {old!r}; the later one is now {new!r}.", UserWarning, stacklevel=6
    )
    return tuple(full)
