"""C kernels under sanitizers: ``python -m tests.stress sanitize asan|tsan [TEST ...]``.

The kernels are built in a copy of the tree, and every test that runs kernels beside their references runs there.

asan    GCC's AddressSanitizer and UndefinedBehaviorSanitizer, with OpenMP.
tsan    Clang's ThreadSanitizer.  OpenMP's own locks and barriers are not compiled with it, so it would see a race at
        every barrier; LLVM's libomp tells it of them through the tool Archer (libomp-dev).  The runtime is GCC's,
        because Clang's cannot be loaded into an interpreter that was built without it.  That races are seen is
        checked first: one small program with a race, the same without.  Only the kernels are watched, not Python.

A report of any kind, on the way or at the end, is a failure.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from ._common import ROOT

PROBE = """
#include <omp.h>
long probe(void)
{
    long sum = 0;
#pragma omp parallel for num_threads(4)
    for (int i = 0; i < 4000; i++) {
#ifndef RACE
#pragma omp critical
#endif
        sum += i;
    }
    return sum;
}
"""
FLAGS = {"asan": "-fsanitize=address,undefined", "tsan": "-fsanitize=thread"}
COMPILER = {"asan": "gcc", "tsan": "clang"}


def main(argv: Sequence[str]) -> int:
    """C kernels under AddressSanitizer and UBSan (asan) or ThreadSanitizer (tsan); takes minutes."""
    parser = argparse.ArgumentParser(prog="python -m tests.stress sanitize", description=main.__doc__)
    parser.add_argument("which", choices=FLAGS)
    parser.add_argument("tests", nargs="*", help="files under tests/, or other arguments of pytest; default: all")
    parser.add_argument("--keep", help="build here, and use what was built before")
    args, tests = parser.parse_known_args(argv)  # files under tests/, or other arguments of pytest
    with tempfile.TemporaryDirectory(prefix="sanitize-") as temporary:
        folder = Path(args.keep or temporary).resolve()
        reports = folder / "reports"
        shutil.rmtree(reports, ignore_errors=True)
        reports.mkdir(parents=True)
        environment = _environment(args.which, reports)
        if args.which == "tsan":
            _probe(folder, environment)
        build(args.which, folder)
        status = run_tests(folder, environment, tests)
        texts = [path.read_text(errors="replace") for path in sorted(reports.iterdir())]
    found = [
        line for text in texts for line in text.splitlines() if re.search(r"runtime error|ERROR: |WARNING: ", line)
    ]
    print(*texts[:5], sep="\n")
    print(f"sanitize {args.which}: pytest ended with {status}, {len(found)} reports")
    return int(status != 0 or bool(found))


def kernel_tests() -> list[str]:
    """The test files that choose between the kernels and their references."""
    marked = (p for p in (ROOT / "tests").rglob("test_*.py") if "kernels" in p.read_text("utf-8"))
    return sorted(p.relative_to(ROOT).as_posix() for p in marked if p.parent.name != "project")


def build(which: str, folder: Path) -> None:
    """The tree without its libraries, and kernels with the sanitizer in them."""
    if any((folder / "fw_circuits" / "_kernels").glob("*.so")):
        return
    ignore = shutil.ignore_patterns("*.so", "build", "__pycache__", ".git", "results")
    shutil.copytree(ROOT, folder, ignore=ignore, dirs_exist_ok=True)
    compiler = f"{COMPILER[which]} {FLAGS[which]} -g -fno-omit-frame-pointer"
    environment = os.environ | {"CC": compiler, "LDSHARED": f"{COMPILER[which]} -shared {FLAGS[which]}"}
    command = [sys.executable, "setup.py", "build_ext", "--inplace"]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)
    if done.returncode or "no OpenMP" in done.stdout:
        raise SystemExit(f"the build failed, or found no OpenMP (libomp-dev):\n{(done.stdout + done.stderr)[-3000:]}")


def run_tests(folder: Path, environment: dict[str, str], tests: Sequence[str]) -> int:
    """Pytest in the copy, with the runtime of the sanitizer in front of everything."""
    where = "import fw_circuits._kernels._search as k; print(k.__file__)"
    told = _run([sys.executable, "-c", where], folder, environment)
    if str(folder) not in told.stdout:
        raise SystemExit(f"the kernels of another tree are in use: {told.stdout or told.stderr}")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *(tests or kernel_tests())]
    return subprocess.run(command, cwd=folder, env=environment).returncode


def _run(command: list[str], folder: Path, environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)


def _environment(which: str, reports: Path) -> dict[str, str]:
    log = f"log_path={reports / 'report'}"
    settings = {"PYTHONPATH": "", "OPENBLAS_NUM_THREADS": "1", "FW_CIRCUITS_KERNELS": ""}
    if which == "asan":
        settings |= {
            "LD_PRELOAD": f"{_library('libasan.so')} {_library('libubsan.so')}",
            "PYTHONMALLOC": "malloc",
            "ASAN_OPTIONS": f"detect_leaks=0:{log}",  # the interpreter frees little at its end
            "UBSAN_OPTIONS": f"print_stacktrace=1:{log}",
        }
    else:
        settings |= {
            "LD_PRELOAD": _library("libtsan.so"),
            "TSAN_OPTIONS": f"ignore_noninstrumented_modules=1:{log}",
            "OMP_TOOL_LIBRARIES": _archer(),
        }
    environment = os.environ | settings
    environment.pop("FW_CIRCUITS_KERNELS")
    return environment


def _library(name: str) -> str:
    found = subprocess.run(["gcc", f"-print-file-name={name}"], capture_output=True, text=True).stdout.strip()
    return str(Path(found).resolve())


def _archer() -> str:
    places = sorted(Path("/usr/lib").glob("llvm-*/lib/libarcher.so"))
    if not places:
        raise SystemExit("libarcher.so is missing: apt-get install clang libomp-dev")
    return str(places[-1])


def _probe(folder: Path, environment: dict[str, str]) -> None:
    """A race must be reported and a critical section must not: else the reports mean nothing."""
    reports = folder / "reports"
    for options, raced in ([], False), (["-DRACE"], True):
        (folder / "probe.c").write_text(PROBE)
        flags = ["-g", "-O1", "-fPIC", "-shared", "-fopenmp", FLAGS["tsan"], *options]
        subprocess.run(["clang", *flags, "probe.c", "-o", "probe.so"], cwd=folder, check=True)
        _run([sys.executable, "-c", "import ctypes; ctypes.CDLL('./probe.so').probe()"], folder, environment)
        seen = [path for path in reports.iterdir() if "data race" in path.read_text(errors="replace")]
        if bool(seen) != raced:
            raise SystemExit(f"the probe with{'' if raced else 'out'} a race gave {len(seen)} reports")
        for path in seen:
            path.unlink()
    print("tsan: a race is reported, a critical section is not")
