"""The page of the benchmark suite: complete, self-contained, escaped, and never wider than the window.

The last is asked of a browser (headless Chromium) where one is installed.
"""

import io
import json
import re
import shutil
import subprocess
from html import escape, unescape
from html.parser import HTMLParser

import pytest

from fw_circuits.cli import main
from fw_circuits.exceptions import FormatError, InputError
from fw_circuits.report import Part, page, read_results, write_page
from fw_circuits.report.page import MOST_ROWS, WORDS, Figure, Grid

BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
needs_browser = pytest.mark.skipif(BROWSER is None, reason="no Chromium; install it with: apt-get install chromium")
VOID = {"meta", "link", "img", "br"}


def png(width, height):
    from PIL import Image

    file = io.BytesIO()
    Image.new("RGB", (width, height), "#1f5fa8").save(file, "PNG")
    return file.getvalue()


@pytest.fixture(scope="module")
def parts():
    wide = Grid("wide", [f"column {i}" for i in range(40)], [["0.123456789" * 3] * 40] * 30)
    return [
        Part("alpha", "Is it fast?", "ok", "fw-circuits bench alpha", "It takes 3 ms.", "One machine.",
             targets=[("seconds: 3 (target <= 5)", True)], figures=[Figure(png(1600, 500), "Seconds")], tables=[wide],
             details={"machine": "a CPU, 2 cores", "versions": "numpy 2.0, " * 30}, config="LONG = " + "x" * 600),
        Part("beta", "Is it " + "very" * 60 + " good?", "missed", "fw-circuits bench beta --data " + "d" * 120, "No.",
             targets=[("score: .5 (target >= .9)", False), ("gap: 0 (target <= 1)", True)],
             sentences=["NOT met: score"]),
        Part("gamma", "Does it load?", "skipped", "fw-circuits bench gamma", sentences=["give the data with --data"]),
        Part("delta", "Does it end?", "failed", "fw-circuits bench delta", sentences=["stopped by ValueError: no"]),
        Part("omega", "Was it run?", "not run", "fw-circuits bench omega"),
    ]  # fmt: skip


