"""Wrapper of csrc/solver: coordinate descent for the restricted problem, and Newton's method around it."""

from libc.stdint cimport int64_t

import numpy as np

cdef extern from "solver/restricted.h":
    enum: FWC_LANES
    ctypedef struct fwc_restricted:
        int64_t n_rows, m
        const double *columns
        const int64_t *which
        const double *q
        const double *y
        const double *t
        const double *signs
        int logistic
        double *b
        double *c
        double *f
    int64_t fwc_restricted_work(int64_t n_rows, int64_t m) nogil
    int fwc_restricted_solve(const fwc_restricted *p, double accuracy, int max_steps, double *work) noexcept nogil

cdef extern from "solver/lasso_cd.h":
    int fwc_lasso_cd(size_t m, const double *G, const double *t, const double *signs, double *b, double *residual,
                     int max_sweeps, double tol) noexcept nogil


def lasso_cd(const double[:, ::1] gram, const double[::1] thresholds, double[::1] b, double[::1] residual,
             int max_sweeps, double tol, const double[::1] signs):
    # for j: z = residual[j] + G[j, j] b[j]; new = soft(z, t[j]) / G[j, j], 0 where its sign is not allowed;
    #        residual -= (new - b[j]) G[j]; b[j] = new
    cdef size_t m = gram.shape[0]
    cdef int sweeps
    if (gram.shape[1] != m or thresholds.shape[0] != m or b.shape[0] != m or residual.shape[0] != m
            or signs.shape[0] != m):
        raise ValueError("gram must be (m, m), thresholds, b, residual and signs (m,)")
    if m == 0:
        return 0
    with nogil:
        sweeps = fwc_lasso_cd(m, &gram[0, 0], &thresholds[0], &signs[0], &b[0], &residual[0], max_sweeps, tol)
    return sweeps


def restricted(const double[:, ::1] columns, const int64_t[::1] which, const double[::1] q, const double[::1] y,
               const double[::1] thresholds, bint logistic, double[::1] b, double[::1] c, double[::1] f,
               double accuracy, int max_steps, const double[::1] signs):
    """See ``csrc/solver/restricted.h``; ``b``, ``c`` and ``f`` are changed.  Returns the Newton steps made."""
    cdef fwc_restricted p
    cdef int64_t m = which.shape[0], n = columns.shape[1], j
    cdef int steps
    cdef double[::1] work
    if n % FWC_LANES or q.shape[0] != n or y.shape[0] != n or f.shape[0] != n or c.shape[0] != 1:
        raise ValueError("columns, q, y and f must have rows of one length, a multiple of 16, and c one entry")
    if thresholds.shape[0] != m or b.shape[0] != m or signs.shape[0] != m:
        raise ValueError("which, thresholds, b and signs must have one length")
    for j in range(m):
        if which[j] < 0 or which[j] >= columns.shape[0]:
            raise ValueError("which must be rows of columns")
    if n == 0:
        return 0
    work = np.empty(fwc_restricted_work(n, m))
    p.n_rows, p.m, p.logistic = n, m, logistic
    p.columns = &columns[0, 0] if m else NULL
    p.which = &which[0] if m else NULL
    p.t = &thresholds[0] if m else NULL
    p.signs = &signs[0] if m else NULL
    p.b = &b[0] if m else NULL
    p.q, p.y, p.c, p.f = &q[0], &y[0], &c[0], &f[0]
    with nogil:
        steps = fwc_restricted_solve(&p, accuracy, max_steps, &work[0])
    return steps
