"""Words that readers stumble over, and better ones: ``python -m tests.project.words [FILE ...]``.

Prose alone is read: comments and docstrings and messages of Python, comments of C, Markdown outside of code.  What
stands in backquotes or in the braces of a format string is code.
"""

import argparse
import io
import re
import sys
import tokenize
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[2]
SUFFIXES = {".py", ".pyx", ".pxd", ".md", ".c", ".h"}
#: Here the words are the subject.
EXEMPT = {"tests/project/words.py", "tests/project/test_words.py"}
#: Things counted per what, in "one entry a row".
UNITS = (
    "atom|bit|block|class|column|coordinate|entry|feature|file|fold|gate|level|line|literal|neuron|node|page|part|pass|"
    "pattern|penalty|row|split|subset|task|vertex|word"
)
COUNTS = r"[Oo]ne|two|three|four|\d[\d,.]*"
#: What "holds" before them means: contains.
THINGS = "all|any|an?|both|dates|[-+.]?inf|its|NaN|nan|no|None|numbers|one|only|such|text|the|their|two|values"


#: Pattern -> what to write in its place.
WORDS = {
    r"\bNumPy twin(s?)\b": "NumPy reference implementation",
    r"(?<!NumPy )\btwin(s?)\b": "reference",
    rf"\bholds (?=(?:{THINGS})\b|[`{{])": "contains",
    rf"(?<= not )hold (?=(?:{THINGS})\b|[`{{])": "contain",
    r"\bas a part of (?!the circuit)": "as a fraction of",
    r"\bso many\b(?! (?:\w+ )?that\b)": "this many",
    rf"(?<![-\w])((?:{COUNTS})(?: (?!in |through |without )\w+)?) a ({UNITS})\b": "... per ...",
    r"\bsome (?=\d)": "about",
    r"\bsome seconds\b": "a few seconds",
    r"\b[Aa]n ending\b(?! (?:in|with|at|on|up)\b)": "a file extension",
    r"(?<!line )(?<!lines )(?<!an )(?<!An )\bending(s?)\b(?! (?:in|with|at|on|up|the)\b)": "file extension",
    r"\bparted\b": "separated",
    r"\bparts siblings\b": "separates",
    r"\bthe rights of\b": "the permissions of",
    r"\bhostile\b": "adversarial",
    r"\bHostile\b": "Adversarial",
    r"\bmet (?=from below|at points)": "attained",
    r"\b(?:constants?|derivatives?) (?:of [^ ]+ )?(?:that )?(?:was|were) met\b": "attained",
    r"\b(?:ones|value) met\b": "attained",
    r"\bsoaks? up\b": "absorb",
    r"\bkept in hand\b": "held in reserve",
    r"\bas if they were not there\b": "ignored",
    r"\bsits? out\b": "is skipped for",
    r"(?<!are )(?<!were )(?<!is )(?<!be )\ball the same\b(?! \w+ )": "nevertheless",
    r"\b(?:at|behind) the door\b|\bone door\b": "entry point, public API",
    r"\b(?:[Tt]he|clean|of the) house\b": "architecture",
    r"\bpolite\b": "graceful",
    r"\btype: pip\b": "run: pip",
    r"\btold as\b": "reported as",
    r"\btold, not judged\b": "reported, not asserted",
    r"\bthe trade behind\b": "the trade-off behind",
    r"\bbeyond the range of numbers\b": "overflows or underflows float64",
    r"(?<![-\"'`/_\w])(?<!fully )corrective\b(?![\"'`=_.]| directions)": "fully-corrective",
    r"(?<=\()ours(?=[);,])|(?<=[;,] )ours(?=[);])": "original to this package, once per module",
    r"(?<!series )\b(is|are) ours\b": "original to this package",
    r"\[ours\]": "[original to this package]",
}  # fmt: skip
#: Names of tests that no reader would look for.
NAMES = re.compile(r"def (test_\w*(?:clothes|_(?:are|is)_(?:told(?!_to)|said)|_students|_paid_for|_told_and_)\w*)")


