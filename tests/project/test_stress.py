"""Short versions of the stress parts: the commands that people type, with few cases."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
#: Cases that take a few seconds each part; the long runs have a hundred to a thousand times as many.
SHORT = {"solve": 150, "files": 600, "kill": 6, "disk": 75}
#: Problems that ended in a wrong certificate, an intercept of minus infinity or an error without a reason.
FAILED_ONCE = (47, 120, 227, 411, 437, 473, 501, 637, 687, 741, 4452, 9745, 25570, 33574, 34843, 41572)


def stress(*words):
    command = [sys.executable, "-m", "tests.stress", *map(str, words)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True)


@pytest.mark.parametrize("part", SHORT)
def test_short_run(part):
    done = stress(part, "--count", SHORT[part], "--jobs", 2)
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]
    counts = re.findall(r"^\S+: (\d+) cases, 0 failures$", done.stdout, re.MULTILINE)
    assert counts and set(counts) == {str(SHORT[part])}


@pytest.mark.parametrize("seed", FAILED_ONCE)
def test_a_problem_that_failed_once(seed):
    from tests.stress.solve import case

    assert case(seed)


def test_a_failing_case_prints_its_seed_and_its_command(tmp_path):
    """Runs of a part that fails, crashes and hangs: each is a failure of its seed, and the others go on."""
    script = """
import os, signal, sys
sys.path.insert(0, {root!r})
from tests.stress._common import Part, alarm, run

def case(seed):
    if seed == 12:
        raise ValueError("wrong")
    if seed == 14:
        os.kill(os.getpid(), signal.SIGSEGV)
    if seed == 15:
        with alarm(0.2):
            while True:
                pass
    return "fine"

result = run(Part("t", "", case, 1), 10, 10, 2)
print(result.summary(), sorted(seed for seed, _ in result.failures))
"""
    done = subprocess.run(
        [sys.executable, "-c", script.format(root=str(ROOT))], capture_output=True, text=True, cwd=tmp_path
    )
    assert "[12, 14, 15]" in done.stdout, done.stdout + done.stderr
    assert "FAILED t seed 14: the process ended with exit code -11" in done.stdout
    assert "python -m tests.stress t --start 12 --count 1" in done.stdout and "Hang" in done.stdout


def test_every_mutant_has_its_place():
    """The text that a mutant replaces occurs once; whether tests notice it is a long run."""
    from tests.stress.mutants import MUTANTS

    for name, mutant in MUTANTS.items():
        assert (ROOT / mutant.file).read_text(encoding="utf-8").count(mutant.old) == 1, name
        assert all((ROOT / test).is_file() for test in mutant.tests.split()) and mutant.old != mutant.new, name
    assert sum(name.startswith("c-") for name in MUTANTS) >= 3


def test_sanitizers_know_the_kernel_tests():
    from tests.stress.sanitize import kernel_tests

    assert {"tests/oracle/test_subset.py", "tests/solver/test_lasso.py"} <= set(kernel_tests())
