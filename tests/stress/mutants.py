"""Broken on purpose: ``python -m tests.stress mutants [NAME ...]`` changes one line, and expects the tests to fail.

Each mutant is data: a file, a text in it that occurs once, what takes its place, and the tests that must notice.  The
change is made in a copy of the tree; C is built there again.  Without the change the same tests pass: that is what
``pytest`` is for.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from ._common import ROOT


class Mutant(NamedTuple):
    """``old`` occurs once in ``file``; with ``new`` in its place one of ``tests`` must fail."""

    file: str
    old: str
    new: str
    tests: str


SUBSET = "tests/oracle/test_subset.py"
FORMATS, NETLISTS = "tests/circuits/test_formats.py", "tests/circuits/test_netlists.py"
AIGER, PLA = "tests/circuits/test_formats_aiger.py", "tests/circuits/test_pla.py"


def _family(name: str, old: str, new: str, tests: str) -> Mutant:
    return Mutant(f"csrc/families/{name}", old, new, f"tests/oracle/test_{tests}.py")


def _format(name: str, old: str, new: str, tests: str) -> Mutant:
    return Mutant(f"fw_circuits/circuits/formats/{name}.py", old, new, tests)


MUTANTS = {
    # The order of answers: ties are broken by the higher literal.
    "c-found": Mutant("csrc/search/found.c", "x->lit[i] < y->lit[i];", "x->lit[i] > y->lit[i];", SUBSET),
    # The first bound of the quadruples forgets the last lane.
    "c-quads": Mutant("csrc/search/subset_body.h", "d < (int32_t)n);", "d < (int32_t)n - 1);", SUBSET),
    # The partial word at the end of the rows is taken for a whole one.
    "c-histogram": Mutant("csrc/search/subset.c", "[(x[0] >> r & 1)", "[(x[0] >> (r ^ 1) & 1)", SUBSET),
    # The shift of soft thresholding has the wrong sign below zero.
    "c-lasso": Mutant("csrc/solver/lasso_cd.c", "(z + t[j]) / diag", "(z - t[j]) / diag", "tests/solver/test_lasso.py"),
    # A coordinate that stands on an odd grid point goes to its even neighbour.
    "c-j1": Mutant("csrc/lattice/j1.c", "s == ONE ? o : e)", "e)", "tests/lattice/test_triangulation.py"),
    # A butterfly of the Walsh transform with a wrong sign.
    "c-walsh": Mutant("csrc/families/walsh_body.h", "q[2] = a - c;", "q[2] = a + c;", "tests/oracle/test_parity.py"),
    # What a pair decides with both literals 0 counts as if they were 1.
    "c-chain": _family("chain.c", "by_code[3 ^ flip] - by", "by_code[3 ^ flip] + by", "carry"),
    # A triple counts its second literal as the third.
    "c-triples": _family("triples_body.h", "k0 + l > j &&", "k0 + l >= j &&", "carry"),
    # A literal that leaves a count takes nothing with it.
    "c-change": _family("tally.c", "x, up, -1, down, 0, m", "x, up, 0, down, 0, m", "symmetric"),
    # Sums over pairs forget the literals themselves.
    "c-moments": _family("tally.c", "int64_t j = i; j < n", "int64_t j = i + 1; j < n", "families"),
    # The draws' constant is read from the label's place.
    "c-draw": _family("parity_body.h", ": n + j - last", ": n + 1 + last - j", "parity"),
    # A complement is lost on the way in.
    "aiger-complement": _format("aiger", "signals[low >> 1] ^ (low & 1)", "signals[low >> 1]", FORMATS),
    # Only a line that is the letter alone ends the symbols.
    "aiger-comment": _format("aiger", 'text.startswith("c")', 'text == "c"', AIGER),
    # Steps of ABC's compact outputs go the other way.
    "aiger-compact": _format("aiger", "if code & 1 else code >> 1", "if not code & 1 else code >> 1", AIGER),
    # Marks that no table has are read as if they were there.
    "blif-marks": _format("blif", 'and set(cube) <= set("01-")', "", FORMATS),
    # The don't-care network is read as a part of the circuit.
    "blif-exdc": _format("blif", 'keyword in (".exdc", ".end")', 'keyword == ".end"', NETLISTS),
    # The table of a $lut begins at its other end.
    "blif-lut": _format("blif", "lookup(int(self.lut, 2), width)", "lookup(int(self.lut[::-1], 2), width)", NETLISTS),
    # A constant output is written with the wrong sign.
    "bench-constant": _format("bench", "(s & 1) != (s < 2)", "(s & 1)", FORMATS),
    # The data of a multiplexer are exchanged.
    "bench-mux": _format("bench", "mux(*signals)", "mux(signals[0], signals[2], signals[1])", NETLISTS),
    # A table may have bits beyond its operands.
    "bench-lut": _format("bench", " or int(digits, 16) >> (1 << width)", "", f"{NETLISTS} {FORMATS}"),
    # The parts of a concatenation in the order of the file, not of their weight.
    "verilog-concatenation": _format("verilog_bits", "part in reversed(parts) for", "part in parts for", NETLISTS),
    # Operands are not filled up to the width that they are assigned to.
    "verilog-width": _format("verilog_bits", "= max(need[-1], own[-1])", "= own[-1]", NETLISTS),
    # The two sides of ?: are exchanged.
    "verilog-conditional": _format("verilog_bits", "zip(*parts[1:], strict", "zip(*parts[:0:-1], strict", NETLISTS),
    # Products that both halves share reach too far.
    "pla-cover": _format("pla", "up0 & up1", "up0 | up1", FORMATS),
    # Patterns that a table of both sets does not list are 0 without a word.
    "pla-unlisted": _format("pla_file", 'DONT_CARE if "f" in self.kind else ON', "OFF", PLA),
    # The first input counts slowest.
    "pla-order": _format("pla_file", "for i in reversed(inputs))", "for i in inputs)", PLA),
}


def main(argv: Sequence[str]) -> int:
    """Lines changed on purpose, which the tests must notice; builds C, takes minutes."""
    parser = argparse.ArgumentParser(prog="python -m tests.stress mutants", description=main.__doc__)
    parser.add_argument("names", nargs="*", help=f"of {', '.join(MUTANTS)}; default: all")
    names = parser.parse_args(argv).names or list(MUTANTS)
    with tempfile.TemporaryDirectory(prefix="mutants-") as temporary:
        folder = Path(temporary)
        ignore = shutil.ignore_patterns(".git", "results", "__pycache__")
        shutil.copytree(ROOT, folder, ignore=ignore, dirs_exist_ok=True)
        later = time.time() + 86400  # only a kernel that is taken away is built again
        for library in (folder / "fw_circuits" / "_kernels").glob("*.so"):
            os.utime(library, (later, later))
        missed = []
        for name in names:
            found = caught(MUTANTS[name], folder)
            print(f"{name}: {'caught by' if found else 'not noticed by'} {MUTANTS[name].tests}", flush=True)
            missed += [] if found else [name]
    for name in missed:
        print(f"FAILED mutants {name}: the tests do not notice\n  again: python -m tests.stress mutants {name}")
    print(f"mutants: {len(names)} cases, {len(missed)} failures")
    return int(bool(missed))


def caught(mutant: Mutant, folder: Path) -> bool:
    """Whether the tests fail with the mutant in the copy; afterwards the copy is as it was."""
    path = folder / mutant.file
    text = path.read_text(encoding="utf-8")
    if text.count(mutant.old) != 1:
        raise SystemExit(f"{mutant.file}: {mutant.old!r} occurs {text.count(mutant.old)} times; expected once")
    kernels = {} if path.suffix == ".py" else _take_kernel(path, folder)
    path.write_text(text.replace(mutant.old, mutant.new), encoding="utf-8")
    try:
        if kernels:
            _run([sys.executable, "setup.py", "build_ext", "--inplace"], folder, must_work=True)
        return not _run(
            [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", *mutant.tests.split()],
            folder,
        )
    finally:
        path.write_text(text, encoding="utf-8")
        for name, (data, times) in kernels.items():
            Path(name).write_bytes(data)
            os.utime(name, times)


def _take_kernel(path: Path, folder: Path) -> dict[str, tuple[bytes, tuple[float, float]]]:
    """Remove the libraries that the C file goes into; their bytes and times by path."""
    room = "*" if path.parent.name == "csrc" else path.parent.name
    libraries = (folder / "fw_circuits" / "_kernels").glob(f"_{room}.*.so")
    found = {str(p): (p.read_bytes(), (p.stat().st_atime, p.stat().st_mtime)) for p in libraries}
    for name in found:
        Path(name).unlink()
    return found


def _run(command: list[str], folder: Path, must_work: bool = False) -> bool:
    done = subprocess.run(command, cwd=folder, env=os.environ | {"PYTHONPATH": ""}, capture_output=True, text=True)
    if must_work and done.returncode:
        raise SystemExit(f"{' '.join(command)} failed:\n{(done.stdout + done.stderr)[-2000:]}")
    if done.returncode > 1 and not must_work:  # 1: a test failed, negative: a crash; anything else proves nothing
        raise SystemExit(f"pytest ended with {done.returncode}:\n{(done.stdout + done.stderr)[-2000:]}")
    return done.returncode == 0
