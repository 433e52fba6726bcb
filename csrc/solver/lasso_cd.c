/* Weighted lasso on a Gram matrix by cyclic coordinate descent.
 *
 * residual = r - G b is kept up to date: a coordinate that moves costs one row of G, one that stays costs O(1).
 * After a full sweep only the non-zero coordinates are swept until they settle; then all are tried again.
 * Coordinates are visited in increasing order, so the result is deterministic.
 */
#include "lasso_cd.h"
#include <math.h>

static double sweep(size_t m, const double *restrict G, const double *restrict t, const double *restrict signs,
                    double *restrict b, double *restrict residual, int active_only)
{
    double largest = 0.0;
    for (size_t j = 0; j < m; j++) {
        const double diagonal = G[j * m + j], old = b[j];
        if (diagonal <= 0.0 || (active_only && old == 0.0))
            continue;
        const double z = residual[j] + diagonal * old;
        double new = z > t[j] ? (z - t[j]) / diagonal : z < -t[j] ? (z + t[j]) / diagonal
                                                                  : 0.0;
        if (new * signs[j] < 0.0)
            new = 0.0;
        const double step = new - old;
        if (step == 0.0)
            continue;
        const double *restrict row = G + j * m;
        b[j] = new;
        for (size_t i = 0; i < m; i++)
            residual[i] -= step * row[i];
        if (fabs(step) * diagonal > largest)
            largest = fabs(step) * diagonal;
    }
    return largest;
}

int fwc_lasso_cd(size_t m, const double *G, const double *t, const double *signs, double *b, double *residual,
                 int max_sweeps, double tol)
{
    int sweeps = 0;
    while (sweeps < max_sweeps) {
        sweeps++;
        if (sweep(m, G, t, signs, b, residual, 0) <= tol)
            break;
        for (int inner = 0; inner < 20 && sweeps < max_sweeps; inner++) {
            sweeps++;
            if (sweep(m, G, t, signs, b, residual, 1) <= tol)
                break;
        }
    }
    return sweeps;
}
