"""The compiled kernels are there, or one sentence says how to get them, or their references do the work."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from fw_circuits import _kernels

PACKAGE = Path(__file__).resolve().parents[2] / "fw_circuits"
SOLVE = """
import os
import numpy as np
from fw_circuits import solve
from fw_circuits._threads import threads_of
X = np.random.default_rng(0).integers(0, 2, (60, 6))
solution = solve(X, X[:, 0] & X[:, 3], loss="logistic", lam=0.02, oracle="ORACLE", max_iter=3)
formula = solution.atoms[0].formula()
os.environ["FW_CIRCUITS_KERNELS"] = "compiled"
try:
    solution.predict(X)
except ImportError as error:
    print(formula, threads_of(2), error)
"""


@pytest.fixture(scope="module")
def unbuilt(tmp_path_factory):
    """A copy of the source tree without compiled extensions."""
    tree = tmp_path_factory.mktemp("tree")
    ignore = shutil.ignore_patterns("*.so", "*.pyd", "__pycache__")
    shutil.copytree(PACKAGE, tree / "fw_circuits", ignore=ignore)
    return tree


def run(tree, code, **environment):
    command, environment = [sys.executable, "-c", code], {**os.environ, **environment}
    return subprocess.run(command, cwd=tree, capture_output=True, text=True, env=environment)


def test_a_source_tree_without_kernels_says_what_to_do(unbuilt):
    done = run(unbuilt, "import fw_circuits", FW_CIRCUITS_KERNELS="compiled")
    assert done.returncode == 1
    message = done.stderr.splitlines()[-1]
    assert "C kernels are not built (_circuits, " in message and "pip install -e ." in message
    assert "FW_CIRCUITS_KERNELS=python" in message


@pytest.mark.parametrize("oracle", ["auto", "gates4", "deep"])
def test_without_kernels_the_references_solve(unbuilt, oracle):
    done = run(unbuilt, SOLVE.replace("ORACLE", oracle), FW_CIRCUITS_KERNELS="python")
    assert done.stdout.startswith("x0 & x3 2 ") and "C kernels are not built" in done.stdout, done.stderr


def test_every_extension_is_looked_for():
    assert sorted(p.stem for p in (PACKAGE / "_kernels").glob("_*.pyx")) == sorted(_kernels.EXTENSIONS)
