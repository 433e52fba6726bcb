"""The pages for developers say what is so: the chain of rooms, once, and names of files and folders that exist."""

import re
from pathlib import Path

import pytest

from tests.project.test_architecture import ORDER, RANK

ROOT = Path(__file__).resolve().parents[2]
ARCHITECTURE = ROOT / "docs" / "architecture.md"
PAGES = [*sorted((ROOT / "docs").glob("*.md")), ROOT / "README.md", ROOT / "CONTRIBUTING.md"]
#: Paths are those of the repository or of the package; NAME and ROOM stand for any.
HOMES = (ROOT, ROOT / "fw_circuits")
PATH = re.compile(r"(?=.*[a-z])(?:[\w.*-]+/)+[\w.*-]*|[\w.*-]+\.(?:py|pyx|[ch])")
#: Made by a run, or not ours.
ELSEWHERE = ("results/", "Python.h")


def code(text):
    """What stands in backquotes on a page, fenced blocks left out."""
    return re.findall(r"`([^`\n]+)`", re.sub(r"(?ms)^```.*?^```", "", text))


def paths(text):
    """Files and folders that a page names: a slash in it, or a suffix of Python or C."""
    return [name for name in code(text) if PATH.fullmatch(name) and not name.startswith(ELSEWHERE)]


def exists(name):
    pattern = re.sub(r"NAME|ROOM", "*", name.rstrip("/"))
    return any(next(home.glob(pattern), None) is not None for home in HOMES)


def chain(text):
    """The fenced block that starts with the first rank, on one line."""
    return " ".join(re.search(r"^```text\n(exceptions <.*?)^```", text, re.MULTILINE | re.DOTALL)[1].split())


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_files_and_folders_that_a_page_names_exist(page):
    missing = [name for name in paths(page.read_text(encoding="utf-8")) if not exists(name)]
    assert not missing, f"{page.name} names {missing}; neither in the repository nor in fw_circuits/"


def test_the_chain_is_that_of_the_architecture_test():
    assert chain(ARCHITECTURE.read_text(encoding="utf-8")) == " ".join(ORDER[""].split())


@pytest.mark.parametrize("page", [page for page in PAGES if page != ARCHITECTURE], ids=lambda page: page.name)
def test_there_is_one_chain(page):
    assert not re.search(r"\bexceptions\W+(<|_typing)", page.read_text(encoding="utf-8")), (
        f"{page.name} repeats the chain; link to docs/architecture.md instead"
    )


def test_every_room_is_described():
    table = ARCHITECTURE.read_text(encoding="utf-8").partition("\n| room |")[2].partition("\n\n")[0]
    rows = [line.split("|")[1] for line in table.splitlines()[2:]]
    assert sorted(name for row in rows for name in re.findall(r"`(\w+)`", row)) == sorted(RANK[""])


def test_diagrams_fit_a_terminal():
    blocks = re.findall(r"^```text\n(.*?)^```", ARCHITECTURE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    assert len(blocks) >= 3 and all(len(line) <= 80 for block in blocks for line in block.splitlines())


def test_the_checks_would_fail():
    text = "`a/b.py` `x0 ^ x1` `1/2` `python -m a/b`\n```\n`no/such.c`\n```\n`results/NAME.csv` `csrc/ROOM/*.c` `d.py`"
    assert paths(text) == ["a/b.py", "csrc/ROOM/*.c", "d.py"]
    assert exists("csrc/ROOM/*.c") and exists("oracle/") and not exists("a/b.py") and not exists("no_such_file.py")
    assert chain("```text\nexceptions < a\n  < b c\n```\n") == "exceptions < a < b c"
