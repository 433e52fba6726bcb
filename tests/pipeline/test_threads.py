"""Threads: limits from outside are heard, and a forked child never waits for threads that are gone."""

import multiprocessing
import os
import subprocess
import sys
import threading
from functools import partial

import numpy as np
import pytest
from fw_circuits._kernels._threads import max_threads
from joblib import Parallel, delayed, parallel_config
from threadpoolctl import threadpool_info, threadpool_limits

from fw_circuits import Circuit, solve
from fw_circuits._threads import is_forked, one_thread_after_fork, threads_of
from fw_circuits.exceptions import InputError
from fw_circuits.lattice import Lattice
from fw_circuits.oracle import data, make_oracle
from fw_circuits.oracle.families import walsh

CORES = len(os.sched_getaffinity(0))
#: Seconds after which a child counts as hanging; the work takes well under one.
GUARD = 120.0


def in_a_fork(task):
    """What ``task()`` returns in a forked child; a failure if it does not answer."""
    with multiprocessing.get_context("fork").Pool(1) as pool:
        return pool.apply_async(task).get(timeout=GUARD)


def boolean_problem():
    X = np.random.default_rng(0).integers(0, 2, (80, 5)).astype(float)
    return X, (X[:, 0] != X[:, 1]).astype(int)


def solved(oracle):
    X, y = boolean_problem()
    solution = solve(X, y, oracle=oracle, n_jobs=2, lam=0.01)
    return [a.key for a in solution.atoms], solution.coef.tolist(), solution.certificate


def simulated():
    words = np.random.default_rng(0).integers(0, 2**63, (2, 100_000)).astype(np.uint64)
    return Circuit.from_truth_table(0b0110, 2).evaluate_words(words, n_threads=2).tobytes()


def transformed():
    return walsh.transform(np.arange(2.0**16), 2).tobytes()


@pytest.mark.parametrize(
    "task", [*(partial(solved, oracle) for oracle in ("subset", "deep", "gates4")), simulated, transformed]
)
def test_a_forked_child_finds_the_same_as_its_parent(task):
    parent = task()  # starts the threads of the OpenMP runtime
    assert in_a_fork(task) == parent


def prepared_oracle():
    return ORACLE.search(WEIGHTS, 3).scores.tolist()


def test_an_oracle_made_before_the_fork_is_safe_too():
    global ORACLE, WEIGHTS
    X, _ = boolean_problem()
    WEIGHTS = np.random.default_rng(1).normal(size=len(X))
    ORACLE = make_oracle("subset", X, Lattice.boolean(5), 3.0, n_jobs=2)
    assert in_a_fork(prepared_oracle) == prepared_oracle()


def threads_seen():
    return is_forked(), threads_of(None), threads_of(-1), threads_of(7), max_threads()


def test_a_forked_child_has_one_thread():
    assert not is_forked() and threads_of(7) == 7 and threads_of(-1) == CORES
    assert in_a_fork(threads_seen) == (True, 1, 1, 1, 1)


def openmp_threads():
    with one_thread_after_fork():
        return {pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "openmp"}


def test_regions_of_other_packages_have_one_thread_in_a_forked_child():
    with threadpool_limits(2, user_api="openmp"):
        assert openmp_threads() == {2}
        assert in_a_fork(openmp_threads) == {1}


@pytest.mark.parametrize("name", ["OMP_NUM_THREADS", "OMP_THREAD_LIMIT"])
def test_what_the_runtime_read_at_its_start_is_heard(name):
    code = (
        "import os; from fw_circuits._threads import threads_of as t; os.environ.clear(); print(t(None), t(-1), t(3))"
    )
    out = subprocess.run([sys.executable, "-c", code], env={**os.environ, name: "1"}, capture_output=True, text=True)
    assert out.stdout.split() == ["1", str(CORES), "3"], out.stderr


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [("OMP_NUM_THREADS", "1,4", 1), ("OMP_NUM_THREADS", "4096", CORES), ("OMP_NUM_THREADS", "what", CORES),
     ("OMP_NUM_THREADS", "", CORES), ("LOKY_MAX_CPU_COUNT", "1", 1)],
)  # fmt: skip
def test_the_environment_as_it_is_now_is_heard(name, value, expected, monkeypatch):
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    monkeypatch.setenv(name, value)
    assert threads_of(None) == expected and threads_of(-1) == CORES


def test_a_limit_set_while_the_process_runs_is_heard():
    with threadpool_limits(1, user_api="openmp"):
        assert threads_of(None) == 1 and threads_of(-1) == CORES
    with parallel_config("loky", inner_max_num_threads=1):
        assert threads_of(None) == 1


def test_workers_of_joblib_do_not_take_all_cores():
    inner = Parallel(2, "loky", inner_max_num_threads=1)(delayed(threads_of)(None) for _ in range(2))
    assert inner == [1, 1]
    rendezvous = threading.Barrier(2)  # both tasks run on threads of joblib's pool

    def task():
        rendezvous.wait(GUARD)
        return threads_of(None)

    assert Parallel(2, "threading")(delayed(task)() for _ in range(2)) == [1, 1]


def test_the_quota_of_a_container_is_heard(monkeypatch):
    monkeypatch.setattr("joblib.externals.loky.backend.context._cpu_count_cgroup", lambda cores: 1)
    assert threads_of(None) == 1


@pytest.mark.parametrize("n_jobs", [0, -2, 1.5, True, "2"])
def test_other_values_are_refused(n_jobs):
    with pytest.raises(InputError, match="n_jobs"):
        threads_of(n_jobs)


def test_oracles_ask_in_one_place():
    assert data.threads_of is threads_of
