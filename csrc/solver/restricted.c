/* Proximal Newton on the working set: the columns in use and those that violate the conditions of optimality most.
 *
 * A step minimises the second-order model, a weighted lasso on the centred Gram matrix of the second derivative h, by
 * coordinate descent, and halves its length until the objective falls.  The columns outside are looked at again before
 * every step.  Source of the working set and the steps: Friedman, Hastie and Tibshirani 2010 (glmnet).
 */
#include "restricted.h"

#include <math.h>
#include <stddef.h>

#include "lasso_cd.h"

#define FWC_BODY "solver/dots_body.h"
#include "../simd.h"

/* A column may come into the working set if it violates its condition by at least this fraction of the worst. */
static const double SHARE = 0.5;
/* Added to the diagonal of the model, as a fraction of its mean. */
static const double RIDGE = 1e-6;

enum { FEW = 16,
       SWEEPS = 100,
       HALVINGS = 30 };

typedef struct {
    double *g, *h, *root, *trial, *slope, *mean, *thresholds, *signs, *start, *b, *residual, *gram;
    int64_t *set;
    float *half;
} memory;

int64_t fwc_restricted_work(int64_t n_rows, int64_t m) { return 4 * n_rows + 8 * m + m * m + m * n_rows / 2; }

static memory lay_out(double *work, int64_t n, int64_t m)
{
    memory s;
    s.g = work, s.h = s.g + n, s.root = s.h + n, s.trial = s.root + n;
    s.slope = s.trial + n, s.mean = s.slope + m, s.thresholds = s.mean + m, s.signs = s.thresholds + m;
    s.start = s.signs + m, s.b = s.start + m, s.residual = s.b + m, s.set = (int64_t *)(s.residual + m);
    s.gram = s.residual + 2 * m, s.half = (float *)(s.gram + m * m);
    return s;
}

static double loss(const fwc_restricted *p, const double *f)
{
    double sum = 0.0;
    for (int64_t i = 0; i < p->n_rows; i++) {
        if (p->q[i] == 0.0) continue;
        if (p->logistic) {
            const double z = -p->y[i] * f[i];
            sum += p->q[i] * (z > 0.0 ? z + log1p(exp(-z)) : log1p(exp(z)));
        } else
            sum += 0.5 * p->q[i] * (p->y[i] - f[i]) * (p->y[i] - f[i]);
    }
    return sum;
}

/* Minus the gradient, and the second derivative, at f; returns the sum of the second. */
static double derivatives(const fwc_restricted *p, const double *f, double *g, double *h)
{
    double total = 0.0;
    for (int64_t i = 0; i < p->n_rows; i++) {
        const double q = p->q[i], y = p->y[i];
        if (q == 0.0)
            g[i] = h[i] = 0.0;
        else if (p->logistic) {
            const double e = exp(-fabs(f[i])), small = e / (1.0 + e), wrong = y * f[i] > 0.0 ? small : 1.0 - small;
            g[i] = q * y * wrong;
            h[i] = q * small * (1.0 - small);
        } else {
            g[i] = q * (y - f[i]);
            h[i] = q;
        }
        total += h[i];
    }
    return total;
}

/* How fast the loss falls where coefficient j leaves 0 in a direction that its sign allows. */
static double gain(const fwc_restricted *p, double slope, int64_t j)
{
    return p->signs[j] == 0.0 ? fabs(slope) : p->signs[j] * slope;
}

/* Slopes of all columns, and the worst violation. */
static double violation(const fwc_restricted *p, const memory *s)
{
    double worst = 0.0;
    for (int64_t j = 0; j < p->m; j++) {
        const double b = p->b[j];
        const double slope = SELECT(FWC_AVX512, dot)(p->n_rows, p->columns + p->which[j] * p->n_rows, s->g);
        const double off = b == 0.0 ? gain(p, slope, j) - p->t[j] : fabs(slope - copysign(p->t[j], b));
        s->slope[j] = slope;
        if (off > worst) worst = off;
    }
    return worst;
}

/* The columns in use, and of those that violate their condition at least a fraction of the worst, as few as half of these. */
static int64_t working_set(const fwc_restricted *p, const memory *s)
{
    double worst = 0.0;
    int64_t used = 0, n = 0;
    for (int64_t j = 0; j < p->m; j++)
        if (p->b[j] == 0.0)
            worst = fmax(worst, gain(p, s->slope[j], j) - p->t[j]);
        else
            used++;
    const int64_t most = used + (used / 2 > FEW ? used / 2 : FEW);
    for (double share = SHARE; share < 0.99 && (n == 0 || n > most); share = 0.5 * (1.0 + share)) {
        n = 0;
        for (int64_t j = 0; j < p->m; j++)
            if (p->b[j] != 0.0 || (worst > 0.0 && gain(p, s->slope[j], j) - p->t[j] >= share * worst))
                s->set[n++] = j;
        if (n == 0) break;
    }
    return n;
}

