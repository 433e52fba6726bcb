"""Wrapper of csrc/solver: coordinate descent for the restricted problem."""

cdef extern from "solver/lasso_cd.h":
    int fwc_lasso_cd(size_t m, const double *G, const double *t, double *b, double *residual, int max_sweeps,
                     double tol) noexcept nogil


def lasso_cd(const double[:, ::1] gram, const double[::1] thresholds, double[::1] b, double[::1] residual,
             int max_sweeps, double tol):
    # for j: z = residual[j] + G[j, j] b[j]; new = soft(z, t[j]) / G[j, j]; residual -= (new - b[j]) G[j]; b[j] = new
    cdef size_t m = gram.shape[0]
    cdef int sweeps
    if gram.shape[1] != m or thresholds.shape[0] != m or b.shape[0] != m or residual.shape[0] != m:
        raise ValueError("gram must be (m, m), thresholds, b and residual (m,)")
    if m == 0:
        return 0
    with nogil:
        sweeps = fwc_lasso_cd(m, &gram[0, 0], &thresholds[0], &b[0], &residual[0], max_sweeps, tol)
    return sweeps