class Reader(HTMLParser):
    """Tags with their attributes, text outside of styles, and whether every tag is closed in its turn."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.text, self.open = [], [], []
        self.feed(text)
        self.close()
        assert not self.open, self.open

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open and self.open.pop() == tag

    def handle_data(self, data):
        if self.open[-1:] != ["style"]:
            self.text.append(data)


def test_the_page_contains_everything_and_fetches_nothing(parts):
    text = page(parts, "Suite", ["One note."])
    reader = Reader(text)
    words = " ".join(reader.text)
    for part in parts:
        for piece in (part.question, part.command, part.finding, part.caveat, part.config, *part.details.values()):
            assert piece in words
        assert WORDS[part.status][0] in words
        assert all(sentence in words for sentence in part.sentences) or part.status == "missed"
    assert "1 of 2 targets met" in words and "NOT met" in words and "One note." in words
    names = {tag for tag, _ in reader.tags}
    assert not names & {"script", "iframe", "object", "embed", "base"}
    for _, attributes in reader.tags:
        for key in ("src", "href", "srcset", "action", "data"):
            assert attributes.get(key, "#").startswith(("#", "data:"))
        assert not [key for key in attributes if key.startswith("on")]
    assert "url(" not in text and "@import" not in text and "http" not in text
    ids = [a["id"] for _, a in reader.tags if "id" in a]
    assert sorted(ids) == sorted(set(ids))
    assert {a["href"][1:] for tag, a in reader.tags if tag == "a"} == set(ids)
    pictures = [a for tag, a in reader.tags if tag == "img"]
    assert pictures and all("Seconds" in a["alt"] and "3 ms" in a["alt"] for a in pictures)


def test_everything_is_escaped():
    bad = '<script>alert("1")</script>&\' onload="x'
    part = Part(bad, bad, "missed", bad, bad, bad, [bad], [(bad, False)], [Figure(png(2, 2), bad)],
                [Grid(bad, [bad], [[bad]])], {bad: bad}, bad)  # fmt: skip
    text = page([part, Part(bad, bad, "not run", bad)], bad, [bad])
    reader = Reader(text)
    assert "script" not in {tag for tag, _ in reader.tags}
    assert not [a for _, a in reader.tags if "onload" in a]
    assert bad in "".join(reader.text) and "<script" not in text


def test_numbers_are_short_and_integers_whole():
    text = page([Part("a", "?", "ok", "c", tables=[Grid("t", ["x"], [["0.123456789"], ["1234567"], ["2/3"]])])], "t")
    assert ">0.12346<" in text and ">1234567<" in text and ">2/3<" in text


def test_long_tables_are_cut_and_say_so():
    rows = [[f"row {i}"] for i in range(MOST_ROWS + 1)]
    parts = [Part("a", "?", "ok", "c", tables=[Grid(f"t{n}", ["x"], rows[:n])]) for n in (MOST_ROWS, MOST_ROWS + 1)]
    whole, cut = (page([part], "t") for part in parts)
    assert all(f">row {MOST_ROWS - 1}<" in text for text in (whole, cut)) and f">row {MOST_ROWS}<" not in cut
    assert "all of them are" not in whole
    assert f"first {MOST_ROWS} of {MOST_ROWS + 1} rows; all of them are in t{MOST_ROWS + 1}.csv" in cut


@pytest.fixture
def results(tmp_path):
    """A folder as the runner leaves it: one part with everything, one that the suite names and nobody ran."""
    folder = tmp_path / "benchmarks" / "results" / "quick"
    folder.mkdir(parents=True)
    record = {
        "name": "alpha", "question": "Is it fast?", "mode": "quick", "options": {"only": "3"}, "status": "missed",
        "sentences": ["NOT met: score"], "seed": 7, "config": {"ROWS": 64}, "seconds": 1.25, "cpu_seconds": 2.5,
        "date": "2026-01-02T03:04:05+00:00", "commit": "abc1234", "machine": "a CPU", "versions": {"numpy": "2.0"},
        "tables": [{"name": "alpha_rows", "columns": ["name", "cpu"]}],
        "figures": [{"name": "alpha", "caption": "Dots"}],
        "finding": "It is <not>.", "caveat": "Small.",
        "targets": [{"sentence": "score: .5 (target >= 1)", "met": False}],
    }  # fmt: skip
    (folder / "alpha.run.json").write_text(json.dumps(record))
    (folder / "suite.json").write_text(json.dumps({"alpha": "Is it fast?", "omega": "Was it run?"}))
    (folder / "alpha_rows.csv").write_text("name,cpu,cpu,cores\nours,0.5,Some CPU,2\n")
    (folder / "alpha.png").write_bytes(png(20, 10))
    return folder


def test_a_folder_of_results_is_read_back(results, capsys):
    alpha, omega = read_results(results)
    assert (alpha.name, alpha.status, alpha.finding, alpha.targets) == (
        "alpha", "missed", "It is <not>.", [("score: .5 (target >= 1)", False)],
    )  # fmt: skip
    assert alpha.command == "fw-circuits bench alpha --only 3 --quick"
    assert alpha.tables[0].columns == ["name", "cpu"] and alpha.tables[0].rows == [["ours", "0.5"]]
    assert alpha.details["seed"] == "7" and "1.2" in alpha.details["seconds"] and "ROWS = 64" in alpha.config
    assert (omega.status, omega.question) == ("not run", "Was it run?")
    assert main(["report", str(results)]) == 0
    path = results / "report.html"
    assert capsys.readouterr().out.strip() == str(path)
    text = path.read_text(encoding="utf-8")
    assert "Not run: omega." in text and "quick sizes" in text and "It is &lt;not&gt;." in text


def test_the_full_results_come_first(results, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert main(["report", "--output", "page.html"]) == 0 and capsys.readouterr().out.strip() == "page.html"
    assert "(quick)" in (tmp_path / "page.html").read_text(encoding="utf-8")
    full = results.with_name("full")
    full.mkdir()
    (full / "beta.run.json").write_text(json.dumps({"name": "beta", "mode": "full", "status": "ok"}))
    assert main(["report"]) == 0
    assert "(full)" in (full / "report.html").read_text(encoding="utf-8")


def test_what_is_missing_or_damaged_is_named(results, tmp_path, capsys, monkeypatch):
    with pytest.raises(InputError, match="no results in"):
        read_results(tmp_path / "nowhere")
    monkeypatch.chdir(results)
    assert main(["report"]) == 1 and "fw-circuits bench --quick" in capsys.readouterr().err
    (results / "alpha.png").unlink()
    with pytest.raises(FormatError, match="run the part again"):
        write_page(results)
    (results / "alpha.run.json").write_text('{"name":')
    with pytest.raises(FormatError, match=r"alpha\.run\.json"):
        read_results(results)


def widths(tmp_path, pages):
    """{name: (html, width)} -> {name: width that the page wants in a frame of that width}, and the browser's log."""
    frames = "".join(
        f'<iframe id="{name}" style="width:{width}px;height:3000px;border:0" '
        f'srcdoc="{escape(text, quote=True)}"></iframe>'
        for name, (text, width) in pages.items()
    )
    script = (
        "addEventListener('load', () => { for (const f of document.querySelectorAll('iframe')) {"
        " const e = f.contentDocument.documentElement, p = document.createElement('p');"
        " const wanted = Math.max(e.scrollWidth, f.contentDocument.body.scrollWidth);"
        " p.textContent = `wants ${f.id} ${wanted} of ${e.clientWidth}`;"
        " document.body.append(p); } });"
    )
    wrapper = tmp_path / "wrapper.html"
    wrapper.write_text(f"<!DOCTYPE html><meta charset='utf-8'><body>{frames}<script>{script}</script>", "utf-8")
    command = [BROWSER, "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--enable-logging=stderr",
               "--dump-dom", f"--user-data-dir={tmp_path / 'profile'}", wrapper.as_uri()]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, timeout=180, check=True)
    found = re.findall(r"<p>wants (\w+) (\d+) of (\d+)", unescape(done.stdout))
    assert {name: int(inner) for name, _, inner in found} == {name: width for name, (_, width) in pages.items()}
    return {name: int(wanted) for name, wanted, _ in found}, [x for x in done.stderr.splitlines() if "CONSOLE" in x]


@needs_browser
def test_the_page_never_scrolls_sideways(parts, tmp_path):
    text = page(parts, "Suite")
    loose = text.replace("overflow: auto", "overflow: visible")  # the boxes do not contain their tables
    bare = text.replace("max-width: min(100%, 38rem); height: auto", "")  # pictures at their own size
    assert loose != text and bare != text
    wanted, console = widths(tmp_path, {"wide": (text, 1280), "narrow": (text, 400), "loose": (loose, 400),
                                        "bare": (bare, 400)})  # fmt: skip
    assert wanted["wide"] == 1280 and wanted["narrow"] == 400
    assert wanted["loose"] > 400 and wanted["bare"] > 400, "the measurement does not see a page that is too wide"
    assert not console


@needs_browser
def test_console_errors_would_be_seen(tmp_path):
    _, console = widths(tmp_path, {"broken": ("<!DOCTYPE html><script>nothing.there()</script>", 400)})
    assert console
