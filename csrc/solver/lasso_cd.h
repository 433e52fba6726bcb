#ifndef FWC_LASSO_CD_H
#define FWC_LASSO_CD_H
#include <stddef.h>

/* Coordinate descent on  1/2 b'Gb - r'b + sum_j t_j |b_j|  from a warm start; returns the sweeps made.
 * signs: coefficient j is >= 0 where it is 1, <= 0 where it is -1, of any sign where it is 0. */
int fwc_lasso_cd(size_t m, const double *G, const double *t, const double *signs, double *b, double *residual,
                 int max_sweeps, double tol);

#endif
