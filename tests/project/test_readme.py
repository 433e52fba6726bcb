"""What the README claims can be run: its benchmarks and its commands exist.  Nothing of benchmarks/ is imported."""

import ast
import re
from pathlib import Path

import pytest

from fw_circuits.cli import main

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
CALL = re.compile(r"(?:python -m benchmarks|fw-circuits bench)((?: +[a-z]\w*)+)")


def measured(text):
    """Rows of the tables under "## Measured": (question, figure, command)."""
    section = text.partition("\n## Measured\n")[2].partition("\n## ")[0]
    tables = [table.splitlines()[2:] for table in re.findall(r"(?:^\|.*\n)+", section + "\n", re.MULTILINE)]
    rows = [line.strip().strip("|").split(" | ") for table in tables for line in table]
    return [tuple(cell.strip() for cell in row) for row in rows]


def named(text):
    """Benchmarks that a text runs."""
    return [name for names in CALL.findall(text) for name in names.split()]


def module(name):
    return ast.parse((ROOT / "benchmarks" / f"{name}.py").read_text(encoding="utf-8"))


def benchmarks():
    """Modules of benchmarks/ that define run."""
    stems = [p.stem for p in sorted((ROOT / "benchmarks").glob("*.py")) if not p.stem.startswith("_")]
    return [s for s in stems if any(isinstance(n, ast.FunctionDef) and n.name == "run" for n in module(s).body)]


def helpers(tree):
    """Modules of benchmarks/ that a benchmark imports."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("benchmarks"):
            deep = node.module.partition(".")[2]
            names = [deep] if deep else [alias.name for alias in node.names]
            yield from (name for name in names if name not in ("_common", "_figures"))


def called(tree):
    calls = [node.func for node in ast.walk(tree) if isinstance(node, ast.Call)]
    return {f.id if isinstance(f, ast.Name) else f.attr for f in calls if isinstance(f, ast.Name | ast.Attribute)}


def test_every_measured_claim_has_a_benchmark():
    rows = measured(README)
    assert len(rows) >= 10 and all(len(row) == 3 for row in rows), rows
    known = benchmarks()
    for question, _, command in rows:
        names = named(command)
        assert names, f"{question}: {command!r} runs no benchmark"
        assert set(names) <= set(known), f"{question}: {command!r}; there are {known}"


def test_every_part_of_the_suite_has_a_row():
    assert {name for _, _, command in measured(README) for name in named(command)} == set(benchmarks())


def test_every_benchmark_that_the_readme_names_exists():
    assert set(named(README)) <= set(benchmarks())


@pytest.mark.parametrize("name", benchmarks())
def test_a_benchmark_asks_a_question_and_leaves_what_the_page_shows(name):
    tree = module(name)
    assert "?" in (ast.get_docstring(tree) or "").partition("\n\n")[0], "the docstring starts with the question"
    assigned = set()
    for node in tree.body:
        for target in node.targets if isinstance(node, ast.Assign) else ():
            assigned |= {n.id for n in ast.walk(target) if isinstance(n, ast.Name)}
    assert assigned & {"SEED", "SEEDS"}, "a constant SEED or SEEDS (None where nothing is drawn)"
    calls = called(tree).union(*(called(module(helper)) for helper in helpers(tree)))
    assert {"show", "save_figure", "tell"} <= calls


def shell_commands(text):
    """Words after fw-circuits in the fenced shell blocks of a text."""
    blocks = re.findall(r"```sh\n(.*?)```", text, re.DOTALL)
    return [word for block in blocks for word in re.findall(r"(?:^|&& )fw-circuits (\S+)", block, re.MULTILINE)]


def test_the_commands_of_the_readme_exist(capsys):
    with pytest.raises(SystemExit) as stop:
        main(["--help"])
    assert stop.value.code == 0
    known = re.findall(r"^    (\w+) ", capsys.readouterr().out, re.MULTILINE)
    assert {"demo", "solve", "bench", "report", "info"} <= set(known)
    words = shell_commands(README)
    assert words and set(words) <= set(known)


def test_the_checks_would_fail():
    table = "\n## Measured\n| a | b | c |\n|---|---|---|\n| q | f | `python -m benchmarks a bc` |\n\n## Next"
    assert measured(table) == [("q", "f", "`python -m benchmarks a bc`")]
    assert len(measured(table.replace("## Next", "| a | b | c |\n|---|---|---|\n| r | f | `x` |\n\n## Next"))) == 2
    assert named(table) == ["a", "bc"]
    assert named("`python -m benchmarks iwls2020 --data PATH --seconds 50`") == ["iwls2020"]
    assert shell_commands("```sh\npip install . && fw-circuits demo\nfw-circuits frob x\n```\nfw-circuits no") == [
        "demo",
        "frob",
    ]
    assert list(helpers(ast.parse("from benchmarks import _a, _figures\nfrom benchmarks._b import c"))) == ["_a", "_b"]
    assert called(ast.parse("table.show(1)\ntell(2)")) == {"show", "tell"}
