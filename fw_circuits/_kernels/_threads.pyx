"""What the OpenMP runtime of the kernels says about threads; used by ``fw_circuits._threads``."""


cdef extern from "threads/threads.h" nogil:
    int fwc_max_threads()
    int fwc_is_forked()


def max_threads():
    """Threads of a parallel region that asks for no number: ``omp_get_max_threads()``, 1 in a forked child."""
    return fwc_max_threads()


def is_forked():
    """Whether this process was forked after the kernels were loaded."""
    return bool(fwc_is_forked())