/* The model of the working set: centred columns times the root of h, their Gram matrix, and where to start.
 * Single precision is enough for a direction; slopes and the objective are in double. */
static void model(const fwc_restricted *p, const memory *s, int64_t n_set, double sum, double total)
{
    const int64_t n = p->n_rows;
    double trace = 0.0;
    for (int64_t i = 0; i < n; i++)
        s->root[i] = sqrt(s->h[i]);
    for (int64_t k = 0; k < n_set; k++) {
        const int64_t j = s->set[k];
        const double *column = p->columns + p->which[j] * n;
        const double mean = SELECT(FWC_AVX512, dot)(n, column, s->h) / total;
        float *half = s->half + k * n;
        for (int64_t i = 0; i < n; i++)
            half[i] = (float)(s->root[i] * (column[i] - mean));
        s->mean[k] = mean, s->thresholds[k] = p->t[j], s->start[k] = s->b[k] = p->b[j];
        s->signs[k] = p->signs[j], s->residual[k] = s->slope[j] - mean * sum;
    }
    SELECT(FWC_AVX512, gram)(n_set, n, s->half, s->gram);
    for (int64_t k = 0; k < n_set; k++)
        trace += s->gram[k * n_set + k];
    for (int64_t k = 0; k < n_set; k++)
        s->gram[k * n_set + k] += RIDGE * trace / (double)n_set;
}

/* Predictions at a part of the step; returns the norm there. */
static double at(const fwc_restricted *p, const memory *s, int64_t n_set, double part, double shift)
{
    double norm = 0.0;
    for (int64_t i = 0; i < p->n_rows; i++)
        s->trial[i] = p->f[i] + part * shift;
    for (int64_t k = 0; k < n_set; k++) {
        const double step = s->b[k] - s->start[k];
        norm += s->thresholds[k] * fabs(s->start[k] + part * step);
        if (step != 0.0)
            SELECT(FWC_AVX512, axpy)(p->n_rows, part * step, p->columns + p->which[s->set[k]] * p->n_rows, s->trial);
    }
    return norm;
}

/* One Newton step; 0 where it does not lower the objective. */
static int step(const fwc_restricted *p, const memory *s, double accuracy, double sum, double total, double *objective)
{
    const int64_t n_set = working_set(p, s);
    model(p, s, n_set, sum, total);
    fwc_lasso_cd((size_t)n_set, s->gram, s->thresholds, s->signs, s->b, s->residual, SWEEPS, 0.1 * accuracy);
    double shift = sum / total;
    for (int64_t k = 0; k < n_set; k++)
        shift -= s->mean[k] * (s->b[k] - s->start[k]);
    double part = 1.0;
    for (int halving = 0; halving < HALVINGS; halving++, part *= 0.5) {
        const double norm = at(p, s, n_set, part, shift), reached = loss(p, s->trial) + norm;
        if (reached < *objective) {
            for (int64_t k = 0; k < n_set; k++)
                p->b[s->set[k]] = part == 1.0 ? s->b[k] : s->start[k] + part * (s->b[k] - s->start[k]);
            for (int64_t i = 0; i < p->n_rows; i++)
                p->f[i] = s->trial[i];
            *p->c += part * shift;
            *objective = reached;
            return 1;
        }
    }
    return 0;
}

int fwc_restricted_solve(const fwc_restricted *p, double accuracy, int max_steps, double *work)
{

    const memory s = lay_out(work, p->n_rows, p->m);
    double objective = 0.0;
    for (int64_t i = 0; i < p->n_rows; i++)
        p->f[i] = *p->c;
    for (int64_t j = 0; j < p->m; j++)
        if (p->b[j] != 0.0) {
            SELECT(FWC_AVX512, axpy)(p->n_rows, p->b[j], p->columns + p->which[j] * p->n_rows, p->f);
            objective += p->t[j] * fabs(p->b[j]);
        }
    objective += loss(p, p->f);
    int steps = 0;
    for (; steps < max_steps; steps++) {
        const double total = derivatives(p, p->f, s.g, s.h);
        double sum = 0.0;
        for (int64_t i = 0; i < p->n_rows; i++)
            sum += s.g[i];
        if (fmax(violation(p, &s), fabs(sum)) <= accuracy || total <= 1e-290) break;
        if (!step(p, &s, accuracy, sum, total, &objective)) break;
    }
    return steps;
}
