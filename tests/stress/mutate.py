"""Broken files: bytes flipped, cut, doubled, spliced, tokens exchanged, counts grown, brackets nested."""

from __future__ import annotations

import re

NUMBER = re.compile(rb"[0-9]+")
TOKEN = re.compile(rb"\S+")
HUGE = [*b"0 1 2 -1 7 64 65536 1048577 999999999 4294967296".split(), b"9" * 25, b"1e308", b"nan"]
NESTED = [*b"( [ { ~ (a& /*".split(), b"\\\n", b'"', b"NOT(", b".search x\n", b"`ifdef X\n", b"\x80", b"\xff"]


def mutated(rng, files, words=()):
    """One of the files, changed one to six times."""
    data = files[rng.integers(len(files))]
    for _ in range(1 + int(rng.integers(6)) * int(rng.integers(2))):
        data = CHANGES[rng.integers(len(CHANGES))](rng, data, files, words)
        if not data:
            break
    return data


def _span(rng, data):
    a, b = sorted(rng.integers(0, len(data) + 1, 2).tolist())
    return a, b if rng.random() < 0.3 else min(b, a + 16)


def _flip(rng, data, files, words):
    changed = bytearray(data)
    for place in rng.integers(0, len(data), int(rng.integers(1, 5))).tolist():
        changed[place] = int(rng.integers(256)) if rng.random() < 0.5 else changed[place] ^ 1 << int(rng.integers(8))
    return bytes(changed)


def _cut(rng, data, files, words):
    return data[: int(rng.integers(len(data)))]


def _drop(rng, data, files, words):
    a, b = _span(rng, data)
    return data[:a] + data[b:]


def _double(rng, data, files, words):
    a, b = _span(rng, data)
    return data[:b] + data[a:b] * int(rng.integers(1, 4)) + data[b:]


def _splice(rng, data, files, words):
    other = files[rng.integers(len(files))]
    return data[: int(rng.integers(len(data)))] + other[int(rng.integers(len(other))) :]


def _token(rng, data):
    found = list(TOKEN.finditer(data))
    return found[rng.integers(len(found))].span() if found else (0, 0)


def _exchange(rng, data, files, words):
    (a, b), (c, d) = sorted((_token(rng, data), _token(rng, data)))
    return data[:a] + data[c:d] + data[b:c] + data[a:b] + data[d:] if b <= c else data


def _number(rng, data, files, words):
    found = list(NUMBER.finditer(data))
    if not found:
        return data
    a, b = found[rng.integers(len(found))].span()
    return data[:a] + HUGE[rng.integers(len(HUGE))] + data[b:]


def _word(rng, data, files, words):
    a, b = _token(rng, data)
    word = words[rng.integers(len(words))] if words else HUGE[rng.integers(len(HUGE))]
    return data[:a] + word + (data[b:] if rng.random() < 0.5 else b" " + data[a:])


def _lines(rng, data, files, words):
    lines = data.split(b"\n")
    i, j = rng.integers(0, len(lines), 2).tolist()
    lines[i], lines[j] = lines[j], lines[i] if rng.random() < 0.7 else lines[j]
    return b"\n".join(lines)


def _nest(rng, data, files, words):
    if rng.random() < 0.9:
        return _flip(rng, data, files, words)
    place = int(rng.integers(len(data) + 1))
    times = int(rng.choice([2, 40, 1500, 4000]))
    return data[:place] + NESTED[rng.integers(len(NESTED))] * times + data[place:]


CHANGES = (_flip, _flip, _cut, _drop, _double, _splice, _exchange, _number, _number, _word, _word, _lines, _nest)
