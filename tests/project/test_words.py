"""No prose of the repository has the words that readers stumble over; what the search sees, and what it must not."""

import pytest

from tests.project.words import ROOT, files, findings


def test_no_file_has_a_word_to_stumble_over():
    said = [f for path in files() for f in findings(path, (ROOT / path).read_text(encoding="utf-8"))]
    assert not said, "\n".join(map(str, said))


@pytest.mark.parametrize(
    ("path", "source", "better"),
    [
        ("a.py", "# the NumPy twin, one entry a row", "# the NumPy reference, one entry per row"),
        ("a.py", 'raise E(f"{name} holds {what} at {_where(a)}")', 'raise E(f"{name} contains {what} at {_where(a)}")'),
        ("a.py", 'x = f"one row a row of {ending}"', 'x = f"one row per row of {ending}"'),
        ("a.py", '"""X holds ``a``; at most so many, as a part of b."""',
         '"""X contains ``a``; at most this many, as a fraction of b."""'),
        ("a.c", "int twin; /* 64 rows a word */", "int twin; /* 64 rows per word */"),
        ("a.md", "some 15 s, an ending", "about 15 s, a file extension"),
        ("a.md", "the corrective method (ours)", "the fully-corrective method (original to this package)"),
    ],
)  # fmt: skip
def test_words_are_found_and_better_ones_are_not(path, source, better):
    assert findings(path, source) and not findings(path, better)


@pytest.mark.parametrize(
    ("path", "source"),
    [
        ("a.py", "twin = hostile_points(ending, holds)"),
        ("a.py", '"""The bound holds for the tail, so many times that it is all the same to us, line endings too."""'),
        ("a.py", 'method = "corrective"  # or "corrective", a column, a row; `twin`'),
        ("a.py", "x = f'a word {twin} a word'"),
        ("a.md", "numbers ending in 0; see `solver/corrective.py`\n```\na twin holds a row\n```\n"),
        ("a.md", "hops 1 to 14 in a row; with AVX-512 a pass over 64 literals"),
        ("a.c", "int ending = twin(); // it is a part of the circuit"),
    ],
)
def test_code_and_other_meanings_are_left_alone(path, source):
    assert not findings(path, source)


def test_names_of_tests_are_read():
    (said,) = findings("tests/a.py", "def test_csv_in_many_clothes():\n    pass\n")
    assert str(said).startswith("tests/a.py:1: 'test_csv_in_many_clothes'")
    assert not findings("tests/a.py", "def test_a_frame_is_told_to_collect():\n    pass\n")
