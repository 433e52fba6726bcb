"""The public names and their signatures are those of ``public_api.txt``: a change of them is seen, and meant."""

import difflib
from pathlib import Path

import pytest

import fw_circuits
from fw_circuits import data, solution
from tests.project import public_api

FROZEN = Path(__file__).with_name("public_api.txt")
ORDER = (
    "If the change is meant, rewrite the file and look at the difference: "
    "python -m tests.project.public_api > tests/project/public_api.txt"
)


def test_public_names_and_signatures_are_frozen():
    frozen, now = FROZEN.read_text(encoding="utf-8").splitlines(), public_api.lines()
    difference = [d for d in difflib.unified_diff(frozen, now, "frozen", "now", n=0, lineterm="") if d[:2] != "@@"]
    assert frozen == now, "\n".join(["the public API changed:", *difference, ORDER])


@pytest.mark.parametrize("room", public_api.ROOMS)
def test_every_public_name_exists_and_is_listed_once(room):
    names = public_api.names_of(room)
    assert names and len(set(names)) == len(names)


def test_lines_show_kinds_defaults_and_members():
    assert public_api.line("solve", fw_circuits.solve).startswith("solve(X, y, *, gamma=..., tau=")
    kept = dict(public_api.members(solution.Solution))
    assert public_api.line("save", kept["save"]) == "save(self, path)"
    assert public_api.line("norm", kept["norm"]) == "norm property"
    assert not [name for name in kept if name.startswith("_")]
    assert "primal" not in dict(public_api.members(solution.Certificate)), "a field is a parameter of the constructor"
    assert public_api.line("take", data.Dataset.take) == "take(self, rows)"
    assert public_api.line("x", staticmethod(lambda a, /, b=1, *c, d, **e: 0)) == (
        "x(a, /, b=..., *c, d, **e) staticmethod"
    )  # fmt: skip
