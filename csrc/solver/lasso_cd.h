#ifndef FWC_LASSO_CD_H
#define FWC_LASSO_CD_H
#include <stddef.h>

/* Coordinate descent on  1/2 b'Gb - r'b + sum_j t_j |b_j|  from a warm start; returns the sweeps made. */
int fwc_lasso_cd(size_t m, const double *G, const double *t, double *b, double *residual, int max_sweeps,
                 double tol);

#endif
