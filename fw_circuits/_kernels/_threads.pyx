"""What the OpenMP runtime of the kernels says about threads; used by ``fw_circuits._threads``."""


cdef extern from "threads/threads.h" nogil:
    int fwc_max_threads()


def max_threads():
    """Threads of a parallel region that asks for no number: ``omp_get_max_threads()``, 1 in a forked child."""
    return fwc_max_threads()
