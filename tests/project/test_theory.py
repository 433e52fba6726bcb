"""The page of the theory has the sections that the code cites."""

import re

import pytest

from tests.project.words import ROOT, files

PAGE = ROOT / "docs" / "theory.md"
#: "theory, section 4", "theory section 4", "theory, sections 3 and 4", "section 6 of the theory".
CITATION = re.compile(r"theory,?\s+sections?\s+(\d+)(?:\s+and\s+(\d+))?|[Ss]ection (\d+) of the theory")


def headings(text):
    return [int(n) for n in re.findall(r"^## (\d+)\. ", text, re.MULTILINE)]


def citations(text):
    """Numbers of the cited sections; a citation may run over the end of a comment line."""
    text = re.sub(r"\n\s*(?:[#*/]+ ?)?", " ", text)
    return [int(n) for found in CITATION.finditer(text) for n in found.groups() if n]


def test_citations_are_seen_in_every_form():
    text = "(theory, section 2; ours) theory section 33, (theory,\n# section 8) theory, sections 3 and 4; "
    text += "section 6 of the theory"
    assert citations(text) == [2, 33, 8, 3, 4, 6]


def test_every_cited_section_exists():
    known = headings(PAGE.read_text(encoding="utf-8"))
    assert known == list(range(1, len(known) + 1)), known
    sources = [file for file in files() if not file.endswith((".md", "/test_theory.py"))]
    cited = {(file, n) for file in sources for n in citations((ROOT / file).read_text(encoding="utf-8"))}
    assert len(cited) > 30, "the citations are not found any more"
    assert not {(file, n) for file, n in cited if n not in known}


@pytest.mark.parametrize("mark", ["paper", "ours", "proved", "heuristic"])
def test_every_mark_is_explained_and_used(mark):
    text = PAGE.read_text(encoding="utf-8")
    assert re.search(rf"^- \*\*{mark}\*\*:", text, re.MULTILINE)
    assert re.search(rf"\[[^\]]*\b{mark}\b[^\]]*\]", text)
