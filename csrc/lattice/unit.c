/* The map from raw units to the unit interval, column by column: piecewise linear through knots. */
#include "lattice.h"

/* Number of at[1..last) that are <= x, where at is ascending; without branches. */
static inline int64_t interval(const double *at, int64_t last, double x)
{
    int64_t j = 0;
    if (last <= 16) {
        for (int64_t k = 1; k < last; k++)
            j += x >= at[k];
        return j;
    }
    for (int64_t n = last; n > 1;) { /* the answer is in [j, j + n) */
        const int64_t half = n / 2;
        j += x >= at[j + half] ? half : 0;
        n -= half;
    }
    return j;
}

static inline double clipped(double x)
{
    x = x < 0.0 ? 0.0 : x;
    return x > 1.0 ? 1.0 : x;
}

void fwc_to_unit(const double *X, int64_t n, int64_t row_stride, int64_t column_stride, const int64_t *columns, int64_t d,
                 const int64_t *start, const double *knots, const double *values, const double *slopes, double *unit)
{
    for (int64_t i = 0; i < d; i++) {
        const char *x = (const char *)X + columns[i] * column_stride;
        const double *at = knots + start[i], *value = values + start[i], *slope = slopes + start[i];
        const int64_t last = start[i + 1] - start[i] - 1;
        double *out = unit + i;
        for (int64_t r = 0; r < n; r++, x += row_stride, out += d) {
            const double raw = *(const double *)x;
            if (last < 2) { /* uniform over the column */
                *out = last ? clipped((raw - at[0]) / (at[1] - at[0])) : 0.0;
                continue;
            }
            const int64_t j = interval(at, last, raw);
            const double inside = raw == at[j] ? value[j] : slope[j] * (raw - at[j]) + value[j];
            *out = raw < at[0] ? value[0] : raw >= at[last] ? value[last]
                                                            : inside;
        }
    }
}
