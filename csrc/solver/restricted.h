#ifndef FWC_RESTRICTED_H
#define FWC_RESTRICTED_H
#include <stdint.h>

/* The penalised problem over fixed columns T_j, with a free intercept c:
 *
 *     minimise over b, c   sum_i q_i l(y_i, f_i) + sum_j t_j |b_j|,    f = c + sum_j b_j T_j,
 *
 * l half the squared error, or with `logistic` log(1 + exp(-y f)).  `columns` has rows of n_rows numbers, a multiple of
 * FWC_LANES; column j is row which[j].  Rows of weight 0 change nothing but are predicted.  b and c are where it
 * starts and what comes out, f comes out.  Ends where the conditions of optimality are met up to `accuracy`, when no step
 * lowers the objective, or after max_steps Newton steps; returns the steps made.  signs as in lasso_cd.h. */
typedef struct {
    int64_t n_rows, m;
    const double *columns;
    const int64_t *which;
    const double *q, *y, *t, *signs;
    int logistic;
    double *b, *c, *f;
} fwc_restricted;

enum { FWC_LANES = 16 };

/* Numbers of working memory. */
int64_t fwc_restricted_work(int64_t n_rows, int64_t m);
int fwc_restricted_solve(const fwc_restricted *p, double accuracy, int max_steps, double *work);

#endif