class Finding(NamedTuple):
    """One place: file, line (from 1), the word, and what is better."""

    path: str
    line: int
    found: str
    better: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.found!r}; better: {self.better}"


def blank(text: str, code: str) -> str:
    """The text with what is code in it blanked, character for character."""
    return re.sub(code, lambda m: re.sub(r"[^\n`{}]", "\N{NULL}", m[0]), text)


def prose_of_python(source: str) -> Iterator[tuple[int, str]]:
    """(offset, text) of comments and of strings with a blank in them."""
    starts = [0]
    for line in source.splitlines(keepends=True):
        starts.append(starts[-1] + len(line))
    prose = {tokenize.COMMENT, tokenize.STRING, getattr(tokenize, "FSTRING_MIDDLE", tokenize.STRING)}
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        (row, column), (last, end) = token.start, token.end
        begin = starts[row - 1] + column
        text = source[begin : starts[last - 1] + end]
        if token.type in prose and re.search(r"\s", text.strip()):
            formatted = re.match(r"[rR]?[fF]", text)
            yield begin, blank(text, r"\{[^{}]*\}") if formatted else text


def prose(path: str, source: str) -> Iterator[tuple[int, str]]:
    """(offset, text) of everything in a file that is written for readers, with code in it blanked."""
    if path.endswith(".py"):
        parts = prose_of_python(source)
    elif path.endswith((".c", ".h")):
        parts = ((m.start(), m[0]) for m in re.finditer(r"/\*.*?\*/|//[^\n]*", source, re.DOTALL))
    elif path.endswith(".md"):
        parts = iter([(0, blank(source, r"(?ms)^```.*?^```"))])
    else:
        parts = iter([(0, source)])
    for offset, text in parts:
        yield offset, blank(text, r"``[^`\n]+``|`[^`\n]+`")


def places(path: str, source: str) -> Iterator[tuple[int, int, str]]:
    """(start, end, what is better) of everything found, in the order of the file; none within another."""
    found = [
        (offset + m.start(), offset + m.end(), better)
        for offset, text in prose(path, source)
        for pattern, better in WORDS.items()
        for m in re.finditer(pattern, text)
    ]
    last = 0
    for start, end, better in sorted(found):
        if start >= last:
            yield start, end, better
            last = end


def is_mark(path: str, text: str) -> bool:
    """Whether it is the mark "ours" of the page of the theory, which explains it, and of its test."""
    return "ours" in text and path.endswith(("docs/theory.md", "test_theory.py"))


def findings(path: str, source: str) -> list[Finding]:
    """Everything to be said about one file, given by its path relative to the repository."""
    if path in EXEMPT:
        return []
    said = [
        Finding(path, source.count("\n", 0, start) + 1, source[start:end].strip(), better)
        for start, end, better in places(path, source)
        if not is_mark(path, source[start:end])
    ]
    named = (m for m in NAMES.finditer(source) if path.endswith(".py"))
    return said + [Finding(path, source.count("\n", 0, m.start()) + 1, m[1], "what is checked") for m in named]


def files() -> list[str]:
    """Files of the repository in which there is prose."""
    folders = ("fw_circuits", "csrc", "tests", "benchmarks", "docs")
    found = [*ROOT.glob("*.md"), *(p for folder in folders for p in (ROOT / folder).rglob("*"))]
    return sorted(p.relative_to(ROOT).as_posix() for p in found if p.suffix in SUFFIXES)


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Find words that readers stumble over.")
    parser.add_argument("files", nargs="*", help="files of the repository; default: all")
    given = parser.parse_args(arguments)
    paths = [Path(f).resolve().relative_to(ROOT).as_posix() for f in given.files] or files()
    read = ((path, (ROOT / path).read_text(encoding="utf-8")) for path in paths if Path(path).suffix in SUFFIXES)
    left = [finding for path, source in read for finding in findings(path, source)]
    print("\n".join(map(str, left)))
    return 1 if left else 0


if __name__ == "__main__":
    sys.exit(main())
