"""Pictures: text from data is drawn letter by letter; impossible places and file extensions are refused first."""

import matplotlib
import matplotlib.figure
import matplotlib.text
import numpy as np
import pytest

from fw_circuits import solve
from fw_circuits.exceptions import InputError
from fw_circuits.report.plots import one_line, plot_circuit, plot_convergence

X = np.random.default_rng(0).integers(0, 2, (40, 2))
SOLUTION = solve(X, X[:, 0] & X[:, 1], lam=0.01, n_jobs=1)
NAMES = ["price_$", "$x^2$", "a_{b", "\\frac", "50 %", "US$ in, US$ out", "<b>", "[red]", "$\\bad{",
         "two\nlines", "z" * 500,
         "\x1b[31m", "\ue000"]  # fmt: skip


@pytest.fixture
def drawn(monkeypatch):
    """Every text of the pictures that are saved, with whether formulas are looked for in it."""
    found = []
    real = matplotlib.figure.Figure.savefig

    def watched(figure, *args, **options):
        real(figure, *args, **options)
        found.extend((t.get_text(), t.get_parse_math(), t.get_wrap()) for t in figure.findobj(matplotlib.text.Text))

    monkeypatch.setattr(matplotlib.figure.Figure, "savefig", watched)
    return found


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.filterwarnings("ignore:Glyph")
def test_names_are_drawn_letter_by_letter(name, tmp_path, drawn):
    for title in (None, f"all about {name}"):
        picture = plot_circuit(SOLUTION.atoms[0], tmp_path / "c.png", (name, "b"), title)
        assert picture.read_bytes()[:4] == b"\x89PNG"
    shown = one_line(name, 40)
    texts = [entry for entry in drawn if shown in entry[0]]
    assert (shown, False, False) in texts and all(entry[1:] == (False, False) for entry in texts)


def test_a_user_who_draws_with_tex_gets_plain_names(tmp_path):
    with matplotlib.rc_context({"text.usetex": True}):
        picture = plot_circuit(SOLUTION.atoms[0], tmp_path / "c.png", ("price_$", "b"))
    assert picture.read_bytes()[:4] == b"\x89PNG"  # TeX would stop at the dollar, or be missing


@pytest.mark.parametrize(
    ("file", "message"),
    [
        ("c.xyz", "unknown file extension '.xyz'"),
        ("c", "unknown file extension ''"),
        ("no/such/c.png", "no file can be written"),
    ],
)
def test_other_files_are_refused(file, message, tmp_path):
    for draw in (lambda path: plot_circuit(SOLUTION.atoms[0], path), lambda path: plot_convergence(SOLUTION, path)):
        with pytest.raises(InputError, match=message):
            draw(tmp_path / file)
    assert not list(tmp_path.iterdir())


def test_long_text_is_shortened_in_the_middle():
    assert one_line("x" * 50, 9) == "xxxx…xxxx" and one_line("short", 9) == "short"
