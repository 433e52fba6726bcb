"""The compiled kernels are there, or one sentence says how to get them."""

import shutil
import subprocess
import sys
from pathlib import Path

from fw_circuits import _kernels

PACKAGE = Path(__file__).resolve().parents[2] / "fw_circuits"


def test_a_source_tree_without_kernels_says_what_to_do(tmp_path):
    ignore = shutil.ignore_patterns("*.so", "*.pyd", "__pycache__")
    shutil.copytree(PACKAGE, tmp_path / "fw_circuits", ignore=ignore)
    command = [sys.executable, "-c", "import fw_circuits"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 1
    message = done.stderr.splitlines()[-1]
    assert "C kernels are not built (_circuits, " in message and "pip install -e ." in message


def test_every_extension_is_looked_for():
    assert sorted(p.stem for p in (PACKAGE / "_kernels").glob("_*.pyx")) == sorted(_kernels.EXTENSIONS)
