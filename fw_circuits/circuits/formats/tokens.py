"""The tokenizer of BLIF, bench and Verilog: one regular expression per language, one cursor over its matches.

The groups of the expression name the kinds of tokens.  ``blank`` (comments too) is skipped; ``open`` is
something that never closes, such as ``/*`` without ``*/``; whatever the expression does not match is an error.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple

from fw_circuits._files import lines_of
from fw_circuits.exceptions import CircuitError


class Token(NamedTuple):
    """A word or sign with the line that it stands in."""

    line: int
    kind: str
    text: str


#: What to say about the kind ``open``.
UNCLOSED = {"open": "opens what is never closed; close it"}


def tokens(
    pattern: re.Pattern[str],
    data: bytes,
    path: str,
    language: str,
    refused: Mapping[str, str] = UNCLOSED,
) -> Iterator[Token]:
    r"""Tokens of a file, at last one of the kind ``end``; `refused` are kinds with what is wrong about them.

    >>> pattern = re.compile(r"(?P<blank>[ \n]+)|(?P<word>\w+)")
    >>> [*tokens(pattern, b"a\nb", "t.x", "X")]
    [Token(line=1, kind='word', text='a'), Token(line=2, kind='word', text='b'), Token(line=2, kind='end', ...)]
    """
    text = "\n".join(lines_of(data, path))
    at, line = 0, 1
    for match in pattern.finditer(text):
        if match.start() != at:
            break
        kind, word = str(match.lastgroup), match[0]
        if kind in refused:
            raise CircuitError(f"{path}, line {line}: {word[:20]!r} {refused[kind]}.")
        if kind != "blank":
            yield Token(line, kind, word)
        if "\n" in word:
            line += word.count("\n")
        at = match.end()
    if at != len(text):
        raise CircuitError(f"{path}, line {line}: character {text[at]!r}; expected {language}.")
    yield Token(line, "end", "the end of the file")


class Cursor:
    """The token at hand, and the ways to go on from it.

    >>> pattern = re.compile(r"(?P<blank> +)|(?P<name>[a-z]+)|(?P<sign>[=;])")
    >>> cursor = Cursor(tokens(pattern, b"a = b ;", "t.x", "X"), "t.x")
    >>> cursor.next().text, cursor.sees("="), cursor.skip("="), cursor.next().text, cursor.skip("=")
    ('a', True, True, 'b', False)
    """

    def __init__(self, source: Iterator[Token], path: str, remedy: str = "") -> None:
        self.path = path
        #: For what the language allows and the reader does not know; a tool named in `wanted` wins.
        self._remedy = remedy
        self._source = source
        self.token = next(source)

    def error(self, wanted: str) -> CircuitError:
        """An error about the token at hand."""
        shown = self.token.text if self.token.kind == "end" else repr(self.token.text[:60])
        remedy = "" if self.token.kind == "end" or "yosys" in wanted else self._remedy
        return CircuitError(f"{self.path}, line {self.token.line}: {shown}; expected {wanted}{remedy}.")

    def next(self) -> Token:
        """The token at hand, after going on to the next one."""
        token = self.token
        if token.kind != "end":
            try:
                self.token = next(self._source)
            except CircuitError:  # whoever goes on after it finds the end
                self.token = Token(token.line, "end", "the end of what can be read")
                raise
        return token

    def sees(self, *words: str) -> bool:
        """Whether the token at hand is one of these keywords or signs."""
        return self.token.text in words and self.token.kind in ("name", "sign")

    def skip(self, *words: str) -> bool:
        """Go over one of these keywords or signs, if it is there."""
        found = self.sees(*words)
        if found:
            self.next()
        return found

    def find(self, word: str) -> bool:
        """Go on to a keyword; whether it came."""
        try:
            while self.token.kind != "end" and not self.sees(word):
                self.next()
        except CircuitError:  # the rest has no tokens; the error that led here is the one to tell
            return False
        return self.token.kind != "end"

    def take(self, sign: str) -> None:
        """Go over a sign that has to be there."""
        if not self.skip(sign):
            raise self.error(repr(sign))

    def each(self, read: Callable[[], object]) -> None:
        """Read things that commas separate, one at least."""
        read()
        while self.skip(","):
            read()

    def items(self) -> Iterator[int]:
        """Count things that commas separate, within brackets; whoever runs through the numbers reads them."""
        self.take("(")
        count = 0
        while not self.skip(")"):
            if count:
                self.take(",")
            yield count
            count += 1
